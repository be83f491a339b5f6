"""Kind ``gen_statem``: one state machine that does what a table says.

*parent* starts it linked and traps exits, as does *stranger*; every call is made by a
fresh process. The data of the machine are a counter, and every return that carries
data carries one more.
"""

from __future__ import annotations

from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

import attrs
import trio

import otp
from otp import gen_statem, process, sys
from otp.gen_statem import (
    EVENT,
    STATE,
    Call,
    CancelTimeout,
    Cast,
    Enter,
    EnterCallError,
    Hibernate,
    Info,
    Internal,
    Keep,
    NamedTimeout,
    NextEvent,
    NextState,
    Postpone,
    Repeat,
    Reply,
    SetTimeout,
    Stop,
    UpdateTimeout,
)
from tests.conformance.common import (
    STACK,
    WRONG,
    Replay,
    Scripted,
    World,
    on_a_node,
    seconds,
    settle,
    to_reason,
)
from tests.conformance.deviations import DATA_STAY_AS_THEY_ARE

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

    from otp.gen_statem import Action, From
    from tests.conformance.common import Scenario, Term

Entry: TypeAlias = "Mapping[str, Any]"


async def replay(scenario: Scenario) -> Replay:
    """Replay a scenario of one gen_statem."""
    return await on_a_node(world := Machines(), lambda: _play(world, scenario))


async def _play(world: Machines, scenario: Scenario) -> Term:
    world.start_helper("parent")
    world.start_helper("stranger")
    await settle()
    world.event("step", 0)
    world.order("parent", partial(_start, world, scenario))
    await settle()
    for n, step in enumerate(cast("Iterable[Term]", scenario["steps"]), 1):
        world.event("step", n)
        if isinstance(step, tuple) and step[0] == "wait":
            await trio.sleep(seconds(step[1]))
        else:
            _ask(world, n, step)
        await settle()
    return "alive" if world.alive("server") else "dead"


async def _start(world: Machines, scenario: Scenario) -> None:
    table = _TABLES[scenario["mode"], scenario["state_enter"]]
    try:
        await gen_statem.start_link(table, world, scenario)
    except otp.StartIgnored:
        result: object = "ignore"
    except otp.StartError as error:
        # That start/3 gives the bare reason of an error is so for machines alone.
        result = ("error", world.bare(error.reason))
    else:
        result = ("ok", world.pid("server"))
    world.event("result_of", "parent", result)


class Machines(World):
    """A world with a state machine in it, whose wrong returns have other names."""

    #: What was returned to `Enter`, as Erlang shows it.
    returned: Term = None

    def show(self, value: object) -> Term:
        return (
            str(value) if isinstance(value, gen_statem.State) else super().show(value)
        )

    def show_error(self, error: BaseException) -> Term:
        if isinstance(error, otp.BadReturnError) and error.callback == "init":
            return ("bad_return_from_init", "bad_return")
        if isinstance(error, otp.BadReturnError):
            return (self._wrong(error), STACK)
        return super().show_error(error)

    def _wrong(self, error: otp.BadReturnError) -> Term:
        wrong: Term
        match error:
            case EnterCallError(value=NextState()):
                return ("bad_state_enter_return_from_state_function", self.returned)
            case EnterCallError(value=NextEvent(event=Internal(content))):
                wrong = ("next_event", "internal", content)
            case EnterCallError():
                wrong = "postpone"
            case _:
                return ("bad_return_from_state_function", "bad_return")
        return ("bad_state_enter_action_from_state_function", wrong)

    def bare(self, reason: object) -> Term:
        """Return a reason as it is known before a stack is added to it."""
        match self.show(reason):
            case (inner, "$stack"):
                return inner
            case shown:
                return shown


# ----------------------------------------------------------------------- the steps


def _ask(world: World, n: int, step: Term) -> None:
    machine = world.pid("server")
    if machine is None:
        world.event("noproc", "driver")
        return
    match step:
        case ("exit_from", str(who), reason):
            world.order(who, partial(_exit, machine, reason))
        case ("cast", content):
            gen_statem.cast(machine, content)
        case ("info", content):
            process.send(machine, content)
        case ("call", content, *milliseconds):
            timeout = seconds(milliseconds[0]) if milliseconds else inf
            world.client(n, partial(_call, machine, content, timeout))
        case ("stop", reason):
            world.client(n, partial(_stop, machine, reason))
        case "get_state":
            world.client(n, partial(_get_state, machine))
        case _:
            raise ValueError(f"unknown step {step!r}")


