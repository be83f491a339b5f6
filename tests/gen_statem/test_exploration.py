from __future__ import annotations

from contextlib import suppress
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import attrs
import pytest
import trio
from trio.lowlevel import checkpoint

import otp
from otp import gen_statem, process
from otp.gen_statem import (
    EVENT,
    STATE,
    Call,
    CancelTimeout,
    Cast,
    EventTimeout,
    Keep,
    NamedTimeout,
    NextState,
    Postpone,
    Reply,
    SetTimeout,
    StateTimeout,
)
from otp.testing import Cancelling, cancel_everywhere, explore
from tests.testing.worlds import all_exited, cancelled_world, rest, together, world

if TYPE_CHECKING:
    from otp.gen_statem import Event, Result


@attrs.frozen
class Pass:
    """Wants to go through: postponed while the gate is shut."""

    who: str


class Gate(otp.GenStatem[str, Any]):
    """Is open for one second at a time, and shut by the first who goes through.

    Everything that happens to it goes into *seen*, with the state in which it does.
    """

    def __init__(self, seen: list[tuple[str, object]]) -> None:
        self.seen = seen

    async def init(self) -> NextState[str]:
        process.trap_exit(True)
        return NextState("shut")

    async def handle_event(self, state: str, event: Event) -> Result[str]:
        self.seen.append((state, event))
        await checkpoint()
        match event:
            case Cast("open"):
                return NextState("open", SetTimeout(STATE, 1, len(self.seen)))
            case StateTimeout():
                return NextState("shut")
            case Call(from_, Pass(who)) if state == "open":
                return NextState("shut", Reply(from_, who))
            case Call():
                return Keep(Postpone())
            case Cast("crash"):
                raise RuntimeError("asked to")
            case _:
                return None

    async def terminate(self, reason: otp.ExitReason, state: str) -> None:
        del state
        self.seen.append(("terminated", reason))
        await checkpoint()


def people(seen: list[tuple[str, object]], state: str) -> list[str]:
    """Return who wanted to go through in *state*, in order."""
    return [
        event.request.who
        for when, event in seen
        if when == state and isinstance(event, Call) and isinstance(event.request, Pass)
    ]


async def go_through(gate: otp.Pid, who: str, answers: dict[str, object]) -> None:
    """Note what comes of a call that gives up after a second."""
    answers[who] = "asked"
    try:
        answers[who] = await gen_statem.call(gate, Pass(who), timeout=1)
    except otp.CallError as error:
        answers[who] = type(error)


# ---------------------------------------------------------------------------- calls


def test_postponed_calls_are_answered_in_their_order() -> None:
    async def body() -> None:
        seen: list[tuple[str, object]] = []
        gate = await gen_statem.start(Gate, seen)
        came: list[str] = []

        async def ask(who: str) -> None:
            assert await gen_statem.call(gate, Pass(who)) == who
            came.append(who)

        async def let_in() -> None:
            while len(people(seen, "open")) < 3:
                gen_statem.cast(gate, "open")
                await trio.sleep(0.5)

        await together(*(partial(ask, who) for who in "abc"), let_in)
        first_seen = list(dict.fromkeys(people(seen, "shut") + people(seen, "open")))
        through = people(seen, "open")
        assert sorted(through) == ["a", "b", "c"]
        waited = [who for who in through if who in people(seen, "shut")]
        assert waited == [who for who in first_seen if who in waited]
        await gen_statem.stop(gate)

    explore(world(body), runs=50, jumps=2)


def test_each_call_is_answered_or_has_a_time_out_and_no_more() -> None:
    seen_answers: set[object] = set()

    async def body() -> None:
        seen: list[tuple[str, object]] = []
        gate = await gen_statem.start(Gate, seen)
        answers: dict[str, object] = {}

        async def let_in() -> None:
            await trio.sleep(1)
            gen_statem.cast(gate, "open")

        await together(
            partial(go_through, gate, "a", answers),
            partial(go_through, gate, "b", answers),
            let_in,
        )
        for who, answer in answers.items():
            assert answer in (who, otp.CallTimeoutError)
        seen_answers.update(answers.values())
        await gen_statem.stop(gate)

    explore(world(body), runs=60, jumps=2)

    assert seen_answers >= {"a", "b", otp.CallTimeoutError}


