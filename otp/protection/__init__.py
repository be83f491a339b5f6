"""What everything that stands around a call has in common."""

from .._util import fix_module_metadata
from ..kernel import Recovery as Recovery
from ._blocks import Blocks as Blocks
from ._chance import check_random as check_random, random_of_node as random_of_node
from ._errors import RejectedError as RejectedError
from ._failures import (
    Failures as Failures,
    all_count as all_count,
    failure_test as failure_test,
    is_failure as is_failure,
    is_transient as is_transient,
)
from ._listeners import (
    AnyListeners as AnyListeners,
    ListenerReport as ListenerReport,
    Listeners as Listeners,
)
from ._protection import (
    Place as Place,
    Protection as Protection,
    awaitable_of as awaitable_of,
    check_function as check_function,
)
from ._recovery import leaves_of as leaves_of, recovery_of as recovery_of
from ._run_clock import RunClock as RunClock

fix_module_metadata(__name__, globals())
