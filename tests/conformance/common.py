"""What the replays of all kinds have in common: values, the world, settling, clients.

A *term* is a value of Erlang as the scenarios spell it: an atom is a string, a tuple or
list is a tuple here and an array in JSON. `to_reason` turns a term into an exit reason,
and `World.show` turns the framework's values into terms.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import TYPE_CHECKING, Final, TypeAlias, final
from unittest.mock import patch

import attrs
import trio
import trio._core._run as trio_run
from trio.testing import MockClock, wait_all_tasks_blocked

import otp
from otp import process
from otp.abc import Instrument
from otp.sys import CallbackFailedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.conformance.deviations import Deviation

Term: TypeAlias = object
Event: TypeAlias = tuple[Term, ...]
Scenario: TypeAlias = Mapping[str, Term]

STACK: Final = "$stack"

WRONG: Final = otp.Ignore()
"""Returned where a scenario says ``bad``: what no callback but ``init`` may return."""


# --------------------------------------------------------------------------- terms


def to_term(value: object) -> Term:
    """Return what was read from JSON with tuples in the place of arrays."""
    if isinstance(value, list):
        return tuple(map(to_term, value))
    if isinstance(value, dict):
        return {key: to_term(item) for key, item in value.items()}
    return value


class Scripted(Exception):  # noqa: N818 - whether it is an error, the script says
    """Erlang's ``error(Term)``: an exception that carries any term."""

    __match_args__ = ("term",)

    def __init__(self, term: Term) -> None:
        super().__init__(term)
        self.term = term


def uncaught_throw(value: Term) -> Scripted:
    """Return what becomes of Erlang's ``throw(Value)`` when nobody catches it."""
    return Scripted(("nocatch", value))


_ATOMS: Final[Mapping[str, otp.ExitReason]] = {
    "normal": otp.Normal(),
    "shutdown": otp.Shutdown(),
    "kill": otp.Kill(),
    "killed": otp.Killed(),
    "noproc": otp.NoProc(),
}


def to_reason(term: Term) -> otp.ExitReason:
    """Return the exit reason that *term* is."""
    match term:
        case str() if term in _ATOMS:
            return _ATOMS[term]
        case ("shutdown", detail):
            return otp.Shutdown(detail)
        case _:
            return otp.Reason(term)


def raise_if_told(how: Term) -> None:
    """End a callback as *how* says, if it says so."""
    match how:
        case ("raise", term):
            raise Scripted(term)
        case ("exit", reason):
            raise otp.Exit(to_reason(reason))
        case _:
            pass


def seconds(milliseconds: object) -> float:
    """Return a time of a scenario in seconds."""
    if not isinstance(milliseconds, int):
        raise TypeError(f"a time is a whole number of ms, not {milliseconds!r}")
    return milliseconds / 1000


# ----------------------------------------------------------------------- the world


