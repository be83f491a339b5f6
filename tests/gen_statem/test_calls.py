"""Calls: answered now or later, postponed, and never forgotten by the dying."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from otp import (
    CallError,
    CallingSelfError,
    CallTimeoutError,
    Crash,
    GenServer,
    Kill,
    Killed,
    Name,
    NoProcessError,
    Pid,
    Reason,
    ServerExitedError,
    UnknownRequestError,
    call,
    cast,
    gen_server,
    gen_statem,
    process,
)
from otp.gen_statem import (
    Call,
    Cast,
    From,
    Keep,
    NextEvent,
    NextState,
    Postpone,
    Reply,
    RequestCollection,
    Stop,
)
from otp.kernel import current_node
from tests.kernel.support import (
    Recorder,
    assert_owes_nothing,
    collected_reports,
    dead_pid,
    in_process,
    on_node,
)

from .machines import Button, Count, Door, Scripted, Walk, giving, raising

if TYPE_CHECKING:
    from collections.abc import Callable

ERROR = ValueError("x")


def postponing(_machine: Scripted, _event: object) -> Keep:
    return Keep(Postpone())


def waiting(state: object) -> Callable[..., object]:
    """Return a request that is answered in *state* and postponed in others."""

    def fn(machine: Scripted, event: Call[object]) -> Keep:
        current: Any = machine.log[-1]
        if current[0] == state:
            return Keep(Reply(event.from_, f"in {state}"))
        return Keep(Postpone())

    return fn


def going(state: object, *replies: Reply[Any]) -> Callable[..., object]:
    return giving(NextState(state, *replies))


@on_node
async def test_a_request_says_what_its_answer_is() -> None:
    door = await gen_statem.start(Door)
    answer: int = await gen_statem.call(door, Count())
    assert answer == 0


@on_node
async def test_a_postponed_call_is_answered_in_another_state() -> None:
    door = await gen_statem.start(Door)
    async with trio.open_nursery() as nursery:
        answers: list[str] = []

        async def walk() -> None:
            answers.append(await gen_statem.call(door, Walk()))

        nursery.start_soon(walk)
        nursery.start_soon(walk)
        await wait_all_tasks_blocked()
        assert answers == []
        assert len(owed(door)) == 2
        for digit in "42":
            gen_statem.cast(door, Button(digit))
    assert answers == ["walked", "walked"]
    assert_owes_nothing(door)


def owed(pid: Pid) -> dict[Any, None]:
    assert pid.process is not None
    return pid.process.owed or {}


@on_node
async def test_a_call_waits_for_ever_by_default() -> None:
    pid = await gen_statem.start(Scripted)
    answers: list[object] = []

    async def ask() -> None:
        answers.append(await gen_statem.call(pid, waiting("s2")))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        await trio.sleep(86400)
        gen_statem.cast(pid, going("s2"))
    assert answers == ["in s2"]


@on_node
async def test_a_call_that_has_timed_out_while_postponed_is_handled_later() -> None:
    log: list[object] = []
    pid = await gen_statem.start(Scripted, log)
    with pytest.raises(CallTimeoutError):
        await gen_statem.call(pid, waiting("s2"), timeout=1)
    assert not owed(pid)

    gen_statem.cast(pid, going("s2"))
    await wait_all_tasks_blocked()
    assert log == [("s1", "Call"), ("s1", "Cast"), ("s2", "Call")]
    assert await gen_statem.call(pid, "x") == "s2"
    assert_owes_nothing(pid)


@pytest.mark.parametrize("how", ["postponed", "kept", "queued", "served", "in mail"])
@on_node
async def test_the_dying_tell_all_who_wait(how: str) -> None:
    pid = await gen_statem.start(Scripted)
    requests = {
        "postponed": postponing,
        "kept": giving(None),
        "queued": lambda _machine, event: Keep(NextEvent(Call(event.from_, sleeping))),
        "served": sleeping,
        "in mail": giving(None),
    }
    if how == "in mail":
        gen_statem.cast(pid, sleeping)
        await wait_all_tasks_blocked()
    request = gen_statem.send_request(pid, requests[how])
    await wait_all_tasks_blocked()
    process.exit(pid, Kill())

    with pytest.raises(ServerExitedError) as failure:
        await gen_statem.receive_response(request)
    assert failure.value.reason == Killed()


async def slowly(_reason: object) -> None:
    await trio.sleep(5)


async def sleeping(_machine: Scripted, _event: object) -> None:
    await trio.sleep_forever()


@on_node
async def test_a_crash_fails_the_call_that_led_to_it_and_the_others() -> None:
    pid = await gen_statem.start(Scripted)
    postponed = gen_statem.send_request(pid, postponing)
    kept = gen_statem.send_request(pid, giving(None))
    with pytest.raises(ServerExitedError) as failure:
        await gen_statem.call(pid, raising(ERROR))
    assert failure.value.reason == Crash(ERROR)
    for request in (postponed, kept):
        with pytest.raises(ServerExitedError) as failure:
            await gen_statem.receive_response(request)
        assert failure.value.reason == Crash(ERROR)


@on_node
async def test_a_kept_call_can_be_answered_by_anybody() -> None:
    pid = await gen_statem.start(Scripted)
    kept: list[From[str]] = []

    def keep(_machine: Scripted, event: Call[object]) -> None:
        kept.append(event.from_)

    request = gen_statem.send_request(pid, keep)
    await wait_all_tasks_blocked()
    assert list(owed(pid)) == kept
    gen_statem.reply(kept[0], "late")

    assert await gen_statem.receive_response(request) == "late"
    assert_owes_nothing(pid)


@on_node
async def test_a_call_that_is_answered_and_postponed_comes_again_all_the_same() -> None:
    log: list[object] = []
    pid = await gen_statem.start(Scripted, log)

    def both(_machine: Scripted, event: Call[object]) -> Keep:
        return Keep(Reply(event.from_, "now"), Postpone())

    assert await gen_statem.call(pid, both) == "now"
    gen_statem.cast(pid, going("s2"))
    assert await gen_statem.call(pid, "x") == "s2"
    assert log[:3] == [("s1", "Call"), ("s1", "Cast"), ("s2", "Call")]
    assert_owes_nothing(pid)


@on_node
async def test_only_the_first_answer_counts() -> None:
    pid = await gen_statem.start(Scripted)

    def twice(_machine: Scripted, event: Call[object]) -> Keep:
        return Keep(Reply(event.from_, 1), Reply(event.from_, 2))

    assert await gen_statem.call(pid, twice) == 1


@on_node
async def test_who_stops_answers_before_it_terminates() -> None:
    log: list[object] = []
    pid = await gen_statem.start(Scripted, log, at_end=slowly)

    def stop(_machine: Scripted, event: Call[object]) -> Stop:
        return Stop(Reason("bye"), Reply(event.from_, "bye"))

    waiter = gen_statem.send_request(pid, postponing)
    assert await gen_statem.call(pid, stop) == "bye"
    assert trio.current_time() == 0
    assert process.is_alive(pid)
    with pytest.raises(ServerExitedError):
        await gen_statem.receive_response(waiter)
    assert log[-1] == ("terminate", Reason("bye"), "s1")


@on_node
async def test_an_event_that_was_made_up_from_another_call_is_not_owed() -> None:
    pid = await gen_statem.start(Scripted)
    other = await gen_statem.start(Scripted)
    kept: list[From[str]] = []

    def keep(_machine: Scripted, event: Call[object]) -> None:
        kept.append(event.from_)

    request = gen_statem.send_request(other, keep)
    await wait_all_tasks_blocked()
    inserted = NextEvent(Call(kept[0], postponing))
    gen_statem.cast(pid, giving(Keep(inserted)))
    await wait_all_tasks_blocked()
    assert not owed(pid)
    assert list(owed(other)) == kept
    gen_statem.cast(pid, going("s2"))
    gen_statem.reply(kept[0], "x")
    assert await gen_statem.receive_response(request) == "x"


@on_node
async def test_many_can_be_asked_at_once() -> None:
    pids = [await gen_statem.start(Scripted, first=NextState(n)) for n in range(3)]
    requests = RequestCollection[object, int]()
    for n, pid in enumerate(pids):
        requests.add(gen_statem.send_request(pid, "x"), n)
    found = {}
    while len(requests):
        response = await requests.receive_response()
        found[response.label] = response.result()
    assert found == {0: 0, 1: 1, 2: 2}


@on_node
async def test_nobody_can_be_called() -> None:
    with pytest.raises(NoProcessError):
        await gen_statem.call(await dead_pid(), "x")
    with pytest.raises(NoProcessError):
        await gen_statem.call(Name("nobody"), "x")
    gen_statem.cast(Name("nobody"), "x")
    with pytest.raises(ValueError, match="a time-out is 0 seconds or more"):
        await gen_statem.call(Name("nobody"), "x", timeout=-1)


@on_node
async def test_a_machine_cannot_call_itself() -> None:
    pid = await gen_statem.start(Scripted)

    async def call_self(machine: Scripted, event: Call[object]) -> Keep:
        with pytest.raises(CallingSelfError):
            await gen_statem.call(machine.pid, "x")
        return Keep(Reply(event.from_, "no"))

    assert await gen_statem.call(pid, call_self) == "no"


# ------------------------------------------------------ what is meant for servers


class Server(GenServer):
    """Has clauses."""

    @call
    async def ask(self) -> int:
        return 1

    @cast
    async def tell(self, n: int) -> None:
        del n


@on_node
async def test_a_machine_has_no_clauses_and_goes_on() -> None:
    pid: Any = await gen_statem.start(Scripted)
    with pytest.raises(UnknownRequestError, match="Scripted is a state machine and"):
        await Server.ask(pid)
    assert await gen_statem.call(pid, "x") == "s1"
    assert_owes_nothing(pid)


@on_node
async def test_a_cast_for_a_clause_is_a_dead_letter() -> None:
    recorder = Recorder()
    current_node().instruments += (recorder,)
    pid: Any = await gen_statem.start(Scripted)
    with collected_reports() as reports:
        Server.tell(pid, 1)
        Server.tell(pid, n=1)
        await wait_all_tasks_blocked()
    assert [letter.why for letter in recorder.letters] == [
        "Scripted is a state machine and has no clauses"
    ] * 2
    assert len(reports) == 2
    assert await gen_statem.call(pid, "x") == "s1"


@on_node
async def test_messages_for_servers_that_are_data_are_events() -> None:
    log: list[object] = []
    pid = await gen_statem.start(Scripted, log)
    gen_server.cast(pid, 1)
    assert await gen_server.call(pid, 2) == "s1"
    assert log[0] == ("s1", Cast(1))


@in_process
async def test_a_caller_that_dies_leaves_nothing() -> None:
    pid = await gen_statem.start(Scripted)

    async def ask() -> None:
        await gen_statem.call(pid, postponing)

    caller = process.spawn(ask)
    await wait_all_tasks_blocked()
    assert len(owed(pid)) == 1
    process.exit(caller, Kill())
    await wait_all_tasks_blocked()
    assert not owed(pid)
    with pytest.raises(CallError):
        await gen_statem.call(pid, giving(Stop()))