async def _exit(machine: otp.Pid, reason: Term) -> None:
    process.exit(machine, to_reason(reason))


async def _call(machine: otp.Pid, content: object, timeout: float) -> object:
    return await gen_statem.call(machine, content, timeout=timeout)


async def _stop(machine: otp.Pid, reason: Term) -> Term:
    await gen_statem.stop(machine, to_reason(reason))
    return "ok"


async def _get_state(machine: otp.Pid) -> Term:
    state, data = cast("tuple[Any, Any]", await sys.get_state(machine, timeout=inf))
    return (state, data["counter"])


# --------------------------------------------------------------------- the machine


class Table(otp.GenStatem[Any, Any]):
    """The machine: looks up what to do, does it, and returns what it should."""

    def __init__(self, world: Machines, scenario: Scenario) -> None:
        self.counter = 0
        self.callers: list[From[object]] = []
        self._world = world
        self._scenario = cast("Mapping[str, Any]", scenario)

    def at(self, state: Any) -> Any:
        """Return a state as the machine has it."""
        return state

    async def init(self) -> Any:
        self._world.register(process.self(), "server")
        process.trap_exit(self._scenario["trap"])
        self._world.event("init")
        return self._init(self._scenario["init"]["ret"])

    def _init(self, how: Term) -> object:
        _raise_if_told(how)
        match how:
            case "ok":
                init = self._scenario["init"]
                actions = self._actions(init["actions"], None)
                return NextState(self.at(init["state"]), *actions)
            case "ignore":
                return gen_statem.Ignore()
            case ("stop", reason):
                return Stop(to_reason(reason))
            case ("error", reason):
                return gen_statem.Fail(to_reason(reason))
            case ("throw", value):
                return self._init(value)
            case _:
                return "bad_return"

    async def terminate(self, reason: otp.ExitReason, state: Any) -> None:
        self._world.event("terminate", self._world.bare(reason), state, self.counter)
        match self._scenario.get("term"):
            case ("slow", milliseconds):
                await trio.sleep(seconds(milliseconds))
                self._world.event("terminated")
            case how:
                _raise_if_told(how)

    async def handle(self, state: str, event: Any) -> object:
        """Handle an event as the table says."""
        kind, content, from_ = _parts(event)
        self._world.event("event", state, kind, content, self.counter)
        key = "EXIT" if isinstance(content, otp.Exited) else content
        entries = self._scenario["table"].get(state, {})
        entry = entries.get("enter" if kind == "enter" else str(key))
        if entry is None:
            return Keep() if from_ is None else Keep(Reply(from_, "default"))
        for effect in entry["do"]:
            await self._act(effect, from_)
        if kind == "enter" and entry["ret"][0] == "raise":
            self._world.deviation = DATA_STAY_AS_THEY_ARE
        actions = self._actions(entry["actions"], from_)
        if kind == "enter" and _moves(entry["ret"], state):
            # What comes with a state that is refused is refused, too.
            self._world.returned = _returned(entry)
            return NextState(self.at(entry["ret"][1]), *actions)
        return self._return(entry["ret"], actions, from_)

    async def _act(self, effect: Term, from_: From[object] | None) -> None:
        match effect:
            case "keep_from" if from_ is not None:
                self.callers.append(from_)
            case ("cast_self", content):
                gen_statem.cast(process.self(), content)
            case ("slow", milliseconds):
                await trio.sleep(seconds(milliseconds))
            case ("trap", bool(on)):
                process.trap_exit(on)
            case _:
                pass

    def _return(
        self, how: Term, actions: list[Action], from_: From[object] | None
    ) -> object:
        """Return what *how* says, and count if new data go with it."""
        _raise_if_told(how)
        match how:
            case ("throw", value):
                return self._return(value, actions, from_)
            case "bad":
                return WRONG
            case "stop":
                return Stop()
            case "keep_state_and_data":
                return Keep(*actions)
            case "repeat_state_and_data":
                return Repeat(*actions)
            case _:
                self.counter += 1
                return self._result(how, actions, from_)

    def _result(
        self, how: Term, actions: list[Action], from_: From[object] | None
    ) -> object:
        match how:
            case "keep_state":
                return Keep(*actions)
            case "repeat_state":
                return Repeat(*actions)
            case ("next_state", state):
                return NextState(self.at(state), *actions)
            case ("stop", reason):
                return Stop(to_reason(reason))
            case ("stop_and_reply", reason, value):
                callers = self.callers + ([] if from_ is None else [from_])
                return Stop(to_reason(reason), *(Reply(c, value) for c in callers))
            case _:
                raise ValueError(f"unknown return {how!r}")

    def _actions(
        self, actions: Iterable[Term], from_: From[object] | None
    ) -> list[Action]:
        found: list[Action] = []
        for action in actions:
            match action:
                case ("reply", value):
                    found += [] if from_ is None else [Reply(from_, value)]
                case ("reply_kept", value):
                    found += [Reply(caller, value) for caller in self.callers]
                    self.callers.clear()
                case _:
                    found.append(_action(action))
        return found


