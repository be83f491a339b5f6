"""The report that every behaviour may make."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import attrs

from .._util import is_cast, kind_of, short
from ..kernel import Report
from ._cast import KeywordCast

if TYPE_CHECKING:
    from ..kernel import Pid


@final
@attrs.frozen
class UnexpectedMessage(Report):
    """A process got a message that nothing in it is meant for, and dropped it."""

    level = "WARNING"

    pid: Pid
    name: str | None
    module: type[object]
    message: object

    def text(self) -> str:
        who = self.name or self.module.__name__
        # What is meant for a clause may hold secrets, and its name says enough.
        hidden = is_cast(self.message) or isinstance(self.message, KeywordCast)
        what = (kind_of if hidden else short)(self.message)
        return f"{who} {self.pid!r} dropped an unexpected message: {what}"
