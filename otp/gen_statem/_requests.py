"""Requests that know the type of their answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ._actions import Reply

if TYPE_CHECKING:
    from ..gen import From

R = TypeVar("R")


class Request(Generic[R]):
    """A base for requests that are values, which says what the answer to one is.

    ::

        @attrs.frozen
        class Count(gen_statem.Request[int]):
            pass

    makes ``await gen_statem.call(server, Count())`` an ``int``. It holds nothing and
    may be left out: then the answer is any object.
    """

    __slots__ = ()

    def reply(self, from_: From[Any], value: R) -> Reply[R]:
        """Return ``Reply(from_, value)``, with a value of the right type."""
        del self
        return Reply(from_, value)
