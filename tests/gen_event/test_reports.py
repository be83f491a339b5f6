"""What is reported, and what is refused."""

from __future__ import annotations

import pytest
from trio.testing import wait_all_tasks_blocked

from otp import (
    Crash,
    Exit,
    GenServer,
    Kill,
    Name,
    Node,
    Reason,
    UnknownRequestError,
    call,
    cast,
    gen_event,
    gen_server,
    process,
    sys,
)
from otp.gen_event import (
    Deleted,
    EventManager,
    HandlerRef,
    HandlerReport,
    Remove,
    Removed,
    UnexpectedMessage,
)
from otp.proc_lib import CrashReport
from tests.kernel.support import Recorder, collected_reports, on_node

from .handlers import (
    Bare,
    Other,
    Scripted,
    giving,
    manager,
    raising,
    which,
    with_handlers,
)

ERROR = ValueError("x")


class Elsewhere(GenServer):
    """Has clauses that are called like functions of `gen_event`."""

    @call
    async def which_handlers(self) -> list[object]:
        return []

    @call
    async def call(self, a: int, b: int) -> int:
        return a + b

    @cast
    async def notify(self, event: object) -> None: ...


@on_node
async def test_a_handler_that_fails_is_reported() -> None:
    name = Name[EventManager[object]]("events")
    events = await gen_event.Options(name=name).start(EventManager[object])
    await gen_event.add_handler(events, HandlerRef(Scripted, "x"), name="me")
    event = raising(ERROR)
    with collected_reports() as reports:
        await gen_event.sync_notify(events, event)

    (report,) = reports
    assert isinstance(report, HandlerReport)
    assert (report.pid, report.name) == (events, "events")
    assert report.handler == HandlerRef(Scripted, "x")
    assert (report.reason, report.last_message) == (Crash(ERROR), event)
    assert isinstance(report.state, dict)
    assert report.state["name"] == "me"
    assert report.error() is ERROR
    assert report.level == "ERROR"
    assert report.text().startswith(
        f"handler Scripted 'x' of events {events!r} failed: Crash("
    )


@on_node
async def test_a_handler_that_exits_is_reported_without_a_traceback() -> None:
    events, _ = await with_handlers("a")
    with collected_reports() as reports:
        await gen_event.sync_notify(events, raising(Exit(Reason("boom"))))

    (report,) = reports
    assert isinstance(report, HandlerReport)
    assert report.reason == Reason("boom")
    assert report.error() is None
    assert report.text().startswith(f"handler Scripted 'a' of {events!r} failed")


@on_node
async def test_a_handler_may_hide_its_state() -> None:
    class Hiding(Scripted):
        def format_status(self, status: dict[str, object]) -> dict[str, object]:
            return {**status, "state": "hidden", "message": "secret"}

    events = await manager()
    await gen_event.add_handler(events, Hiding)
    with collected_reports() as reports:
        await gen_event.sync_notify(events, raising(ERROR))

    (report,) = reports
    assert isinstance(report, HandlerReport)
    assert (report.last_message, report.state) == ("secret", "hidden")


@on_node
async def test_an_end_in_order_is_not_reported() -> None:
    events, log = await with_handlers("a", "b", "c")
    with collected_reports() as reports:
        await gen_event.delete_handler(events, HandlerRef(Scripted, "a"))
        swap = gen_event.Swap(None, Other, log)
        await gen_event.call(events, HandlerRef(Scripted, "b"), giving(swap))
        await gen_event.sync_notify(events, giving(Remove()))
        await gen_event.stop(events)

    assert reports == []


@on_node
async def test_a_terminate_that_fails_is_reported_with_its_ending() -> None:
    events = await manager()
    await gen_event.add_handler(events, Scripted, end=raising(ERROR))
    await gen_event.add_handler(events, Other, end=raising(ERROR))
    with collected_reports() as reports:
        await gen_event.sync_notify(events, giving(Remove()))

    endings = [r.last_message for r in reports if isinstance(r, HandlerReport)]
    assert endings == [Removed(), Removed()]


