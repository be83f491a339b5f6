"""What the tests of the examples have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.examples.chatting import running_chat

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from tests.examples.chatting import Chat


@pytest.fixture
def running(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> AbstractAsyncContextManager[Chat]:
    monkeypatch.setenv("CHAT_PORT", "0")
    return running_chat(capsys)
