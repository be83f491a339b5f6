"""`Pool`: the process that resources are checked out of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, final

from .. import process as processes
from ..gen_server import GenServer
from ..kernel import Exited, NoProcessError, current_process, find, publish, published
from ._desk import Desk
from ._source import Source
from ._spec import PoolSpec

if TYPE_CHECKING:
    from ..gen_server import InfoResult
    from ..kernel import ExitReason, ServerRef
    from ..protection import AnyListeners
    from ._events import PoolEvent

ConnT = TypeVar("ConnT")


@final
class Pool(GenServer, Generic[ConnT]):
    """A process with resources that many share, each used by one at a time.

    ::

        DB = otp.Name[otp.Pool[Connection]]("db")
        source = otp.pool.resources(connect, close=Connection.aclose)
        otp.child_spec(otp.Pool, source, otp.PoolSpec(max_size=10)).named(DB)

    What can be asked of it are the functions of `otp.pool`. When it ends, everything is
    closed before anything else happens, also what is in use; that takes no longer than
    `PoolSpec.close_timeout`, or than the workers have.

    Args:
        source: what `resources`, `contexts` or `workers` of `otp.pool` returns.
        spec: how many, how long, how old.
        listeners: functions that are told each `PoolEvent`.

    Raises:
        TypeError: *source* or *spec* is something else.
    """

    # For the keepers.
    __hosts__ = True

    def __init__(
        self,
        source: Source[ConnT],
        spec: PoolSpec | None = None,
        *,
        listeners: AnyListeners[PoolEvent] = (),
    ) -> None:
        _check(source, Source, "the source of a pool is what pool.resources() returns")
        spec = PoolSpec() if spec is None else spec
        _check(spec, PoolSpec, "a pool takes a PoolSpec")
        # So that it is told to end, and has the time to.
        processes.trap_exit(True)
        me = current_process("a pool")
        self.desk = Desk(me, source, spec, listeners)
        publish(me, self.desk)

    async def init(self) -> None:
        self.desk.start()

    async def handle_info(self, message: object) -> InfoResult:
        """Take no note of the end of somebody who was linked."""
        if not isinstance(message, Exited):
            return await super().handle_info(message)
        return None

    async def terminate(self, reason: ExitReason) -> None:
        self.desk.stop(reason)
        await self.desk.wait_empty()

    def format_status(self, status: dict[str, Any]) -> dict[str, Any]:
        """Show the numbers."""
        return status | {"state": self.desk.statistics()}


def desk_of(pool: ServerRef[Pool[ConnT]]) -> Desk[ConnT]:
    """Return where the resources of *pool* are handed out.

    Raises:
        NoProcessError: there is no such pool, or it is not up yet.
        TypeError: it is a process of another kind.
    """
    process = find(pool)
    if process is None:
        raise NoProcessError(pool)
    desk = published(process, cast("type[object]", Desk))
    if desk is not None:
        return cast("Desk[ConnT]", desk)
    if process.origin is Pool:
        raise NoProcessError(pool)
    raise TypeError(f"{pool} is no pool")


def _check(value: object, wanted: type[object], text: str) -> None:
    if not isinstance(value, wanted):
        raise TypeError(f"{text}, not {value!r}")
