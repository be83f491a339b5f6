"""The report of debugging itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import attrs

from .._util import short
from ..kernel import Report

if TYPE_CHECKING:
    from ..proc_lib import DebugOption


@final
@attrs.frozen
class DebugReport(Report):
    """A debug option of a process raised and was taken out; the process goes on."""

    level = "WARNING"

    who: object
    option: DebugOption
    exception: BaseException

    def text(self) -> str:
        option, who, error = map(short, (self.option, self.who, self.exception))
        return f"debug option {option} of {who} raised and was taken out: {error}"

    def error(self) -> BaseException | None:
        return self.exception
