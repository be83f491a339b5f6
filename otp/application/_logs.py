"""Logs that a person can read, for a program that has not arranged for its own."""

from __future__ import annotations

import sys
from typing import Final, Literal, get_args

from loguru import logger

from ..kernel import InvalidSpecError, write_log

LogLevel = Literal["TRACE", "DEBUG", "INFO", "SUCCESS", "WARNING", "ERROR", "CRITICAL"]
"""From which level on a log line is shown."""

# The handler that loguru starts with; once it is gone somebody has chosen handlers.
_LOGURUS_OWN: Final = 0


def show_logs(level: LogLevel) -> None:
    """Let the reports of this package be seen, on stderr from *level* on.

    Where handlers were chosen already, by ``logger.remove()`` and ``logger.add()``,
    these get the reports and no other is added. There is colour on a terminal,
    unless the environment has ``NO_COLOR``.

    Raises:
        InvalidSpecError: there is no such level.
    """
    if level not in get_args(LogLevel):
        raise InvalidSpecError(
            "invalid_log_level",
            level,
            f"a log level is one of {', '.join(get_args(LogLevel))}, not {level!r}",
        )
    logger.enable("otp")
    try:
        logger.remove(_LOGURUS_OWN)
    except ValueError:
        return
    write_log(sys.stderr, level)
