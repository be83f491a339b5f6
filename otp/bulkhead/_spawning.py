"""What a spawn controller asks of a dynamic supervisor.

Whoever asks for a start may be cancelled before it hears of the child, and then nobody
would know it. So the request carries a ticket, on which both write what they know:

===================================  ===========================================
when the asker gives up              what becomes of the child
===================================  ===========================================
before the start                     it is not started
during the start                     the supervisor terminates it when it is up
behind it, before the answer came    the supervisor is told to terminate it
===================================  ===========================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, final

import attrs

from .. import gen_server
from ..dynamic_supervisor import DynamicSpec, StrategyError
from ..kernel import NORMAL, StartIgnored
from ..proc_lib import ChildSpec, Started
from ..supervisor import Family, SpecialRequest, ask

if TYPE_CHECKING:
    from ..dynamic_supervisor import DynamicSupervisor
    from ..kernel import Pid, ServerRef

T = TypeVar("T")


@final
@attrs.define(eq=False)
class Ticket:
    """What the asker and the supervisor know of one start."""

    given_up: bool = False
    pid: Pid[Any] | None = None


@final
@attrs.frozen
class Spawn(SpecialRequest[Started[T]], Generic[T]):
    """Start a child, unless nobody wants it any more."""

    spec: ChildSpec[T]
    ticket: Ticket

    async def carry_out(self, family: Family, /) -> Started[T]:
        if not isinstance(family.spec, DynamicSpec):
            text = "a spawn controller is for a dynamic supervisor, and this is none"
            raise StrategyError(getattr(self.spec, "id", None), text)
        if self.ticket.given_up:
            raise StartIgnored(self.spec.id, NORMAL)
        started: Started[Any] = await family.start_child(self.spec)
        if self.ticket.given_up:
            await family.terminate_child(started.pid)
        self.ticket.pid = started.pid
        return started


@final
@attrs.frozen
class TakeBack(SpecialRequest[None]):
    """Terminate a child that nobody knows."""

    pid: Pid[Any]

    async def carry_out(self, family: Family, /) -> None:
        await family.terminate_child(self.pid)


async def spawn(supervisor: ServerRef[DynamicSupervisor], spec: ChildSpec[T]) -> Pid[T]:
    """Start a child; whoever is cancelled meanwhile leaves none."""
    ticket = Ticket()
    try:
        return (await ask(supervisor, Spawn(spec, ticket))).pid
    except BaseException:
        ticket.given_up = True
        if ticket.pid is not None:
            gen_server.send_request(supervisor, TakeBack(ticket.pid))
        raise
