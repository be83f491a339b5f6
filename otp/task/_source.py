"""Where the items of a stream come from: taken one by one, when they are wanted."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Generator, Iterable
from typing import TYPE_CHECKING, Any, Protocol, TypeGuard, final

import trio

from ..kernel import MISSING, Exit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator


class Source(Protocol):
    """Gives items. A generator that it was made of is closed with it."""

    @property
    def open(self) -> bool:
        """Whether there may be more items."""
        ...

    def poke(self) -> object:
        """Return the next item, or `MISSING` if there is none now, or no more."""
        ...

    async def start(self) -> None:
        """Get ready."""
        ...

    async def close(self) -> None:
        """Be done, whether or not there are items left."""
        ...


@final
class PlainSource:
    """The items of an iterable."""

    def __init__(self, items: Iterable[Any]) -> None:
        self._items = items
        self._iterator: Iterator[Any] | None = None
        self.open = True

    async def start(self) -> None:
        pass

    def poke(self) -> object:
        if not self.open:
            return MISSING
        if self._iterator is None:
            self._iterator = iter(self._items)
        for item in self._iterator:
            return item
        self.open = False
        return MISSING

    async def close(self) -> None:
        self.open = False
        if _is_generator(self._iterator):
            self._iterator.close()


@final
class AsyncSource:
    """The items of an async iterable, fetched by a task of their own.

    So results of a stream can be taken while the next item is not there yet. *wake* is
    called when it is, or when there are no more.
    """

    def __init__(self, items: AsyncIterable[Any], wake: Callable[[], None]) -> None:
        self._items = items
        self._wake = wake
        self._manager = trio.open_nursery()
        self._nursery: trio.Nursery
        self._wanted = trio.Event()
        self._item: object = MISSING
        self._error: BaseException | None = None
        self._over = False

    @property
    def open(self) -> bool:
        return not self._over or self._item is not MISSING or self._error is not None

    async def start(self) -> None:
        self._nursery = await self._manager.__aenter__()
        self._nursery.start_soon(self._fetch_all)

    def poke(self) -> object:
        item, self._item = self._item, MISSING
        if item is MISSING:
            error, self._error = self._error, None
            if error is not None:
                raise error
            self._wanted.set()
        return item

    async def _fetch_all(self) -> None:
        try:
            await self._wanted.wait()
            iterator = aiter(self._items)
            try:
                await self._fetch_from(iterator)
            finally:
                # Here, and not in close(): it may have scopes of its own open.
                if _is_async_generator(iterator):
                    await iterator.aclose()
        except (Exception, Exit) as error:  # noqa: BLE001 - poke() or close() raises it
            self._error = error
        finally:
            self._over = True
            self._wake()

    async def _fetch_from(self, iterator: AsyncIterator[Any]) -> None:
        while True:
            try:
                self._item = await anext(iterator)
            except StopAsyncIteration:
                return
            self._wanted = trio.Event()
            self._wake()
            await self._wanted.wait()

    async def close(self) -> None:
        self._error = None
        self._nursery.cancel_scope.cancel()
        await self._manager.__aexit__(None, None, None)
        if self._error is not None:
            raise self._error


def source_of(items: object, wake: Callable[[], None]) -> Source:
    """Return a source of *items*.

    Raises:
        TypeError: they cannot be iterated over.
    """
    if _is_async_iterable(items):
        return AsyncSource(items, wake)
    if _is_iterable(items):
        return PlainSource(items)
    raise TypeError(f"the items of a stream are an iterable, not {items!r}")


def _is_iterable(value: object) -> TypeGuard[Iterable[Any]]:
    return isinstance(value, Iterable)


def _is_async_iterable(value: object) -> TypeGuard[AsyncIterable[Any]]:
    return isinstance(value, AsyncIterable)


def _is_generator(value: object) -> TypeGuard[Generator[Any]]:
    return isinstance(value, Generator)


def _is_async_generator(value: object) -> TypeGuard[AsyncGenerator[Any]]:
    return isinstance(value, AsyncGenerator)
