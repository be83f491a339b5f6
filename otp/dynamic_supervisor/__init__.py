"""Dynamic supervisors: children that are started on request, and may be very many."""

from .._util import fix_module_metadata
from ..supervisor import (
    ChildCounts as ChildCounts,
    ChildInfo as ChildInfo,
    NotFoundError as NotFoundError,
    StartChildError as StartChildError,
    StrategyError as StrategyError,
    count_children as count_children,
    stop as stop,
    which_children as which_children,
)
from ._api import (
    change_specs as change_specs,
    get_childspec as get_childspec,
    start_child as start_child,
    start_child_with_info as start_child_with_info,
    terminate_child as terminate_child,
)
from ._dynamic import (
    DynamicSupervisor as DynamicSupervisor,
    start_link as start_link,
    start_named as start_named,
)
from ._errors import MaxChildrenError as MaxChildrenError
from ._room import wait_room as wait_room
from ._spec import DynamicSpec as DynamicSpec

fix_module_metadata(__name__, globals())