@pytest.mark.parametrize("way", ["stop", "crash", "kill", "exit"])
def test_nobody_waits_for_a_machine_that_has_ended(way: str) -> None:
    async def body() -> None:
        seen: list[tuple[str, object]] = []
        gate = await gen_statem.start(Gate, seen)
        answers: dict[str, object] = {}

        async def end() -> None:
            gen_statem.cast(gate, "open")
            await checkpoint()
            match way:
                case "stop":
                    await gen_statem.stop(gate)
                case "crash":
                    gen_statem.cast(gate, "crash")
                case "kill":
                    process.exit(gate, otp.Kill())
                case _:
                    await otp.sys.terminate(gate)

        async def ask(who: str) -> None:
            answers[who] = "asked"
            try:
                answers[who] = await gen_statem.call(gate, Pass(who))
            except otp.CallError as error:
                answers[who] = type(error)

        await together(partial(ask, "a"), partial(ask, "b"), end)
        await all_exited(gate)
        for who, answer in answers.items():
            assert answer in (who, otp.ServerExitedError, otp.NoProcessError)
        ends = [what for what, _ in seen if what == "terminated"]
        assert len(ends) == (0 if way == "kill" else 1)
        assert way == "kill" or seen[-1][0] == "terminated"

    explore(world(body), runs=60)


# -------------------------------------------------------------------------- time-outs


def test_a_time_out_of_a_state_that_was_left_never_comes() -> None:
    async def body() -> None:
        seen: list[tuple[str, object]] = []
        gate = await gen_statem.start(Gate, seen)

        async def open_() -> None:
            for _ in range(2):
                gen_statem.cast(gate, "open")
                await trio.sleep(0.5)

        answers: dict[str, object] = {}
        await together(open_, partial(go_through, gate, "a", answers))
        await rest()
        valid: int | None = None
        for number, (state, event) in enumerate(seen, 1):
            match event:
                case Cast("open"):
                    # Opening what is open is no other state, but sets it anew.
                    valid = number
                case StateTimeout(content):
                    assert state == "open"
                    assert content == valid
                    valid = None
                case Call() if state == "open":
                    valid = None
                case _:
                    pass
        assert valid is None
        await gen_statem.stop(gate)

    explore(world(body), runs=60, jumps=2)


class Watch(otp.GenStatem[str, Any]):
    """Has time-outs of all kinds, which messages set and cancel."""

    def __init__(self, seen: list[object]) -> None:
        self.seen = seen
        self.n = 0

    async def init(self) -> NextState[str]:
        return NextState("on")

    async def handle_event(self, state: str, event: Event) -> Result[str]:
        del state
        self.n += 1
        match event:
            case Cast("name"):
                self.seen.append(("set", self.n))
                return Keep(SetTimeout("name", 1, self.n))
            case Cast("cancel"):
                self.seen.append(("cancelled", None))
                return Keep(CancelTimeout("name"))
            case Cast("event"):
                self.seen.append(("event", None))
                return Keep(SetTimeout(EVENT, 1))
            case NamedTimeout(_, content):
                self.seen.append(("rings", content))
            case EventTimeout():
                self.seen.append(("quiet", None))
            case _:
                self.seen.append(("other", None))
        return None


def test_only_the_newest_time_out_of_a_name_rings_and_none_that_is_cancelled() -> None:
    rung: set[int] = set()

    async def body() -> None:
        seen: list[Any] = []
        watch = await gen_statem.start(Watch, seen)

        async def set_and_cancel() -> None:
            for message in ("name", "name", "cancel", "name"):
                gen_statem.cast(watch, message)
                await trio.sleep(1)

        await together(set_and_cancel)
        await rest()
        running: object = None
        for what, content in seen:
            if what == "rings":
                assert content == running
            running = content if what == "set" else None
        assert running is None
        rung.add([what for what, _ in seen].count("rings"))
        await gen_statem.stop(watch)

    explore(world(body), runs=60, jumps=2)

    assert rung >= {1, 2, 3}


