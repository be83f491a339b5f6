"""The reports of all floors, in one place, and how to make them visible.

A report is a frozen value: what happened, to whom, and why. Whoever makes it hands
it to loguru at once, so reports stand in the order of the events, and it is found
there as ``record["extra"]["report"]``. As a library ``otp`` is silent:
``logger.enable("otp")`` is all it takes to hear it, and `show` makes it readable.
"""

from __future__ import annotations

import sys
from typing import TextIO

from loguru import logger

from ._util import fix_module_metadata
from .application import ApplicationReport
from .failure_detector import (
    LateHeartbeatReport,
    MistakeReport,
    StallReport,
    SuspicionReport,
)
from .gen_event import HandlerReport
from .gen_server import ServerReport, UnexpectedMessage
from .gen_statem import StatemReport
from .kernel import (
    InstrumentReport,
    Level,
    ProcessReport,
    Report,
    SchedulerReport,
    StuckReport,
    write_log,
)
from .pool import ResourceReport
from .proc_lib import CrashReport
from .protection import ListenerReport
from .supervisor import ProgressReport, SupervisorReport
from .sys import DebugReport
from .task import TaskReport
from .task_executor import JobReport

__all__ = [
    "ApplicationReport",
    "CrashReport",
    "DebugReport",
    "HandlerReport",
    "InstrumentReport",
    "JobReport",
    "LateHeartbeatReport",
    "Level",
    "ListenerReport",
    "MistakeReport",
    "ProcessReport",
    "ProgressReport",
    "Report",
    "ResourceReport",
    "SchedulerReport",
    "ServerReport",
    "StallReport",
    "StatemReport",
    "StuckReport",
    "SupervisorReport",
    "SuspicionReport",
    "TaskReport",
    "UnexpectedMessage",
    "show",
]


def show(level: str = "INFO", stream: TextIO | None = None) -> int:
    """Write the log, reports included, to *stream* from now on.

    Lines are coloured on a terminal and plain elsewhere. loguru's own handlers are
    replaced.

    Args:
        level: the least level that is shown, such as ``"WARNING"``.
        stream: standard error by default.

    Returns:
        loguru's number of the new handler, for ``logger.remove()``.

    Raises:
        ValueError: there is no such level.
    """
    logger.remove()
    logger.enable("otp")
    return write_log(stream or sys.stderr, level)


fix_module_metadata(__name__, globals())
