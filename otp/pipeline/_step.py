"""A function behind one of the protections of a pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

from .._util import short

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ..protection import Protection


@final
class Step:
    """Calls *inner* from behind *protection*; *origin* is what is called in the end."""

    __slots__ = ("inner", "origin", "protection")

    def __init__(
        self, protection: Protection, inner: Callable[..., Awaitable[Any]]
    ) -> None:
        self.protection = protection
        self.inner = inner
        self.origin = origin_of(inner)

    def __repr__(self) -> str:
        return f"<{short(self.origin)} behind {type(self.protection).__name__}>"

    def __call__(self, *args: object, **kwargs: object) -> Awaitable[Any]:
        return self.protection.call(self.inner, *args, **kwargs)


def origin_of(fn: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Return what is called in the end."""
    return fn.origin if isinstance(fn, Step) else fn
