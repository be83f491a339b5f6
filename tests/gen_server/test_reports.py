"""What is reported of a server that ends, in which order, and what is hidden."""

from __future__ import annotations

from typing import Any

import pytest
from loguru import logger
from trio.testing import wait_all_tasks_blocked

from otp import (
    Crash,
    Exit,
    GenServer,
    Kill,
    Name,
    NoReply,
    Normal,
    Reason,
    ServerExitedError,
    Shutdown,
    Stop,
    call,
    cast,
    gen_server,
    process,
    sys,
)
from otp.gen_server import Options, ServerReport, UnexpectedMessage
from otp.kernel import Report, current_node
from otp.proc_lib import CrashReport
from tests.kernel.support import collected_reports, in_process, on_node

from .servers import Scripted, giving, raising

ERROR = ValueError("x")
BYE = Reason("bye")


def kinds(reports: list[Report]) -> list[type[Report]]:
    return [type(report) for report in reports]


@on_node
async def test_a_crash_is_reported_by_the_server_and_then_by_its_process() -> None:
    name = Name[object]("scripted")
    pid = await Options(name=name).start(Scripted)
    message = raising(ERROR)
    with collected_reports() as reports:
        process.send(pid, message)
        await wait_all_tasks_blocked()

    server, crash = reports
    assert isinstance(server, ServerReport)
    assert isinstance(crash, CrashReport)
    assert (server.pid, server.name, server.module) == (pid, "scripted", Scripted)
    assert (server.reason, server.last_message) == (Crash(ERROR), message)
    assert isinstance(server.state, dict)
    assert server.state["log"] == ["info", ("terminate", Crash(ERROR))]
    assert (crash.pid, crash.name, crash.reason) == (pid, "scripted", Crash(ERROR))
    assert crash.error() is ERROR
    assert server.error() is None  # one traceback is enough
    assert server.level == crash.level == "ERROR"
    assert server.text().startswith(f"gen_server scripted {pid!r} terminates: Crash(")
    assert crash.text().startswith(f"scripted {pid!r} crashed: Crash(")


@in_process
async def test_a_crash_report_shows_what_is_around_the_process() -> None:
    process.trap_exit(True)
    pid = await gen_server.start_link(Scripted, trap=True)

    def crash(_server: Scripted) -> None:
        process.dictionary()["key"] = "value"
        process.set_label("labelled")
        for number in range(20):
            process.send(process.self(), number)
        raise ERROR

    with collected_reports() as reports:
        gen_server.cast(pid, crash)
        await wait_all_tasks_blocked()

    report = reports[1]
    assert isinstance(report, CrashReport)
    assert report == CrashReport(
        pid=pid,
        name=None,
        label="labelled",
        origin=Scripted,
        reason=Crash(ERROR),
        ancestors=(process.self(), current_node().root.pid),
        message_queue_len=20,
        messages={"int": 20},
        links=(process.self(),),
        trap_exit=True,
        dictionary=("'key'",),
    )
    text = report.text()
    assert f"linked to: {process.self()!r}" in text
    assert text.startswith("labelled ")


@pytest.mark.parametrize("reason", [Normal(), Shutdown(), Shutdown("x")])
@on_node
async def test_a_quiet_end_is_not_reported(reason: Normal | Shutdown) -> None:
    with collected_reports() as reports:
        for result in (giving(Stop(reason)), raising(Exit(reason))):
            pid = await gen_server.start(Scripted)
            gen_server.cast(pid, result)
        pid = await gen_server.start(Scripted)
        await gen_server.stop(pid, reason)
        await wait_all_tasks_blocked()

    assert reports == []


@on_node
async def test_any_other_end_of_its_own_is_reported() -> None:
    with collected_reports() as reports:
        for result in (giving(Stop(BYE)), raising(Exit(BYE))):
            gen_server.cast(await gen_server.start(Scripted), result)
            await wait_all_tasks_blocked()
        await gen_server.stop(await gen_server.start(Scripted), BYE)

    assert kinds(reports) == [ServerReport, CrashReport] * 3
    assert all(report.error() is None for report in reports)