def test_a_time_out_of_the_event_comes_right_after_it_or_not_at_all() -> None:
    seen_quiet: set[int] = set()

    async def body() -> None:
        seen: list[Any] = []
        watch = await gen_statem.start(Watch, seen)

        async def disturb() -> None:
            for message in ("event", "hello", "event", "event"):
                gen_statem.cast(watch, message)
                await trio.sleep(1)

        await together(disturb)
        await rest()
        kinds = [what for what, _ in seen]
        for before, what in pairwise(kinds):
            assert what != "quiet" or before == "event"
        assert kinds[-1] == "quiet"
        seen_quiet.add(kinds.count("quiet"))
        await gen_statem.stop(watch)

    explore(world(body), runs=60, jumps=2)

    assert seen_quiet >= {1, 2, 3}


# -------------------------------------------------------------------------- cancelled


def test_a_call_that_is_cancelled_is_forgotten_also_if_it_was_postponed() -> None:
    async def ask(cancelling: Cancelling) -> None:
        seen: list[tuple[str, object]] = []
        gate = await gen_statem.start(Gate, seen)

        async def let_in() -> None:
            for _ in range(2):
                await checkpoint()
            gen_statem.cast(gate, "open")

        process.spawn(let_in)
        with cancelling:
            assert await gen_statem.call(gate, Pass("a")) == "a"
        await trio.sleep(2)
        gen_statem.cast(gate, "open")
        assert await gen_statem.call(gate, Pass("b")) == "b"
        await gen_statem.stop(gate)

    assert cancel_everywhere(cancelled_world(ask), schedules=5) > 10


def test_a_machine_is_up_or_not_there_if_its_start_is_cancelled() -> None:
    name = otp.Name[Gate]("gate")

    async def begin(cancelling: Cancelling) -> None:
        seen: list[tuple[str, object]] = []
        gate = None
        with cancelling:
            gate = await gen_statem.start_named(name, Gate, seen)
        assert process.whereis(name) is gate
        if gate is None:
            await gen_statem.start_named(name, Gate, seen)
        await gen_statem.stop(name)

    assert cancel_everywhere(cancelled_world(begin), schedules=5) > 5


def test_a_stop_that_is_cancelled_is_done_or_has_not_begun() -> None:
    async def end(cancelling: Cancelling) -> None:
        seen: list[tuple[str, object]] = []
        gate = await gen_statem.start(Gate, seen)
        with cancelling:
            await gen_statem.stop(gate)
        # Perhaps it ends already, and does not hear of a second one.
        with suppress(otp.ServerExitedError, otp.NoProcessError):
            await gen_statem.stop(gate)
        assert [what for what, _ in seen].count("terminated") == 1

    assert cancel_everywhere(cancelled_world(end), schedules=5) > 5


class Sleeper(Gate):
    """Needs a second to start."""

    async def init(self) -> NextState[str]:
        await trio.sleep(1)
        return await super().init()


def test_a_start_in_time_is_up_and_any_other_has_left_nothing() -> None:
    name = otp.Name[Sleeper]("sleeper")
    options = gen_statem.Options(name=name, timeout=1)
    seen: set[bool] = set()

    async def body() -> None:
        process.trap_exit(True)
        try:
            machine = await options.start_link(Sleeper, [])
        except otp.StartTimeoutError:
            assert process.whereis(name) is None
            seen.add(False)
        else:
            assert process.whereis(name) is machine
            process.unlink(machine)
            await gen_statem.stop(machine)
            seen.add(True)

    explore(world(body), runs=60, jumps=2)

    assert seen == {True, False}


def test_no_monitor_is_left_of_a_start_that_is_cancelled() -> None:
    async def begin(cancelling: Cancelling) -> None:
        made: tuple[otp.Pid, otp.Ref] | None = None
        with cancelling:
            made = await gen_statem.start_monitor(Sleeper, [])
        if made is not None:
            await gen_statem.stop(made[0])
            down = await process.receive(otp.Down)
            assert (down.ref, down.reason) == (made[1], otp.Normal())

    assert cancel_everywhere(cancelled_world(begin), schedules=5) > 5