class World(Instrument):
    """The processes of one scenario and the trace of what they do.

    A process that takes part is known by a *key*: its id, and in a supervisor's
    scenario also how many of that id there have been. As an instrument of the node,
    the world sees every death when it happens.
    """

    def __init__(self) -> None:
        self.trace: list[Event] = []
        self.deviation: Deviation | None = None
        self._keys: dict[otp.Pid, tuple[Term, ...]] = {}
        self._latest: dict[Term, otp.Pid] = {}
        self._clients: set[otp.Pid] = set()
        self._labels: dict[otp.Ref, str] = {}

    def event(self, *parts: object) -> None:
        """Add an event to the trace; its parts may be values of the framework."""
        self.trace.append(tuple(map(self.show, parts)))

    def process_exited(self, pid: otp.Pid, reason: otp.ExitReason) -> None:
        if pid in self._keys and pid not in self._clients:
            self.event("exit", *self._keys[pid], reason)

    # ------------------------------------------------------------ who is who

    def register(self, pid: otp.Pid, *key: Term) -> None:
        """Let *pid* be known by *key*, whose first part is its id."""
        self._keys[pid] = key
        self._latest[key[0]] = pid

    def label(self, ref: otp.Ref, label: str) -> None:
        """Let a monitor be known by *label*."""
        self._labels[ref] = label

    def pid(self, id: Term) -> otp.Pid | None:
        """Return the latest process called *id*, dead or alive."""
        return self._latest.get(id)

    def alive(self, id: Term) -> otp.Pid | None:
        """Return the latest process called *id* if it lives."""
        pid = self._latest.get(id)
        return pid if pid is not None and process.is_alive(pid) else None

    def id(self, pid: otp.Pid) -> Term:
        """Return the id of *pid*, None if it takes no part."""
        return self._keys.get(pid, (None,))[0]

    def processes(self) -> list[tuple[Term, otp.Pid]]:
        """Return the latest process of each id, in the order of the ids."""
        return sorted(self._latest.items(), key=lambda item: str(item[0]))

    # ------------------------------------------------------------ what is what

    def show(self, value: object) -> Term:
        """Return *value* as a term."""
        term: Term
        match value:
            case otp.Pid():
                term = ("$pid", *self._keys[value]) if value in self._keys else "$pid"
            case otp.Ref():
                term = self._labels.get(value, "$ref")
            case otp.Name(name):
                term = ("$name", name)
            case otp.Exited(pid, reason):
                term = self.show(("EXIT", pid, reason))
            case otp.Down(ref, who, reason):
                term = self.show(("DOWN", ref, "process", who, reason))
            case otp.Timeout():
                term = "timeout"
            case tuple():
                term = tuple(map(self.show, value))
            case list():
                term = list(map(self.show, value))
            case _:
                term = self.show_reason(value)
        return term

    def show_reason(self, value: object) -> Term:
        """Return an exit reason as a term; whatever else there is, is one."""
        match value:
            case otp.Normal() | otp.Kill() | otp.Killed() | otp.NoProc():
                return type(value).__name__.lower()
            case otp.Shutdown(None):
                return "shutdown"
            case otp.Shutdown(detail):
                return ("shutdown", self.show(detail))
            case otp.Reason(term):
                return self.show(term)
            case otp.Crash(error):
                return self.show_error(error)
            case _:
                return value

    def show_error(self, error: BaseException) -> Term:
        """Return what a process ends with if it raises *error*."""
        match error:
            case Scripted(term):
                return (self.show(term), STACK)
            case otp.BadReturnError(value=value):
                wrong = "bad_return" if value is WRONG else self.show(value)
                return ("bad_return_value", wrong)
            case NotImplementedError():
                return ("undef", STACK)
            case _:
                return (repr(error), STACK)

    # ------------------------------------------------------------ clients

    def client(self, step: Term, ask: Callable[[], Awaitable[object]]) -> None:
        """Let a fresh process make one call and report what has come of it."""
        pid = process.spawn(self._ask, step, ask)
        self._clients.add(pid)
        self.register(pid, step)

    async def _ask(self, step: Term, ask: Callable[[], Awaitable[object]]) -> None:
        try:
            answer = await ask()
        except otp.NoProcessError:
            self.event("caller_exit", step, "noproc")
        except otp.CallTimeoutError:
            self.event("caller_exit", step, "timeout")
        except otp.ServerExitedError as error:
            self.event("caller_exit", step, error.reason)
        except CallbackFailedError as error:
            self.event("caller_error", step, _callback_failed(error))
        else:
            self.event("reply", step, answer)

    # ------------------------------------------------------------ helpers

    def start_helper(self, id: str, *, trapping: bool = True) -> None:
        """Start a process that does what it is ordered and reports what it gets."""
        self.register(process.spawn(self._help, id, trapping), id)

    def order(self, id: str, do: Callable[[], Awaitable[object]]) -> None:
        """Let a helper do something."""
        pid = self.alive(id)
        if pid is None:
            self.event("noproc", id)
        else:
            process.send(pid, Order(do))

    async def _help(self, id: str, trapping: bool) -> None:
        process.trap_exit(trapping)
        while True:
            match await process.receive():
                case Order(do):
                    await do()
                case message:
                    self.event("msg", id, message)


@final
@attrs.frozen
class Order:
    """What a helper is to do."""

    do: Callable[[], Awaitable[object]]


def _callback_failed(error: CallbackFailedError) -> Term:
    cause = error.__cause__
    raised = cause.term if isinstance(cause, Scripted) else repr(cause)
    return (
        "callback_failed",
        ("gen_server", "system_replace_state"),
        ("error", raised),
    )


# ----------------------------------------------------------------------- replaying


@final
@attrs.frozen
class Replay:
    """What has come of a scenario."""

    trace: list[Event]
    final: Term
    deviation: Deviation | None = None


async def settle() -> None:
    """Wait until nobody can go on; the clock stands still meanwhile."""
    await wait_all_tasks_blocked()


async def on_a_node(world: World, body: Callable[[], Awaitable[Term]]) -> Replay:
    """Run *body* on a node that *world* watches; it returns what is left at the end."""
    # Nobody wants to know how the rest ends, so it gets no time to end in order.
    async with otp.Node(instruments=[world], shutdown_timeout=0):
        final = await body()
        trace = list(world.trace)
    return Replay(trace, final, world.deviation)


def run(fn: Callable[[Scenario], Awaitable[Replay]], scenario: Scenario) -> Replay:
    """Replay *scenario* by *fn*, under a clock that moves only when nobody can go on.

    The recorded Erlang ran on one scheduler, which lets processes run in the order in
    which they became ready. Where two of them race, Trio would toss a coin; here the
    same one wins as there.
    """
    with patch.multiple(
        trio_run, _r=_NoChance(), _ALLOW_DETERMINISTIC_SCHEDULING=False
    ):
        return trio.run(fn, scenario, clock=MockClock(autojump_threshold=0))


class _NoChance(Random):
    """Makes Trio turn every batch of ready tasks round; it takes them from its end."""

    def random(self) -> float:
        return 0.0