@on_node
async def test_a_failure_is_reported_before_that_of_terminate() -> None:
    events = await manager()
    later = ValueError("later")
    await gen_event.add_handler(events, Scripted, end=raising(later))
    with collected_reports() as reports:
        await gen_event.sync_notify(events, raising(ERROR))

    assert [report.error() for report in reports] == [ERROR, later]


@on_node
async def test_a_failing_terminate_of_a_deleted_handler_is_reported_as_well() -> None:
    events = await manager()
    await gen_event.add_handler(events, Scripted, end=raising(ERROR))
    with (
        collected_reports() as reports,
        pytest.raises(gen_event.HandlerFailedError),
    ):
        await gen_event.delete_handler(events, Scripted, "x")

    (report,) = reports
    assert isinstance(report, HandlerReport)
    assert report.last_message == Deleted("x")


@on_node
async def test_a_message_that_a_handler_does_not_know_is_reported_for_each() -> None:
    events = await manager()
    await gen_event.add_handler(events, Bare)
    await gen_event.add_handler(events, HandlerRef(Bare, "x"))
    with collected_reports() as reports:
        process.send(events, "odd")
        await wait_all_tasks_blocked()

    assert reports == [UnexpectedMessage(events, None, Bare, "odd")] * 2
    assert await which(events) == ["x", Bare]


@on_node
async def test_a_manager_that_is_killed_reports_nothing() -> None:
    events, _ = await with_handlers("a")
    with collected_reports() as reports:
        process.exit(events, Kill())
        await wait_all_tasks_blocked()

    assert reports == []


@on_node
async def test_a_manager_that_is_stopped_with_a_reason_makes_a_crash_report() -> None:
    events, _ = await with_handlers("a")
    await sys.suspend(events)
    gen_event.notify(events, "secret")
    with collected_reports() as reports:
        await gen_event.stop(events, Reason("bye"))

    (report,) = reports
    assert isinstance(report, CrashReport)
    assert report.reason == Reason("bye")
    assert report.messages == {"event": 1}


# ------------------------------------------------------------------- what is not ours


@on_node
async def test_a_clause_of_a_server_is_refused() -> None:
    events, log = await with_handlers("a")
    with pytest.raises(UnknownRequestError, match="is an event manager"):
        await Elsewhere.which_handlers(events)  # type: ignore[arg-type]
    with pytest.raises(UnknownRequestError, match="is an event manager"):
        await Elsewhere.call(events, 1, 2)  # type: ignore[arg-type]
    with pytest.raises(UnknownRequestError, match="is an event manager"):
        await gen_server.call(events, "hello")

    assert log == []
    assert await which(events) == ["a"]


async def test_a_cast_of_a_server_is_dropped_and_reported() -> None:
    recorder = Recorder()
    async with Node(instruments=[recorder]):
        events, log = await with_handlers("a")
        with collected_reports() as reports:
            Elsewhere.notify(events, 1)  # type: ignore[arg-type]
            Elsewhere.notify(events, event=1)  # type: ignore[arg-type]
            gen_server.cast(events, "hello")
            await wait_all_tasks_blocked()

        assert [type(report) for report in reports] == [UnexpectedMessage] * 3
        assert len(recorder.letters) == 3
        assert "is an event manager" in recorder.letters[0].why
        assert log == []
        assert await which(events) == ["a"]


@on_node
async def test_an_event_to_a_server_is_an_unexpected_message() -> None:
    server = await gen_server.start(Elsewhere)
    with collected_reports() as reports:
        gen_event.notify(server, 1)  # type: ignore[arg-type]
        await wait_all_tasks_blocked()
    with pytest.raises(UnknownRequestError):
        await gen_event.sync_notify(server, 1)  # type: ignore[arg-type]

    assert [type(report) for report in reports] == [UnexpectedMessage]
    assert process.is_alive(server)
