"""The world of a supervisor's scenario: who is busy, and how things are told."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, final

import attrs
import trio

import otp
from otp import process
from otp.supervisor import FailedToStartChild
from tests.conformance.common import STACK, Scripted, World, settle
from tests.conformance.deviations import CRASH_IS_A_CRASH
from tests.conformance.terms import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otp.supervisor import SupervisorReport
    from tests.conformance.common import Term

PATIENCE: Final = 20.0
"""Seconds after which a scenario is given up, as the recorder did."""


@final
@attrs.frozen
class Refused:
    """A wrong return of a supervisor's callback, and what Erlang says to it."""

    reason: Term


class StartFunctionError(Exception):
    """A start function raised, in the supervisor's own process."""

    __match_args__ = ("term",)

    def __init__(self, term: Term) -> None:
        super().__init__(term)
        self.term = term


@final
class Forest(World):
    """The processes and the trace. A key is an id and the number of a start."""

    def __init__(self) -> None:
        super().__init__()
        self.ticks = 0
        self.supervisors: set[otp.Pid] = set()
        self._starts: Counter[str] = Counter()
        self._busy = 0
        self._idle = trio.Event()

    def next_start(self, id: str) -> int:
        """Count a start of the child *id*."""
        self._starts[id] += 1
        return self._starts[id]

    def born(self, id: str, n: int) -> None:
        """Note that the calling process is the *n*-th of this *id*."""
        self.register(process.self(), id, n)
        self.event("init", id, n)

    def process_exited(self, pid: otp.Pid, reason: otp.ExitReason) -> None:
        super().process_exited(pid, reason)
        match reason:
            case otp.Crash(Scripted("shutdown")):
                self.deviation = CRASH_IS_A_CRASH
            case _:
                pass

    # ---------------------------------------------------------------- what is told

    def event(self, *parts: object) -> None:
        self.trace.append(tuple(map(self.told, parts)))

    def told(self, value: object) -> Term:
        """Return *value* as it stands in a trace."""
        return shown(self.show(value))

    def report(self, report: SupervisorReport) -> None:
        """Tell what a supervisor reports."""
        who = report.offender.id
        self.event("report", report.context, report.supervisor, who, report.reason)

    def show_reason(self, value: object) -> Term:
        match value:
            case FailedToStartChild(id, reason):
                return ("failed_to_start_child", self.show(id), self.show(reason))
            case {"id": id, "behave": _}:
                return ("$spec", id)
            case _:
                return super().show_reason(value)

    def show_error(self, error: BaseException) -> Term:
        match error:
            case StartFunctionError(term):
                return ("EXIT", (term, STACK))
            case otp.BadReturnError(value=Refused(reason)):
                return reason
            case otp.InvalidSpecError():
                return _refusal(error)
            case _:
                return super().show_error(error)

    # ---------------------------------------------------------------- settling

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Let settling wait for the caller."""
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1
            self._idle.set()

    async def settle(self) -> None:
        """Wait until everybody waits for nothing but messages.

        That may take time: there is no step for waiting until a worker has done what
        it does slowly.

        Raises:
            trio.TooSlowError: it takes too long.
        """
        await settle()
        with trio.fail_after(PATIENCE):
            while self._busy:
                self._idle = trio.Event()
                await self._idle.wait()
                await settle()


# ------------------------------------------------------------- wrong specifications


def spec_error(error: otp.InvalidSpecError) -> Term:
    """Return what Erlang says of a wrong specification."""
    match error.kind, error.value:
        case ("missing_id" | "missing_start") as kind, _:
            return kind
        case "bad_combination" as kind, tuple(pairs):
            return (kind, list(pairs))
        case "invalid_shutdown" as kind, float(limit):
            return (kind, round(limit * 1000))
        case kind, value:
            return (kind, value)


_FLAGS: Final = frozenset(
    {
        "invalid_strategy",
        "invalid_intensity",
        "invalid_period",
        "invalid_auto_shutdown",
    }
)


def _refusal(error: otp.InvalidSpecError) -> Term:
    """Return what a supervisor ends with if it is given a wrong specification."""
    said = spec_error(error)
    match said:
        case ("bad_start_spec", _):
            return said
        case ("bad_combination", [_, ("strategy", _)]):
            return ("supervisor_data", said)
        case (kind, _) if kind in _FLAGS:
            return ("supervisor_data", said)
        case _:
            return ("start_spec", said)
