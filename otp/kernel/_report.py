"""Reports: what the system tells its operators, as values.

A report is a frozen value with a level and a text. `emit` hands it to loguru, where
it is found as ``record["extra"]["report"]``. As a library the package is silent:
``logger.enable("otp")`` turns the reports on, and ``otp run`` does so.
"""

from __future__ import annotations

import os
from typing import (
    TYPE_CHECKING,
    ClassVar,
    Final,
    Literal,
    Self,
    TextIO,
    final,
)

import attrs
from loguru import logger

from .._util import short
from ._current import node_of_task

if TYPE_CHECKING:
    from collections.abc import Callable

    from loguru import Record

    from ._ids import Pid
    from ._reasons import ExitReason

Level = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
"""How loud a report is."""


class Report:
    """The base of all reports.

    A pickle of a report is one of its text: pids and what else is in it have a meaning
    only here. loguru pickles what passes through the queue of a handler.
    """

    __slots__ = ()

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (self.text(),)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    level: ClassVar[Level] = "ERROR"

    def text(self) -> str:
        """Return the report as plain text, the first line saying what happened."""
        raise NotImplementedError

    def error(self) -> BaseException | None:
        """Return the exception that the report is about, if there is one."""
        return None


# What is given to it by keyword is found in the "extra" of the record.
_lazy = logger.opt(lazy=True)

_LOG: Final[dict[Level, Callable[[object], None]]] = {
    "DEBUG": logger.debug,
    "INFO": logger.info,
    "WARNING": logger.warning,
    "ERROR": logger.error,
    "CRITICAL": logger.critical,
}


class _Heard(BaseException):
    """Raised where a message would be read."""


class _Question:
    """A message that is to be heard by nobody."""

    def __str__(self) -> str:
        raise _Heard


_QUESTION: Final = _Question()


def is_heard(level: Level) -> bool:
    """Tell whether anybody listens to reports of that level: the log or an instrument.

    For a report that is made often and rarely read, or takes long to gather. loguru
    has no such question, but asks a message for its text only if somebody listens.
    """
    node = node_of_task()
    if node is not None and node.instruments:
        return True
    try:
        _LOG[level](_QUESTION)
    except _Heard:
        return True
    return False


def emit(report: Report) -> None:
    """Hand *report* to the instruments of the node and to loguru.

    That is done at once and in the task that calls.
    """
    node = node_of_task()
    if node is not None and node.instruments:
        node.instrument("report_made", report)
    error = report.error()
    log = _lazy if error is None else logger.opt(lazy=True, exception=error)
    log.log(report.level, "{}", report.text, report=lambda: report)


def write_log(stream: TextIO, level: str) -> int:
    """Let loguru write the log, reports included, to *stream* from *level* on.

    There is colour on a terminal, unless the environment has ``NO_COLOR``.

    Returns:
        loguru's number of the handler.
    """
    # Not diagnose: that would put the values of variables into the log, and among
    # them may be what nobody should read there.
    return logger.add(
        stream,
        level=level,
        format=_format,
        colorize=stream.isatty() and "NO_COLOR" not in os.environ,
        backtrace=False,
        diagnose=False,
    )


def _format(record: Record) -> str:
    where = "" if "report" in record["extra"] else " <dim>{name}:</dim>"
    return (
        "<dim>{time:HH:mm:ss.SSS}</dim> <level>{level: <8}</level>"
        + where
        + " {message}\n{exception}"
    )


@final
@attrs.frozen
class ProcessReport(Report):
    """A plain process, one without a behaviour, crashed."""

    pid: Pid
    label: object
    reason: ExitReason
    exception: BaseException | None = None

    def text(self) -> str:
        who = f"process {self.pid!r} ({short(self.label)})"
        return f"{who} crashed: {short(self.reason)}"

    def error(self) -> BaseException | None:
        return self.exception


@final
@attrs.frozen
class StuckReport(Report):
    """A process was killed, and its code still runs: it does not get to a checkpoint.

    *where* is the function and line in which it was last seen.
    """

    level = "WARNING"

    pid: Pid
    label: object
    where: str

    def text(self) -> str:
        return (
            f"process {self.pid!r} ({short(self.label)}) is dead but its code still "
            f"runs, in {self.where}: it is shielded or does not await"
        )


@final
@attrs.frozen
class InstrumentReport(Report):
    """An instrument raised and was taken out."""

    instrument: object
    hook: str
    exception: BaseException

    def text(self) -> str:
        return (
            f"instrument {short(self.instrument)} raised in {self.hook}() and was "
            f"taken out: {short(self.exception)}"
        )

    def error(self) -> BaseException | None:
        return self.exception


@final
@attrs.frozen
class SchedulerReport(Report):
    """This Trio is not what the step queue was made for; its own scheduler is used."""

    level = "WARNING"

    version: str
    problem: str

    def text(self) -> str:
        return (
            f"Trio {self.version} is not what the step queue was made for "
            f"({self.problem}): Trio's own scheduler is used, which is slower"
        )