@on_node
async def test_an_exit_signal_from_outside_is_not_reported() -> None:
    with collected_reports() as reports:
        for reason in (BYE, Kill()):
            pid = await gen_server.start(Scripted)
            process.exit(pid, reason)
        await wait_all_tasks_blocked()

    assert reports == []


@on_node
async def test_what_terminate_raises_is_what_is_reported() -> None:
    other = TypeError("y")

    def crash(server: Scripted) -> None:
        server.at_end = raising(other)
        raise ERROR

    with collected_reports() as reports:
        gen_server.cast(await gen_server.start(Scripted), crash)
        await wait_all_tasks_blocked()

    assert [report.error() for report in reports] == [None, other]


@on_node
async def test_the_caller_hears_of_the_crash_after_its_reports() -> None:
    pid = await gen_server.start(Scripted)
    with collected_reports() as reports:
        with pytest.raises(ServerExitedError):
            await gen_server.call(pid, raising(ERROR))
        assert kinds(reports) == [ServerReport, CrashReport]


@on_node
async def test_nothing_is_reported_as_long_as_nobody_wants_it() -> None:
    texts: list[str] = []
    sink = logger.add(texts.append, format="{message}", level=0)
    try:
        gen_server.cast(await gen_server.start(Scripted), raising(ERROR))
        await wait_all_tasks_blocked()
    finally:
        logger.remove(sink)

    assert texts == []


# ------------------------------------------------------------------------- secrets


class Vault(GenServer):
    """Keeps a password out of everything that others see."""

    def __init__(self, password: str) -> None:
        self.password = password
        self.visits = 0

    @call
    async def open(self, password: str) -> bool:
        self.visits += 1
        if password != self.password:
            raise PermissionError
        return True

    def format_status(self, status: dict[str, Any]) -> dict[str, Any]:
        state = {**status["state"], "password": "***"}
        message = None if status["message"] is None else "a request"
        return {**status, "state": state, "message": message}


@on_node
async def test_a_secret_is_in_no_report_and_no_status() -> None:
    pid = await gen_server.start(Vault, "secret")
    status = await sys.get_status(pid)
    with collected_reports() as reports:
        with pytest.raises(ServerExitedError):
            await Vault.open(pid, "guess")

        texts = [report.text() for report in reports]
    assert status.state == {"password": "***", "visits": 0}
    (server, _) = reports
    assert isinstance(server, ServerReport)
    assert server.state == {"password": "***", "visits": 1}
    assert server.last_message == "a request"
    assert not any("secret" in text or "guess" in text for text in texts)


class Letterbox(Vault):
    """Is told secrets in every way there is."""

    @cast
    async def whisper(self, word: str, *, to: str = "") -> None:
        del word, to

    @cast
    async def crash(self) -> None:
        process.dictionary()["key"] = "the secret"
        raise ValueError("x")

    async def handle_cast(self, request: object) -> None:
        del request


@on_node
async def test_what_lies_in_the_mailbox_is_known_by_its_kind_only() -> None:
    pid = await gen_server.start(Letterbox, "secret")
    with collected_reports() as reports:
        Letterbox.crash(pid)
        Letterbox.whisper(pid, "the secret")
        Letterbox.whisper(pid, "the secret", to="the secret")
        Letterbox.open.send_request(pid, "the secret")
        gen_server.cast(pid, "the secret")
        gen_server.send_request(pid, "the secret")
        process.send(pid, "the secret")
        await wait_all_tasks_blocked()

        texts = [report.text() for report in reports]
    (_, crash) = reports
    assert isinstance(crash, CrashReport)
    assert crash.message_queue_len == 6
    assert crash.messages == {
        "cast whisper": 2,
        "call open": 1,
        "cast": 1,
        "call": 1,
        "str": 1,
    }
    assert crash.dictionary == ("'key'",)
    kinds_text = "2 cast whisper, 1 call open, 1 cast, 1 call, 1 str"
    assert f"    mailbox: 6 ({kinds_text})" in crash.text().splitlines()
    assert "secret" not in repr(reports)
    assert not any("secret" in text for text in texts)


