"""Checking resources out and in, and what else can be asked of a pool."""

from __future__ import annotations

from typing import (
    TYPE_CHECKING,
    Concatenate,
    Generic,
    ParamSpec,
    TypeVar,
    cast,
    final,
)

from trio.lowlevel import checkpoint, checkpoint_if_cancelled

from ..gen import check_timeout
from ..gen_server import Options
from ..kernel import current, send_ghost_away
from ._desk import Claim
from ._pool import Pool, desk_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType

    from ..kernel import Name, Pid, ServerRef, Via
    from ..protection import AnyListeners, Listeners
    from ._events import PoolEvent, PoolStatistics
    from ._source import Source
    from ._spec import PoolSpec

ConnT = TypeVar("ConnT")
P = ParamSpec("P")
T = TypeVar("T")


@final
class Checkout(Generic[ConnT]):
    """A resource for the time of a block; `checkout` makes one for each block."""

    __slots__ = ("_claim", "_discard", "_pool", "_timeout")

    def __init__(self, pool: ServerRef[Pool[ConnT]], timeout: float | None) -> None:
        self._pool = pool
        self._timeout = timeout
        self._discard = False
        self._claim: Claim[ConnT] | None = None

    async def __aenter__(self) -> ConnT:
        process = current()
        if process.reason is not None:
            await send_ghost_away()
        if self._claim is not None:
            raise RuntimeError("a checkout is good for one block: make another one")
        # Before anything is taken, so that it need not be given back.
        await checkpoint()
        desk = desk_of(self._pool)
        timeout = desk.spec.acquire_timeout if self._timeout is None else self._timeout
        user = None if process.parent is None else process
        claim = self._claim = Claim(desk, self._pool, user, timeout)
        desk.ask(claim)
        if claim.settled:
            # Or the reason for getting nothing.
            return cast("ConnT", await claim.wait())
        resource = cast("ConnT", await claim.wait())
        try:
            await checkpoint_if_cancelled()
        except BaseException:
            # Cancelled when it had been granted: nobody has touched it.
            desk.give_back(claim, good=True)
            raise
        return resource

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        del kind, traceback
        claim = self._claim
        if claim is not None:
            desk = claim.desk
            good = not self._discard
            try:
                good = good and not desk.source.is_spoilt(error)
            except BaseException:
                good = False
                raise
            finally:
                desk.give_back(claim, good=good)

    def discard(self) -> None:
        """Let the resource be closed in the end, and not be used again.

        For a user who has found out that it is broken, and does not raise.
        """
        self._discard = True


def checkout(
    pool: ServerRef[Pool[ConnT]], *, timeout: float | None = None
) -> Checkout[ConnT]:
    """Return what has a resource of *pool* for the time of a block.

    ::

        async with pool.checkout(DB) as connection:
            await connection.execute("select 1")

    Nobody else has it until the end of the block. If that is an error, a cancellation
    or the death of the process, the resource is closed as a rule, since nobody knows in
    the middle of what it is; see `resources`. Any Trio task may do this, also one that
    is no process.

    Args:
        pool: the pool.
        timeout: seconds to wait instead of `PoolSpec.acquire_timeout`.

    Raises:
        PoolTimeoutError: there was nothing to have in time.
        PoolFullError: too many wait already.
        PoolOpenError: it could not be opened; the ``__cause__`` says why.
        NoProcessError: there is no such pool.
        ServerExitedError: the pool ended first.
        ValueError: the time-out is negative or no number.
    """
    if timeout is not None:
        check_timeout(timeout)
    return Checkout(pool, timeout)


async def transaction(
    pool: ServerRef[Pool[ConnT]],
    fn: Callable[Concatenate[ConnT, P], Awaitable[T]],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Return ``await fn(resource, *args, **kwargs)``, with a resource of *pool*.

    Raises:
        OTPError: as for `checkout`.
    """
    async with checkout(pool) as resource:
        return await fn(resource, *args, **kwargs)


def statistics(pool: ServerRef[Pool[ConnT]]) -> PoolStatistics:
    """Return numbers about *pool*. Never waits.

    Raises:
        NoProcessError: there is no such pool.
        TypeError: it is no pool.
    """
    return desk_of(pool).statistics()


def listeners(pool: ServerRef[Pool[ConnT]]) -> Listeners[PoolEvent]:
    """Return who is told of what happens in *pool*, for adding and removing.

    Those that `Pool` was given are there after a restart as well, others are not.

    Raises:
        NoProcessError: there is no such pool.
        TypeError: it is no pool.
    """
    return desk_of(pool).listeners


def clear(pool: ServerRef[Pool[ConnT]]) -> None:
    """Let every resource that there is now be closed: at once, or when it comes back.

    For when all of them have gone bad together: the other side was exchanged, or the
    password was changed. Never waits.

    Raises:
        NoProcessError: there is no such pool.
        TypeError: it is no pool.
    """
    desk_of(pool).clear()


async def start_link(
    source: Source[ConnT],
    spec: PoolSpec | None = None,
    *,
    listeners: AnyListeners[PoolEvent] = (),
) -> Pid[Pool[ConnT]]:
    """Start a pool, linked to the caller; the arguments are those of `Pool`.

    It does not wait for any resource to be open.

    Raises:
        StartError: an argument is wrong.
    """
    return await Options().start_link(Pool, source, spec, listeners=listeners)


async def start_named(
    name: Name[Pool[ConnT]] | Via[Pool[ConnT]],
    source: Source[ConnT],
    spec: PoolSpec | None = None,
    *,
    listeners: AnyListeners[PoolEvent] = (),
) -> Pid[Pool[ConnT]]:
    """Start a pool like `start_link`, registered as *name*.

    Raises:
        AlreadyStartedError: somebody has the name; nothing is started.
    """
    options = Options(name=name)
    return await options.start_link(Pool, source, spec, listeners=listeners)
