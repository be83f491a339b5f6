"""Where the resources of a pool come from, and where they go.

However that is said, it comes to a context manager that is entered and left in one
task, that of the resource's keeper. So a resource may have scopes and nurseries of its
own, as connections with background tasks do.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import asynccontextmanager
from inspect import iscoroutine
from math import inf
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Final,
    Generic,
    Literal,
    TypeAlias,
    TypeVar,
    cast,
    final,
    get_args,
)

import attrs
import trio

from ..kernel import (
    KILL,
    NO_PROC,
    SHUTDOWN,
    InvalidSpecError,
    Monitor,
    Pid,
    Ref,
    StartError,
    Waiter,
    current,
    watch_end,
)
from ..proc_lib import ChildSpec

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable
    from contextlib import AbstractAsyncContextManager

    from ..kernel import ExitReason, Process
    from ..proc_lib import ShutdownLimit

ConnT = TypeVar("ConnT")
T = TypeVar("T")

DiscardWord = Literal["failure", "never"]

DiscardOn: TypeAlias = DiscardWord | Callable[[Exception], bool]
"""After which errors of its user a resource is not used again."""

_KIND: Final = "invalid_source"


class OpeningCancelledError(Exception):
    """The resource that was being opened is not wanted any more, or not so late."""


@final
@attrs.frozen
class Terms:
    """What a source is told of one resource.

    *opening* is cancelled if opening takes too long or is not wanted any more; *lost*
    is to be called if the resource ends by itself.
    """

    opening: trio.CancelScope
    close_timeout: float
    lost: Callable[[], None]


@attrs.frozen(kw_only=True)
class Source(ABC, Generic[ConnT]):
    """Where the resources of a pool come from.

    `resources`, `contexts` and `workers` make one.
    """

    #: Whether the resources are processes.
    hosts: ClassVar[bool] = False

    check: Callable[[ConnT], Awaitable[object]] | None
    discard_on: DiscardOn

    def __attrs_post_init__(self) -> None:
        _check_function("the check of a pool", self.check)
        if callable(self.discard_on) or self.discard_on in get_args(DiscardWord):
            return
        text = (
            f"discard_on is 'failure', 'never' or a function of an exception, not "
            f"{self.discard_on!r}"
        )
        raise InvalidSpecError(_KIND, self.discard_on, text)

    @property
    @abstractmethod
    def origin(self) -> object:
        """What reports call a resource."""

    @abstractmethod
    def hold(self, terms: Terms) -> AbstractAsyncContextManager[ConnT]:
        """Open a resource, and close it in the end."""

    def is_spoilt(self, error: BaseException | None) -> bool:
        """Tell whether a resource is no good any more after *error*."""
        if error is None or self.discard_on == "never":
            return False
        if self.discard_on == "failure" or not isinstance(error, Exception):
            return True
        return self.discard_on(error)

    @property
    def is_kept_from_the_dead(self) -> bool:
        """Whether a resource is still good when its user has died."""
        return self.discard_on == "never"


# --------------------------------------------------------------- functions that open


@final
@attrs.frozen(kw_only=True)
class _Resources(Source[ConnT]):
    open: Callable[[], Awaitable[ConnT]]
    close: Callable[[ConnT], Awaitable[object]] | None

    @property
    def origin(self) -> object:
        return self.open

    @asynccontextmanager
    async def hold(self, terms: Terms) -> AsyncGenerator[ConnT]:
        resource = await _opened(terms.opening, self.open)
        try:
            yield resource
        finally:
            if self.close is not None:
                with trio.move_on_after(terms.close_timeout, shield=True) as scope:
                    await self.close(resource)
                _check_in_time(scope, terms)


def resources(
    open: Callable[[], Awaitable[ConnT]],
    *,
    close: Callable[[ConnT], Awaitable[object]] | None = None,
    check: Callable[[ConnT], Awaitable[object]] | None = None,
    discard_on: DiscardOn = "failure",
) -> Source[ConnT]:
    """Return a source of whatever an async function opens: connections, for example.

    ::

        pool.resources(connect, close=Connection.aclose, check=Connection.ping)

    Args:
        open: called for each new resource.
        close: called with each resource in the end.
        check: called with a resource that has lain idle, before it is handed out. It
            is good unless this raises or returns False.
        discard_on: after which errors of its user a resource is closed instead of
            being used again: after each, never, or what a function of the exception
            says. After a cancellation and after the death of its user it is closed
            too unless that is ``"never"``: nobody knows in the middle of what it is.

    Raises:
        InvalidSpecError: an argument is no function.
    """
    _check_function("what opens a resource", open, least=True)
    _check_function("what closes a resource", close)
    return _Resources(open=open, close=close, check=check, discard_on=discard_on)


# --------------------------------------------------------------------- with a block


@final
@attrs.frozen(kw_only=True)
class _Contexts(Source[ConnT]):
    make: Callable[[], AbstractAsyncContextManager[ConnT]]

    @property
    def origin(self) -> object:
        return self.make

    @asynccontextmanager
    async def hold(self, terms: Terms) -> AsyncGenerator[ConnT]:
        # One scope from the beginning to the end: what the resource opens in between
        # is left open, and scopes are left in the reverse order.
        with terms.opening as scope:
            async with self.make() as resource:
                if scope.cancel_called:
                    raise OpeningCancelledError
                scope.deadline = inf
                try:
                    yield resource
                finally:
                    scope.shield = True
                    scope.deadline = trio.current_time() + terms.close_timeout
            return
        if not scope.shield:
            raise OpeningCancelledError
        _check_in_time(scope, terms)


def contexts(
    make: Callable[[], AbstractAsyncContextManager[ConnT]],
    *,
    check: Callable[[ConnT], Awaitable[object]] | None = None,
    discard_on: DiscardOn = "failure",
) -> Source[ConnT]:
    """Return a source of what an async context manager gives.

    It is entered and left in one task, so it may have a nursery in it.

    Args:
        make: returns a new one: a function, or a class.
        check: as in `resources`.
        discard_on: as in `resources`.

    Raises:
        InvalidSpecError: an argument is no function.
    """
    _check_function("what makes a resource", make, least=True)
    return _Contexts(make=make, check=check, discard_on=discard_on)


# ------------------------------------------------------------------------ processes


@final
@attrs.frozen(kw_only=True)
class _Workers(Source[Pid[T]], Generic[T]):
    hosts: ClassVar[bool] = True

    spec: ChildSpec[T]

    @property
    def origin(self) -> object:
        return self.spec.start

    @asynccontextmanager
    async def hold(self, terms: Terms) -> AsyncGenerator[Pid[T]]:
        pid = (await _opened(terms.opening, self.spec.start)).pid
        worker = pid.process
        if worker is None:
            raise StartError(self.spec.start, NO_PROC)
        ref = Ref()
        worker.watch(Monitor(ref, _Loss(terms.lost), pid))
        try:
            yield pid
        finally:
            worker.unwatch(ref)
            await _stop(worker, self.spec.shutdown)


@final
class _Loss(Waiter):
    """Hears that a worker has ended."""

    __slots__ = ("_tell",)

    def __init__(self, tell: Callable[[], None]) -> None:
        super().__init__()
        self._tell = tell

    def died(self, reason: ExitReason) -> None:
        del reason
        self._tell()


async def _stop(worker: Process, limit: ShutdownLimit) -> None:
    """Stop a worker as its supervisor would, also if the one that calls is dead."""
    # Not by process.exit(): what the dead send is not heard.
    keeper = current()
    if limit != "brutal_kill":
        worker.exit_signal(keeper, SHUTDOWN, by_link=False)
        if worker.reason is None:
            with trio.move_on_after(limit, shield=True):
                await watch_end(worker).wait()
    worker.exit_signal(keeper, KILL, by_link=False)


def workers(
    spec: ChildSpec[T],
    *,
    check: Callable[[Pid[T]], Awaitable[object]] | None = None,
    discard_on: DiscardOn = "never",
) -> Source[Pid[T]]:
    """Return a source of processes: servers that many share, but one at a time.

    ::

        pool.workers(otp.child_spec(Renderer, fonts))

    The pool is their supervisor. One that ends is replaced, whatever it ends of; who
    uses it just then hears of it by the call that fails. It is given back to the pool
    after an error of its user as well, and after his death, since a server does one
    request after the other.

    Args:
        spec: how one is started, and how long it may take to end; whether it is
            permanent does not matter.
        check: as in `resources`, called with the pid.
        discard_on: as in `resources`.

    Raises:
        InvalidSpecError: *spec* is no specification, or has a name, which only one
            could have.
    """
    if not _is_spec(spec):
        text = f"the workers of a pool have a ChildSpec, not {spec!r}: use child_spec()"
        raise InvalidSpecError(_KIND, spec, text)
    if spec.start.name is not None:
        text = f"the workers of a pool cannot all be called {spec.start.name}"
        raise InvalidSpecError(_KIND, spec, text)
    return _Workers(spec=spec, check=check, discard_on=discard_on)


# ------------------------------------------------------------------ what all share


async def _opened(scope: trio.CancelScope, open: Callable[[], Awaitable[T]]) -> T:
    with scope:
        return await open()
    raise OpeningCancelledError


def _check_in_time(scope: trio.CancelScope, terms: Terms) -> None:
    if scope.cancelled_caught:
        raise TimeoutError(f"it was not closed in {terms.close_timeout:g} s")


def _check_function(what: str, value: object, *, least: bool = False) -> None:
    if callable(value) or (value is None and not least):
        return
    if iscoroutine(value):
        # Nobody will await it, and Python would say so as well.
        value.close()
    raise InvalidSpecError(_KIND, value, f"{what} is a function, not {value!r}")


def _is_spec(value: object) -> bool:
    return isinstance(value, cast("type[Any]", ChildSpec))