@on_node
async def test_a_cast_that_nobody_takes_is_reported_without_its_arguments() -> None:
    pid = await gen_server.start(Vault, "x")
    wrong: Any = pid
    with collected_reports() as reports:
        Letterbox.whisper(wrong, "secret")
        Letterbox.whisper(wrong, "secret", to="secret")
        await wait_all_tasks_blocked()

    assert kinds(reports) == [UnexpectedMessage] * 2
    for report in reports:
        assert report.text().endswith("dropped an unexpected message: cast whisper")


@on_node
async def test_a_flood_is_not_looked_at_to_its_end() -> None:
    class Flooded(Scripted):
        """Is sent messages of many kinds."""

    def crash(_server: Scripted) -> None:
        for number in range(3000):
            process.send(process.self(), number if number < 3 else KINDS[number % 12]())
        raise ERROR

    with collected_reports() as reports:
        gen_server.cast(await gen_server.start(Flooded), crash)
        await wait_all_tasks_blocked()

    (_, report) = reports
    assert isinstance(report, CrashReport)
    assert report.message_queue_len == 3000
    assert sum(report.messages.values()) == 1000
    (mailbox,) = (line for line in report.text().splitlines() if "mailbox" in line)
    assert mailbox.startswith("    mailbox: 3000 (3 int, 84 Kind3, ")
    assert mailbox.endswith(", ...)")


KINDS = [type(f"Kind{number}", (), {}) for number in range(12)]


@on_node
async def test_a_state_can_still_be_looked_at_for_debugging() -> None:
    pid = await gen_server.start(Vault, "secret")

    assert await sys.get_state(pid) == {"password": "secret", "visits": 0}


@pytest.mark.parametrize("wrong", [ValueError("secret"), None, {}, {"state": 1}])
@on_node
async def test_a_format_status_that_fails_hides_everything(wrong: object) -> None:
    class Leaky(Vault):
        def format_status(self, status: dict[str, Any]) -> dict[str, Any]:
            del status
            if isinstance(wrong, Exception):
                raise wrong
            return wrong  # type: ignore[return-value]

    pid = await gen_server.start(Leaky, "hidden")
    status = await sys.get_status(pid)
    with collected_reports() as reports:
        with pytest.raises(ServerExitedError):
            await Vault.open(pid, "guess")

        texts = [report.text() for report in reports]
    assert str(status.state).startswith("<format_status failed: ")
    assert kinds(reports) == [ServerReport, CrashReport]
    assert not any("hidden" in text or "guess" in text for text in texts)


@on_node
async def test_what_format_status_changes_is_a_copy() -> None:
    class Careless(GenServer):
        def __init__(self) -> None:
            self.value = 1

        def format_status(self, status: dict[str, Any]) -> dict[str, Any]:
            status["state"]["value"] = 2
            return status

    pid = await gen_server.start(Careless)
    await sys.get_status(pid)

    assert await sys.get_state(pid) == {"value": 1}


@on_node
async def test_an_unexpected_message_is_reported_as_it_is() -> None:
    class Named(GenServer):
        async def init(self) -> NoReply | None:
            return None

    pid = await gen_server.start_named(Name[Named]("named"), Named)
    with collected_reports() as reports:
        process.send(pid, ["x"])
        gen_server.cast(pid, {"y": 1})
        await wait_all_tasks_blocked()

    assert reports == [
        UnexpectedMessage(pid, "named", Named, ["x"]),
        UnexpectedMessage(pid, "named", Named, {"y": 1}),
    ]
    assert "named" in reports[0].text()
