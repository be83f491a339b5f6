"""How a gen_server comes to be, before its loop begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

from ..gen import end_start
from ..kernel import Exit
from ._results import NoReply, Reply, Stop

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..proc_lib import Ack
    from ._server import GenServer

# What follows a callback, if it is more than the next message.
Follow = Reply[Any] | NoReply | None


@final
class Continue:
    """Stands in the place of a message when ``handle_continue`` is due."""

    __slots__ = ("argument",)

    def __init__(self, argument: object) -> None:
        self.argument = argument


async def init_server(
    ack: Ack | None,
    cls: type[GenServer],
    args: tuple[object, ...],
    kwargs: Mapping[str, object],
) -> tuple[GenServer, Follow]:
    """Make a server of *cls* and acknowledge its start."""
    server = cls(*args, **kwargs)
    follow = _after_init(cls, ack, await server.init())
    if ack is not None:
        ack.settle(None)
    return server, follow


async def given_server(
    _ack: Ack | None, server: GenServer, follow: NoReply
) -> tuple[GenServer, Follow]:
    """Go on with a server that has been made by other means."""
    return server, None if follow.plain else follow


def _after_init(cls: type[GenServer], ack: Ack | None, result: object) -> Follow:
    follow: Follow = None
    match result:
        case None:
            pass
        case NoReply():
            follow = None if result.plain else result
        case Stop(reason):
            raise Exit(reason)
        case _:
            end_start(cls, ack, result)
    return follow