class SingleTable(Table):
    """The machine with one function for all states."""

    async def handle_event(self, state: str, event: Any) -> Any:
        return await self.handle(state, event)


class EnteredSingleTable(SingleTable):
    """The machine with one function, which sees the states being entered."""

    state_enter = True


class StatesTable(Table):
    """The machine with a function for each state."""

    def at(self, state: Any) -> Any:
        return getattr(self, state)

    @gen_statem.state
    async def s1(self, event: Any) -> Any:
        return await self.handle("s1", event)

    @gen_statem.state
    async def s2(self, event: Any) -> Any:
        return await self.handle("s2", event)

    @gen_statem.state
    async def s3(self, event: Any) -> Any:
        return await self.handle("s3", event)

    @gen_statem.state
    async def s4(self, event: Any) -> Any:
        return await self.handle("s4", event)


class EnteredStatesTable(StatesTable):
    """The machine with a function for each state, which sees them being entered."""

    state_enter = True


_TABLES: Final[Mapping[tuple[Term, Term], type[Table]]] = {
    ("handle_event_function", False): SingleTable,
    ("handle_event_function", True): EnteredSingleTable,
    ("state_functions", False): StatesTable,
    ("state_functions", True): EnteredStatesTable,
}


def _raise_if_told(how: Term) -> None:
    match how:
        case ("raise", term):
            raise Scripted(term)
        case ("exit", reason):
            raise otp.Exit(to_reason(reason))
        case _:
            pass


_TYPES: Final[Mapping[type, str]] = {
    Call: "call",
    Cast: "cast",
    Info: "info",
    Internal: "internal",
    gen_statem.StateTimeout: "state_timeout",
    gen_statem.EventTimeout: "timeout",
    Enter: "enter",
}


def _parts(event: Any) -> tuple[Term, object, From[object] | None]:
    """Return the type of an event, its content, and who called."""
    if isinstance(event, NamedTimeout):
        return ("timeout", event.name), event.content, None
    from_ = event.from_ if isinstance(event, Call) else None
    content = attrs.astuple(event, recurse=False)[-1]
    return _TYPES[type(event)], content, from_


_EVENTS: Final[Mapping[Term, Any]] = {"internal": Internal, "cast": Cast, "info": Info}


def _action(action: Term) -> Action:
    match action:
        case "postpone":
            return Postpone()
        case "hibernate":
            return Hibernate()
        case ("next_event", kind, content):
            return NextEvent(_EVENTS[kind](content))
        case ("state_timeout", *setting):
            return _timeout(STATE, setting)
        case ("timeout", *setting):
            return _timeout(EVENT, setting)
        case ("gen_timeout", str(name), *setting):
            return _timeout(name, setting)
        case _:
            raise ValueError(f"unknown action {action!r}")


def _timeout(key: Hashable, setting: list[Term]) -> Action:
    match setting:
        case ["cancel"]:
            return CancelTimeout(key)
        case ["update", content]:
            return UpdateTimeout(key, content)
        case ["infinity", content]:
            return SetTimeout(key, inf, content)
        case [milliseconds, content]:
            return SetTimeout(key, seconds(milliseconds), content)
        case _:
            raise ValueError(f"unknown setting of a time-out: {setting!r}")


def _moves(how: Term, state: str) -> bool:
    return isinstance(how, tuple) and how[0] == "next_state" and how[1] != state


def _returned(entry: Entry) -> Term:
    """Return what Erlang was given when it was to change the state in vain."""
    actions = [
        (("timeout", action[1]), *action[2:]) if action[0] == "gen_timeout" else action
        for action in entry["actions"]
        if action[0] not in {"reply", "reply_kept"}
    ]
    return (*entry["ret"], "$state", tuple(actions))
