"""Supervisors: processes that start, watch and restart other processes."""

from .._util import fix_module_metadata
from ..gen_server import stop as stop
from ._anonymous import AnonymousFamily as AnonymousFamily
from ._api import (
    ask as ask,
    change_specs as change_specs,
    count_children as count_children,
    delete_child as delete_child,
    get_childspec as get_childspec,
    restart_child as restart_child,
    restart_child_with_info as restart_child_with_info,
    start_child as start_child,
    start_child_with_info as start_child_with_info,
    start_dynamic_child as start_dynamic_child,
    start_dynamic_child_with_info as start_dynamic_child_with_info,
    swap as swap,
    terminate_child as terminate_child,
    which_children as which_children,
)
from ._children import (
    Child as Child,
    ChildCounts as ChildCounts,
    ChildInfo as ChildInfo,
    ChildState as ChildState,
)
from ._errors import (
    ChildPresentError as ChildPresentError,
    NotFoundError as NotFoundError,
    RestartingError as RestartingError,
    RunningError as RunningError,
    StartChildError as StartChildError,
    StrategyError as StrategyError,
    SupervisorError as SupervisorError,
    SwapError as SwapError,
)
from ._family import Family as Family
from ._reports import (
    Context as Context,
    FailedToStartChild as FailedToStartChild,
    Offender as Offender,
    ProgressReport as ProgressReport,
    Reporter as Reporter,
    RequestedProgressReport as RequestedProgressReport,
    SupervisorReport as SupervisorReport,
)
from ._requests import SpecialRequest as SpecialRequest
from ._server import family_of as family_of
from ._spec import (
    AnySpec as AnySpec,
    AutoShutdown as AutoShutdown,
    Strategy as Strategy,
    SupervisorSpec as SupervisorSpec,
    check_childspecs as check_childspecs,
    child_template as child_template,
    one_for_all as one_for_all,
    one_for_one as one_for_one,
    rest_for_one as rest_for_one,
    simple_one_for_one as simple_one_for_one,
)
from ._state import SupervisorState as SupervisorState
from ._supervisor import (
    AnySupervisor as AnySupervisor,
    Supervisor as Supervisor,
    start_link as start_link,
    start_named as start_named,
    start_supervisor as start_supervisor,
)
from ._swap_result import (
    ChildSwap as ChildSwap,
    Outcome as Outcome,
    SwapResult as SwapResult,
)
from ._swapping import Terms as Terms

fix_module_metadata(__name__, globals())
