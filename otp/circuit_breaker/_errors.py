"""What a breaker says when it lets a call not through."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ..protection import RejectedError

if TYPE_CHECKING:
    from ..kernel import Recovery, Severity
    from ._events import State

_WHY: dict[State, str] = {
    "open": "calls have failed too often",
    "half_open": "as many calls as it tries are on their way",
    "isolated": "somebody has isolated it; enable() puts it back to work",
}


class CircuitOpenError(RejectedError):
    """A circuit breaker let a call not through: nothing was tried.

    The doing of what is called behind it, which has failed before; or of an operator,
    if *state* is ``"isolated"``. *breaker* is the name of the breaker, and
    *retry_after* in how many seconds it lets calls through again, if that is known.

    Trying again at once is in vain, so its recovery is ``"circuit_breaker"``.
    """

    severity: ClassVar[Severity] = "medium"
    recovery: ClassVar[Recovery] = "circuit_breaker"

    def __init__(self, breaker: str, state: State, retry_after: float | None) -> None:
        title = f"circuit {breaker!r}" if breaker else "the circuit"
        text = f"{title} is {state.replace('_', '-')}: {_WHY[state]}"
        if retry_after is not None:
            text += f"; try again in {retry_after:.3g} s"
        super().__init__(text, retry_after)
        self.breaker = breaker
        self.state: State = state
