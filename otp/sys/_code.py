"""Changing the class of a process that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..gen import CALL_TIMEOUT
from ._ask import ask
from ._messages import ChangeCode

if TYPE_CHECKING:
    from ..kernel import ServerRef


async def migrate(
    server: ServerRef,
    new: type[object],
    *,
    old_version: object = None,
    extra: object = None,
    timeout: float = CALL_TIMEOUT,
) -> None:
    """Let a running process go on as an instance of *new*; see `otp.code.change`."""
    await ask(server, ChangeCode(new, old_version, extra, at_once=True), timeout)
