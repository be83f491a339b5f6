"""Catching reports and dead letters, to look at them in a test."""

from __future__ import annotations

from traceback import format_exception
from typing import TYPE_CHECKING, Final, Self, TypeVar, final

from ..abc import Instrument
from ..kernel import Node, current
from ._check import check_kind

if TYPE_CHECKING:
    from types import TracebackType

    from ..kernel import DeadLetter, Report

R = TypeVar("R", bound="Report")

_LOUD: Final = frozenset({"WARNING", "ERROR", "CRITICAL"})


@final
class Captured(Instrument):
    """Keeps the reports and the dead letters of a node.

    ::

        with Captured() as captured:
            crash("cache")
            await wait_until_idle()
        [report] = captured.of(CrashReport)

    It is an instrument, so it may be given to `otp.Node` as well, and it sees the
    reports whether or not the log is enabled.
    """

    def __init__(self) -> None:
        #: All reports, oldest first.
        self.reports: list[Report] = []
        #: All messages that reached nobody, oldest first.
        self.dead_letters: list[DeadLetter] = []
        self._nodes: list[Node] = []

    def __repr__(self) -> str:
        reports, letters = len(self.reports), len(self.dead_letters)
        return f"<captured {reports} reports, {letters} dead letters>"

    def of(self, kind: type[R]) -> list[R]:
        """Return the reports of one class, such as `CrashReport`."""
        return [report for report in self.reports if isinstance(report, kind)]

    def clear(self) -> None:
        """Forget what has been caught."""
        self.reports.clear()
        self.dead_letters.clear()

    @property
    def text(self) -> str:
        """The warnings and errors among the reports, with tracebacks."""
        loud = [_text(report) for report in self.reports if report.level in _LOUD]
        return "\n".join(loud)

    def watch(self, node: Node) -> None:
        """Catch what happens on *node* from now on; several may be watched.

        Raises:
            TypeError: *node* is no node.
        """
        check_kind(node, Node, "a node")
        if self not in node.instruments:
            node.instruments.append(self)
            self._nodes.append(node)

    def __enter__(self) -> Self:
        """Watch the node of the caller.

        Raises:
            NoNodeError: no node runs here.
        """
        self.watch(current().node)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for node in self._nodes:
            if self in node.instruments:
                node.instruments.remove(self)
        self._nodes.clear()

    def report_made(self, report: Report) -> None:
        """Keep a report."""
        self.reports.append(report)

    def dead_letter(self, letter: DeadLetter) -> None:
        """Keep a message that reached nobody."""
        self.dead_letters.append(letter)


def _text(report: Report) -> str:
    lines = f"{report.level} {report.text()}"
    error = report.error()
    if error is None:
        return lines
    return f"{lines}\n{''.join(format_exception(error)).rstrip()}"
