"""What the tests of the examples have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from loguru import logger

from tests.examples.chatting import running_chat

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractAsyncContextManager

    from otp.kernel import Report
    from tests.examples.chatting import Chat


@pytest.fixture
def running(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> AbstractAsyncContextManager[Chat]:
    monkeypatch.setenv("CHAT_PORT", "0")
    return running_chat(capsys)


@pytest.fixture
def reports() -> Iterator[list[Report]]:
    """All that is reported, down to what is only informative."""
    seen: list[Report] = []
    handler = logger.add(
        lambda message: seen.append(message.record["extra"]["report"]), level="INFO"
    )
    logger.enable("otp")
    yield seen
    logger.disable("otp")
    logger.remove(handler)
