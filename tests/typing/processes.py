"""The types of processes, reasons and results. Read by the checkers, never run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never, assert_type

from otp import (
    Alias,
    Bounded,
    Crash,
    Down,
    Exit,
    Exited,
    ExitReason,
    Fail,
    From,
    GenServer,
    Kill,
    Killed,
    Name,
    NoConnection,
    Node,
    NoProc,
    NoReply,
    Normal,
    Pid,
    Reason,
    Ref,
    Reply,
    Shutdown,
    Stop,
    gen_server,
    process,
)
from otp.process import ProcessInfo

if TYPE_CHECKING:
    from otp.gen_server import InfoResult, InitResult


async def work(n: int, word: str = "") -> None:
    """Be a process."""
    del n, word


def a_process_has_the_arguments_of_its_function(node: Node) -> None:
    assert_type(process.spawn(work, 1), Pid[object])
    assert_type(process.spawn(work, 1, "x", label="x"), Pid[object])
    assert_type(process.spawn_link(work, 1, mailbox=Bounded(1)), Pid[object])
    assert_type(process.spawn_monitor(work, 1), tuple[Pid[object], Ref])
    assert_type(node.spawn(work, 1), Pid[object])
    process.spawn(work, "x")  # type: ignore[arg-type]
    process.spawn(work)  # type: ignore[arg-type]
    node.spawn(work, "x")  # type: ignore[arg-type]
    process.spawn(print, "x")  # type: ignore[arg-type]
    Bounded(1, "drop")  # type: ignore[arg-type]


async def what_is_received_has_the_class_that_selects_it() -> None:
    assert_type(await process.receive(), object)
    assert_type(await process.receive(Down, timeout=1), Down)
    assert_type(await process.receive(lambda message: message == 1), object)
    assert_type(process.receive_nowait(), object)
    assert_type(process.receive_nowait(Exited), Exited)
    await process.receive("x")  # type: ignore[call-overload]
    await process.receive(timeout="x")  # type: ignore[call-overload]


def a_monitor_is_an_alias_if_it_is_asked_to_be(pid: Pid) -> None:
    assert_type(process.monitor(pid), Ref)
    assert_type(process.monitor(Name("x"), tag=1), Ref)
    assert_type(process.monitor(pid, alias="demonitor"), Alias)
    assert_type(process.alias(until="reply"), Alias)
    process.monitor(pid, alias="never")  # type: ignore[call-overload]
    process.alias(until="never")  # type: ignore[arg-type]
    process.unalias(process.monitor(pid))  # type: ignore[arg-type]
    process.monitor("x")  # type: ignore[call-overload]


async def the_other_functions(pid: Pid, name: Name) -> None:
    assert_type(await process.wait_exited(name, timeout=1), ExitReason)
    assert_type(process.info(pid), ProcessInfo | None)
    assert_type(process.demonitor(Ref(), flush=True), bool)
    assert_type(process.ancestors(), tuple[Pid[object] | str, ...])
    assert_type(process.dictionary(), dict[object, object])
    process.send("x", 1)  # type: ignore[arg-type]
    process.link(name)  # type: ignore[arg-type]
    process.exit(pid, "kill")  # type: ignore[arg-type]
    process.exit(pid, Kill)  # type: ignore[arg-type]


def a_reason_is_one_of_eight(reason: ExitReason) -> str:
    match reason:
        case Normal() | Shutdown() | Kill() | Killed():
            return "quiet"
        case NoProc() | NoConnection():
            return "nobody"
        case Crash(error):
            assert_type(error, BaseException)
            return "crash"
        case Reason(value):
            assert_type(value, object)
            return "other"
        case _:
            assert_never(reason)


def a_reason_is_a_value_of_its_own() -> None:
    Exit(Shutdown("x"))
    Exit("shutdown")  # type: ignore[arg-type]
    Exit(Normal)  # type: ignore[arg-type]
    Stop(Reason("x"), reply=1)
    Stop("normal")  # type: ignore[arg-type]
    Fail()  # type: ignore[call-arg]
    Reply()  # type: ignore[call-arg]
    NoReply(timeout="x")  # type: ignore[arg-type]
    assert_type(Reply(1), Reply[int])


class Results(GenServer):
    """The results of callbacks."""

    async def init(self) -> InitResult:
        return NoReply(continue_="x")

    async def handle_call(self, request: Any, from_: From[Any]) -> object:
        gen_server.reply(from_, request)
        return NoReply()

    async def handle_cast(self, request: Any) -> InfoResult:
        return Stop(Reason(request))

    async def handle_info(self, message: Any) -> None:
        assert_type(message, Any)

    async def terminate(self, reason: ExitReason) -> None:
        assert_type(reason, ExitReason)


class WrongResults(GenServer):
    """The results that callbacks cannot have."""

    async def init(self) -> int:  # type: ignore[override]
        return 1

    async def handle_cast(self, request: Any) -> str:  # type: ignore[override]
        return str(request)

    async def handle_info(self, message: Any) -> Reply[int]:  # type: ignore[override]
        return Reply(message)

    def terminate(self, reason: ExitReason) -> None:  # type: ignore[override]
        del reason


class NarrowMessages(GenServer):
    """The messages of a server can be said more exactly."""

    async def handle_cast(self, request: int | str) -> NoReply:
        del request
        return NoReply()

    async def handle_info(self, message: Down | Exited) -> None:
        match message:
            case Down():
                assert_type(message.ref, Ref)
            case Exited():
                assert_type(message.pid, Pid[object])
            case _:
                assert_never(message)
