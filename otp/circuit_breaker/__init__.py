"""Circuit breakers: they stop asking for a while what has failed too often."""

from .._util import fix_module_metadata
from ._circuit_breaker import CircuitBreaker as CircuitBreaker
from ._errors import CircuitOpenError as CircuitOpenError
from ._events import (
    BreakerEvent as BreakerEvent,
    BreakerStatistics as BreakerStatistics,
    CallEnded as CallEnded,
    CallRejected as CallRejected,
    Cause as Cause,
    Outcome as Outcome,
    State as State,
    StateChanged as StateChanged,
)
from ._server import BreakerServer as BreakerServer
from ._shared import SharedBreaker as SharedBreaker, shared as shared
from ._spec import (
    BreakerSpec as BreakerSpec,
    CountWindow as CountWindow,
    TimeWindow as TimeWindow,
)

fix_module_metadata(__name__, globals())
