"""The process behind each resource: it opens it, checks it and closes it.

So a resource that is slow to open or to close keeps nobody else waiting, and whatever
it does when it is closed is done by a process that lives: also if the pool has died,
which then waits for its keepers before it is gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Literal, Protocol, TypeVar, final

import trio

from .. import process
from ..kernel import Monitor, Ref, Waiter
from ..protection import recovery_of
from ._source import OpeningCancelledError, Terms

if TYPE_CHECKING:
    from ..kernel import ExitReason, Process
    from ._source import Source
    from ._spec import PoolSpec

ConnT = TypeVar("ConnT")
ConnT_contra = TypeVar("ConnT_contra", contravariant=True)

_Order = Literal["check", "close"]


class Master(Protocol[ConnT_contra]):
    """Who hears from a keeper; none of these waits."""

    def opened(self, number: int, resource: ConnT_contra) -> None: ...
    def checked(self, number: int, *, good: bool) -> None: ...
    def mistaken(self, error: Exception) -> None: ...
    def lost(self, number: int) -> None: ...
    def gone(self, number: int, error: Exception | None) -> None: ...


@final
class Keeper(Waiter, Generic[ConnT]):
    """Keeps the resource of one slot; *master* hears of it."""

    __slots__ = (
        "_begun",
        "_checking",
        "_closing",
        "_gone",
        "_master",
        "_number",
        "_opened",
        "_opening",
        "_order",
        "_source",
        "_spec",
    )

    def __init__(
        self, master: Master[ConnT], number: int, source: Source[ConnT], spec: PoolSpec
    ) -> None:
        super().__init__()
        self._master = master
        self._number = number
        self._source = source
        self._spec = spec
        self._begun = self._opened = self._closing = self._gone = False
        self._opening = trio.CancelScope()
        self._checking = trio.CancelScope()
        # What it is to do next, as soon as the resource is there.
        self._order = Waiter()

    def launch(self, pool: Process) -> None:
        """Begin, in a process of its own that is a child of *pool*."""
        keeper = pool.node.create(pool)
        keeper.origin = self._source.origin
        keeper.watch(Monitor(Ref(), self, keeper.pid))
        hosts = self._source.hosts
        pool.node.launch(keeper, pool.nursery, self._live, host=hosts)

    # -------------------------------------------------------------------- its orders

    def check(self) -> None:
        """Look whether the resource is still good, and tell."""
        self._order.settle("check")

    def close(self) -> None:
        """Close the resource; what is done with it just now is broken off."""
        self._closing = True
        self._order.settle("close")
        self._checking.cancel()
        if not self._opened:
            self._opening.cancel()

    def died(self, reason: ExitReason) -> None:
        del reason
        if not self._begun:
            self._go(None)
        elif not self._gone:
            # Killed by somebody: the code is on its way to close the resource.
            self._master.lost(self._number)

    # ---------------------------------------------------------------------- its life

    async def _live(self) -> None:
        self._begun = True
        process.trap_exit(True)
        failure: Exception | None = None
        try:
            await self._keep()
        except OpeningCancelledError:
            if not self._closing:
                text = f"it was not open in {self._spec.open_timeout:g} s"
                failure = TimeoutError(text)
        except Exception as error:  # noqa: BLE001 - it may be anybody's code
            failure = error
        finally:
            self._go(failure)

    async def _keep(self) -> None:
        spec = self._spec
        self._opening.deadline = trio.current_time() + spec.open_timeout
        terms = Terms(self._opening, spec.close_timeout, self._lose)
        async with self._source.hold(terms) as resource:
            self._opened = True
            if self._closing:
                return
            self._master.opened(self._number, resource)
            while await self._order.wait() == "check":
                self._order = Waiter()
                good = await self._is_good(resource)
                if self._closing:
                    return
                self._master.checked(self._number, good=good)

    async def _is_good(self, resource: ConnT) -> bool:
        check = self._source.check
        if self._closing:
            return False
        self._checking = trio.CancelScope()
        self._checking.deadline = trio.current_time() + self._spec.check_timeout
        with self._checking:
            try:
                return check is None or await check(resource) is not False
            except Exception as error:  # noqa: BLE001 - it may be anybody's code
                if recovery_of(error) == "escalate":
                    # Else no check would ever pass, and nobody would know why.
                    self._master.mistaken(error)
                return False
        return False

    def _lose(self) -> None:
        self._master.lost(self._number)

    def _go(self, failure: Exception | None) -> None:
        self._gone = True
        self._master.gone(self._number, failure)
