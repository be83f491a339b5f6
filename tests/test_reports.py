"""Reports as lines of a log."""

from __future__ import annotations

import copy
import re
import sys as python
from io import StringIO
from typing import TYPE_CHECKING, NoReturn, get_args

import pytest
from loguru import logger
from trio.testing import wait_all_tasks_blocked

import otp
from otp import kernel, process, reports
from otp.kernel import emit, is_heard
from otp.reports import Level, Report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loguru import Record


class Told(Report):
    """Tells something."""

    level = "WARNING"

    def text(self) -> str:
        return "what is {told}"


class Failed(Report):
    """Has an exception."""

    def text(self) -> str:
        return "what has failed"

    def error(self) -> BaseException:
        try:
            fail("a value of " + "a variable")
        except ValueError as error:
            return error


def fail(argument: str) -> NoReturn:
    """Raise something that says nothing of the argument."""
    raise ValueError(len(argument))


async def crash() -> NoReturn:
    """End a process of a bug."""
    fail("")


class Terminal(StringIO):
    """Says that it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Leave the log as it was."""
    yield
    logger.disable("otp")
    logger.remove()
    logger.add(python.stderr)


def plain(stream: StringIO) -> list[str]:
    """Return the lines of *stream*, without their time."""
    return [re.sub(r"^[\d:.]{12} ", "", line) for line in stream.getvalue().split("\n")]


def test_a_report_is_a_line_with_its_level() -> None:
    stream = StringIO()
    reports.show(stream=stream)
    emit(Told())

    assert plain(stream) == ["WARNING  what is {told}", ""]


def test_what_others_say_is_shown_with_who_says_it() -> None:
    stream = StringIO()
    reports.show(stream=stream)
    logger.info("hello {}", "there")

    assert plain(stream) == [f"INFO     {__name__}: hello there", ""]


def test_only_what_is_important_enough_is_shown() -> None:
    stream = StringIO()
    number = reports.show("ERROR", stream)
    emit(Told())
    emit(Failed())
    logger.remove(number)
    emit(Failed())

    lines = plain(stream)
    assert lines[0] == "ERROR    what has failed"
    assert lines[-2:] == ["ValueError: 21", ""]
    assert "a value of a variable" not in "".join(lines)


def test_a_report_is_heard_if_somebody_listens_to_its_level() -> None:
    assert not is_heard("ERROR")
    logger.enable("otp")
    assert is_heard("ERROR")
    logger.remove()
    assert not is_heard("CRITICAL")
    logger.add(StringIO(), level="WARNING")

    levels = [level for level in get_args(Level) if is_heard(level)]
    assert levels == ["WARNING", "ERROR", "CRITICAL"]


def test_nobody_hears_of_the_question_whether_a_report_is_heard() -> None:
    stream = StringIO()
    patched: list[Record] = []
    reports.show(stream=stream)
    logger.configure(patcher=patched.append)
    try:
        assert is_heard("ERROR")
    finally:
        logger.configure(patcher=lambda _: None)

    assert stream.getvalue() == ""
    assert patched == []


@pytest.mark.parametrize("report", [Told(), Failed()])
def test_a_report_is_seen_by_all_who_listen(report: Report) -> None:
    records: list[Record] = []
    logger.enable("otp")
    logger.remove()
    logger.configure(extra={"app": "test"})
    try:
        for _ in range(2):
            logger.add(lambda message: records.append(message.record), format=".")
        with logger.contextualize(request=1):
            emit(report)
    finally:
        logger.configure(extra={})

    assert len(records) == 2
    for record in records:
        assert record["extra"] == {"app": "test", "request": 1, "report": report}
        assert record["message"] == report.text()
        assert record["level"].name == report.level
        assert (record["exception"] is None) == (report.error() is None)


async def test_a_handler_with_a_queue_finds_the_text_in_place_of_a_report() -> None:
    records: list[Record] = []
    logger.enable("otp")
    logger.remove()
    logger.add(
        lambda message: records.append(message.record), enqueue=True, catch=False
    )

    async with otp.Node():
        process.spawn(crash, label="worker")
        await wait_all_tasks_blocked()
    logger.complete()

    (record,) = records
    assert "worker" in record["message"]
    assert record["extra"] == {"report": record["message"]}


def test_all_reports_of_the_kernel_are_here() -> None:
    kinds = [kind for kind in vars(kernel).values() if isinstance(kind, type)]
    of_kernel = {kind.__name__ for kind in kinds if issubclass(kind, Report)}

    assert of_kernel <= set(reports.__all__)


def test_a_report_is_its_own_copy() -> None:
    report = Told()

    assert copy.copy(report) is report
    assert copy.deepcopy([report]) == [report]


def test_there_is_no_such_level() -> None:
    with pytest.raises(ValueError, match="LOUD"):
        reports.show("LOUD")


@pytest.mark.parametrize("wanted", [True, False])
def test_a_terminal_has_colours_unless_they_are_not_wanted(
    monkeypatch: pytest.MonkeyPatch, wanted: bool
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    if not wanted:
        monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    reports.show(stream=stream)
    emit(Told())

    assert ("\x1b[" in stream.getvalue()) is wanted
