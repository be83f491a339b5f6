"""What is said to a `BreakerServer`, and what it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import attrs

from ..gen_statem import Request
from ._events import BreakerStatistics, State

if TYPE_CHECKING:
    from ..kernel import Pid, Ref
    from ._breaker import Admission
    from ._events import Outcome
    from ._transitions import Step


@final
@attrs.frozen
class Rejected:
    """The call is not to be made."""

    breaker: str
    state: State
    retry_after: float | None


@final
@attrs.frozen
class Admit(Request["Admission | Rejected"]):
    """May a call be made? *caller* is the process that makes it, if it is one.

    *ticket* is what the caller knows the call by before it has the answer.
    """

    ticket: Ref
    caller: Pid | None


@final
@attrs.frozen
class Ended:
    """The call with this *ticket* is over.

    Without an *admission* the caller has never had an answer, and gives back what may
    have been on its way to it.
    """

    ticket: Ref
    admission: Admission | None
    outcome: Outcome
    seconds: float


@final
@attrs.frozen
class Seen:
    """An outcome that was seen elsewhere."""

    outcome: Outcome
    seconds: float


@final
@attrs.frozen
class Steer(Request[None]):
    """Open, close, isolate, disable or enable the breaker."""

    step: Step


@final
@attrs.frozen
class AskStatistics(Request[BreakerStatistics]):
    """How does it stand?"""
