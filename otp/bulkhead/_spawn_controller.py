"""`SpawnController`: so many children at the same time, and others wait for room."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, TypeVar, final

import attrs
import trio

from ..dynamic_supervisor import MaxChildrenError, wait_room
from ..kernel import check_address
from ._errors import SpawnLimitError
from ._queue import check_queue
from ._spawning import spawn

if TYPE_CHECKING:
    from ..dynamic_supervisor import DynamicSupervisor
    from ..kernel import Pid, ServerRef
    from ..proc_lib import ChildSpec

T = TypeVar("T")


@final
@attrs.frozen
class SpawnStatistics:
    """How a spawn controller stands.

    Args:
        waiting: how many wait for room.
        started: how many children it has started so far.
        rejected: how many starts have been refused so far.
    """

    waiting: int
    started: int
    rejected: int


@final
class SpawnController:
    """Starts children of a dynamic supervisor, no more than its ``max_children``.

    Above that bound a start is refused, or waits until a child has ended for good. A
    child that is about to be restarted keeps its room.

    The bound is the supervisor's, so it holds whoever starts children, and may be
    changed with `otp.dynamic_supervisor.change_specs`.

    Args:
        supervisor: whose children they are.
        queue: how many starts may wait for room, in order; by default none.
        max_wait: for how many seconds they do.

    Raises:
        InvalidSpecError: a value is wrong, or two do not go together.
        TypeError: *supervisor* is no address.
    """

    __slots__ = (
        "_max_wait",
        "_queue",
        "_rejected",
        "_started",
        "_supervisor",
        "_turn",
        "_waiting",
    )

    def __init__(
        self,
        supervisor: ServerRef[DynamicSupervisor],
        *,
        queue: int = 0,
        max_wait: float = inf,
    ) -> None:
        check_address(supervisor)
        check_queue("spawn controller", queue, max_wait)
        self._supervisor = supervisor
        self._queue = queue
        self._max_wait = max_wait
        # Who holds it is the first of those that wait.
        self._turn = trio.StrictFIFOLock()
        self._waiting = self._started = self._rejected = 0

    def __repr__(self) -> str:
        return f"<SpawnController of {self._supervisor!r}>"

    async def start_child(self, spec: ChildSpec[T]) -> Pid[T]:
        """Start a child, as soon as there is room.

        Whoever is cancelled here leaves no child and takes up no room.

        Raises:
            SpawnLimitError: there is no room, or was none in *max_wait* seconds.
            StartChildError: it could not start, and is not kept.
            StartIgnored: it did not want to start, and is not kept.
            AlreadyStartedError: it is to have a name, and somebody has that.
            CallError: the supervisor is not there, or ended.
        """
        # Nobody goes before those who wait.
        if self._waiting == 0:
            try:
                return await self._start(spec)
            except MaxChildrenError as error:
                if self._queue == 0:
                    raise self._refusal(spec, error.limit, str(error)) from None
        if self._waiting >= self._queue:
            text = f"{self._waiting} starts wait for room already, and no more may"
            raise self._refusal(spec, None, text)
        self._waiting += 1
        try:
            return await self._start_in_turn(spec)
        finally:
            self._waiting -= 1

    def statistics(self) -> SpawnStatistics:
        """Return how things stand."""
        return SpawnStatistics(self._waiting, self._started, self._rejected)

    async def _start_in_turn(self, spec: ChildSpec[T]) -> Pid[T]:
        latest = trio.current_time() + self._max_wait
        # The time is for waiting: a start that has begun is not ended by it.
        with trio.move_on_at(latest) as scope:
            await self._turn.acquire()
        if scope.cancelled_caught:
            raise self._too_late(spec, None)
        try:
            while True:
                try:
                    return await self._start(spec)
                except MaxChildrenError as error:
                    limit = error.limit
                with trio.move_on_at(latest) as scope:
                    await wait_room(self._supervisor)
                if scope.cancelled_caught:
                    raise self._too_late(spec, limit)
        finally:
            self._turn.release()

    async def _start(self, spec: ChildSpec[T]) -> Pid[T]:
        pid = await spawn(self._supervisor, spec)
        self._started += 1
        return pid

    def _too_late(self, spec: ChildSpec, limit: int | None) -> SpawnLimitError:
        text = f"there was no room in {self._max_wait:g} s"
        return self._refusal(spec, limit, text)

    def _refusal(self, spec: ChildSpec, limit: int | None, why: str) -> SpawnLimitError:
        self._rejected += 1
        head = f"child {spec.id!r} cannot be started: "
        return SpawnLimitError(limit, self._waiting, head + why.removeprefix(head))
