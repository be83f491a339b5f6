"""What can go wrong when modules are loaded again."""

from __future__ import annotations

from typing import ClassVar

from ..kernel import OTPError, Recovery, Severity


class ReloadError(OTPError):
    """A module could not be loaded again, or a process could not take its code over.

    Everything is as it was. What went wrong is the ``__cause__``, where there is
    more to say than is in the text, which is one line.

    Args:
        module: the name of the module that it is about.
    """

    severity: ClassVar[Severity] = "medium"
    recovery: ClassVar[Recovery] = "ignore"

    def __init__(self, module: str, text: str) -> None:
        super().__init__(text)
        self.module = module
