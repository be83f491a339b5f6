"""What the tests of applications have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from loguru import logger

from otp.kernel import Report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loguru import Message


@pytest.fixture
def trace() -> list[tuple[object, ...]]:
    return []


@pytest.fixture
def reports() -> Iterator[list[Report]]:
    seen: list[Report] = []

    def keep(message: Message) -> None:
        report = message.record["extra"]["report"]
        assert isinstance(report, Report)
        assert report.text()
        seen.append(report)

    handler = logger.add(keep, level=0)
    logger.enable("otp")
    yield seen
    logger.disable("otp")
    logger.remove(handler)
