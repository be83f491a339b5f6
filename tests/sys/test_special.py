"""Processes with a loop of their own that obey system messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from otp import (
    CallTimeoutError,
    Down,
    Exit,
    Exited,
    From,
    Kill,
    Normal,
    NotAProcessError,
    Pid,
    Reason,
    ReceiveTimeoutError,
    ServerExitedError,
    StartError,
    code,
    gen_server,
    proc_lib,
    process,
    sys,
)
from otp.sys import (
    CallbackFailedError,
    Downgrade,
    Event,
    LayoutError,
    NotSuspendedError,
    SpecialProcess,
)
from tests.kernel.support import assert_owes_nothing, flush, in_process, on_node

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class Adder(SpecialProcess[int]):
    """Adds up the numbers that it gets, and tells a function of each."""

    seen: list[object]

    async def run(self) -> None:
        self.seen = []
        while True:
            match await self.receive():
                case int(number):
                    self.state += number
                case From() as request:
                    self.tell(Event("out", self.state, request))
                    gen_server.reply(request, self.state)
                case other:
                    self.seen.append(other)

    def replace_state(self, state: object) -> None:
        if not isinstance(state, int):
            raise TypeError(f"{state!r} is no number")
        super().replace_state(state)


async def adder(start: int, trap: bool = False) -> None:
    """Be an adder."""
    process.trap_exit(trap)
    me = Adder(start)
    proc_lib.init_ack(process.self())
    await me.run()


async def start(number: int = 0, *, trap: bool = False) -> Pid:
    pid = await proc_lib.start_link(adder, number, trap)
    assert isinstance(pid, Pid)
    return pid


async def ask(pid: Pid) -> object:
    return await gen_server.call(pid, "sum")


# ----------------------------------------------------------- what all behaviours obey


@in_process
async def test_it_shows_and_replaces_its_state() -> None:
    pid = await start(1)
    process.send(pid, 2)

    assert await sys.get_state(pid) == 3
    assert await sys.replace_state(pid, lambda n: n * 10) == 30
    assert await ask(pid) == 30


@in_process
async def test_a_state_that_it_refuses_is_not_taken() -> None:
    pid = await start(1)
    with pytest.raises(CallbackFailedError, match="is no number"):
        await sys.replace_state(pid, lambda _: "x")

    assert await ask(pid) == 1


@in_process
async def test_its_status_has_everything_that_others_have() -> None:
    pid = await start(1)
    await sys.log(pid, 5)
    process.send(pid, 2)
    await sys.suspend(pid)

    assert await sys.get_status(pid) == sys.Status(
        pid=pid,
        module=Adder,
        parent=process.self(),
        suspended=True,
        state=3,
        dictionary={},
        debug=(sys.Log(5),),
        log=(Event("in", 2),),
    )


@in_process
async def test_suspended_it_leaves_its_mail_where_it_is() -> None:
    pid = await start()
    await sys.suspend(pid)
    process.send(pid, 1)
    with pytest.raises(CallTimeoutError):
        await ask(pid)
    assert await sys.get_state(pid) == 0
    await sys.resume(pid)

    assert await ask(pid) == 1
    assert pid.process is not None
    assert not pid.process.owed


@in_process
async def test_it_is_told_to_end() -> None:
    process.trap_exit(True)
    for pid in (await start(), await start()):
        await sys.stop(pid)
        assert await flush() == [Exited(pid, Normal())]
    pid = await start()
    await sys.suspend(pid)
    await sys.terminate(pid, Reason("x"))

    assert await flush() == [Exited(pid, Reason("x"))]


@pytest.mark.parametrize("suspended", [False, True])
@in_process
async def test_trapping_it_ends_with_its_parent(suspended: bool) -> None:
    started: list[Pid] = []

    async def be_parent() -> None:
        started.append(await start(trap=True))
        await process.receive()
        raise Exit(Reason("parent"))

    parent = process.spawn(be_parent)
    await wait_all_tasks_blocked()
    if suspended:
        await sys.suspend(started[0])
    process.monitor(started[0])
    process.send(parent, "end")

    assert (await process.receive(Down)).reason == Reason("parent")


@in_process
async def test_trapping_it_takes_the_exit_of_others_for_a_message() -> None:
    pid = await start(trap=True)

    async def exit_it() -> None:
        process.exit(pid, Reason("other"))

    await sys.log(pid)
    other = process.spawn(exit_it)
    await process.wait_exited(other)

    assert await sys.get_log(pid) == [Event("in", Exited(other, Reason("other")))]


class Adder2(Adder):
    """The next version, which counts in dozens."""

    async def code_change(self, old_version: object, extra: object) -> None:
        if extra == "fail":
            self.state = -1
            raise ValueError(extra)
        assert old_version == 1
        self.state //= 12


@in_process
async def test_its_code_can_be_changed_while_it_is_suspended() -> None:
    pid = await start(24)
    with pytest.raises(NotSuspendedError):
        await sys.change_code(pid, Adder2, old_version=1)
    await sys.suspend(pid)
    with pytest.raises(CallbackFailedError):
        await sys.change_code(pid, Adder2, extra="fail")
    assert (await sys.get_status(pid)).module is Adder
    assert await sys.get_state(pid) == 24
    await sys.change_code(pid, Adder2, old_version=1)
    await sys.change_code(pid, old_version=1)
    await sys.resume(pid)

    assert await ask(pid) == 0
    assert (await sys.get_status(pid)).module is Adder2


class Dozens(Adder):
    """Counts in dozens, and knows how to go back."""

    __version__ = 2

    async def code_change(self, old_version: object, extra: object) -> None:
        del extra
        self.state = self.state * 12 if isinstance(old_version, Downgrade) else 2


class Singles(Adder):
    """Counts one by one."""

    __version__ = 1


@in_process
async def test_the_newer_class_takes_the_state_back_as_well() -> None:
    pid = await start(24)
    await sys.suspend(pid)
    await sys.change_code(pid, Dozens)
    assert await sys.get_state(pid) == 2
    await sys.change_code(pid, Singles)
    await sys.resume(pid)

    assert await ask(pid) == 24
    assert (await sys.get_status(pid)).module is Singles


class Slotted(Adder):
    """Has another layout."""

    __slots__ = ("a",)


@pytest.mark.parametrize("new", [int, Slotted])
@in_process
async def test_what_it_cannot_become_does_not_fit(new: type[object]) -> None:
    pid = await start(24)
    with pytest.raises(CallbackFailedError) as caught:
        await code.change(pid, new)

    assert isinstance(caught.value.__cause__, LayoutError)
    assert await ask(pid) == 24


# ----------------------------------------------------------------------------- events


@in_process
async def test_it_tells_of_its_messages_and_of_what_it_says_itself() -> None:
    lines: list[str] = []
    pid = await start(1)
    await sys.trace(pid, write=lines.append)
    await sys.statistics(pid)
    process.send(pid, 2)
    await ask(pid)
    counted = await sys.get_statistics(pid)
    await sys.stop(pid)

    assert counted is not None
    assert (counted.messages_in, counted.messages_out) == (2, 1)
    assert lines == [
        f"*DBG* adder {pid} got 2",
        f"*DBG* adder {pid} got call 'sum' from {process.self()}",
        f"*DBG* adder {pid} replied 3 to {process.self()}",
        f"*DBG* adder {pid} terminates: Normal()",
    ]


@in_process
async def test_it_may_be_watched_from_its_start() -> None:
    lines: list[str] = []

    async def body() -> None:
        await Adder(0, debug=[sys.Trace(lines.append)]).run()

    pid = process.spawn(body)
    process.send(pid, 3)
    await wait_all_tasks_blocked()

    assert lines == [f"*DBG* body {pid} got 3"]


# ----------------------------------------------------------------- what it waits for


class Picky(SpecialProcess[list[object]]):
    """Takes what it is told to take, and keeps it."""

    async def take(self, match: Any, timeout: float = 1000.0) -> None:
        message: object = await self.receive(match, timeout=timeout)
        self.state.append(message)


async def picky(*matches: object) -> None:
    """Take what fits, one after the other."""
    me = Picky([])
    for match in matches:
        await me.take(match)


@in_process
async def test_it_may_take_its_messages_in_its_own_order() -> None:
    def is_two(message: object) -> bool:
        return message == 2

    pid = process.spawn(picky, str, is_two, int, None, bytes, str)
    messages: list[object] = [1, 2, [], "x", b"y"]
    for message in messages:
        process.send(pid, message)

    assert await sys.get_state(pid) == ["x", 2, 1, [], b"y"]


@in_process
async def test_system_messages_come_before_whatever_it_waits_for() -> None:
    pid = process.spawn(picky, str, bytes)
    process.send(pid, 1)
    assert await sys.get_state(pid) == []
    await sys.suspend(pid)
    process.send(pid, "x")
    assert await sys.get_state(pid) == []
    await sys.resume(pid)

    assert await sys.get_state(pid) == ["x"]


@in_process
async def test_a_system_message_starts_the_time_again() -> None:
    async def body() -> None:
        with pytest.raises(ReceiveTimeoutError):
            await Picky([]).take(str, 10)

    pid = process.spawn(body)
    started = trio.current_time()
    await trio.sleep(6)
    await sys.get_state(pid)

    assert await process.wait_exited(pid) == Normal()
    assert trio.current_time() == started + 16


@pytest.mark.parametrize("end", [Kill(), Reason("x")])
@on_node
async def test_callers_that_it_owes_an_answer_hear_of_its_death(
    end: Kill | Reason,
) -> None:
    pid = process.spawn(picky, From, bytes)
    request = gen_server.send_request(pid, "x")
    await wait_all_tasks_blocked()
    process.exit(pid, end)

    with pytest.raises(ServerExitedError):
        await gen_server.receive_response(request, 10)


@on_node
async def test_a_caller_who_has_given_up_is_owed_nothing() -> None:
    pid = process.spawn(picky, bytes, From, bytes)
    with trio.move_on_after(1):
        await gen_server.call(pid, "x")
    process.send(pid, b"")
    await wait_all_tasks_blocked()

    assert_owes_nothing(pid)


# --------------------------------------------------------------------- what goes wrong


@on_node
async def test_it_is_made_in_a_process() -> None:
    with pytest.raises(NotAProcessError, match="a Adder"):
        Adder(0)


async def picky_about_its_start() -> None:
    """Do not start."""
    Adder(0)
    raise ValueError


@in_process
async def test_a_start_that_fails_is_a_failed_start() -> None:
    process.trap_exit(True)
    with pytest.raises(StartError) as caught:
        await proc_lib.start_link(picky_about_its_start)

    assert isinstance(caught.value.__cause__, ValueError)


OPERATIONS: list[Callable[[Pid], Awaitable[object]]] = [
    sys.get_state,
    sys.get_status,
    sys.get_log,
    sys.get_statistics,
    sys.no_debug,
    sys.resume,
]


@pytest.mark.parametrize("operation", OPERATIONS)
@in_process
async def test_it_goes_on_after_each_operation(
    operation: Callable[[Pid], Awaitable[object]],
) -> None:
    pid = await start(3)
    await operation(pid)
    await sys.suspend(pid)
    await operation(pid)
    await sys.resume(pid)

    assert await ask(pid) == 3
