"""Bulkheads: what a call costs for which there is room, and a start of a child."""

from __future__ import annotations

from typing import TYPE_CHECKING

import otp
from otp import dynamic_supervisor
from otp.bulkhead import SpawnController
from otp.dynamic_supervisor import start_child, terminate_child

from .timing import bare_call

if TYPE_CHECKING:
    from .timing import Line

SPEC = otp.child_spec(otp.GenServer).override(restart="temporary")


def lines() -> dict[str, Line]:
    """Return what is measured."""
    return {
        "a call": calls,
        "a block": blocks,
        "start and end of a child": children,
        "the same without a controller": children_alone,
    }


async def calls(n: int) -> None:
    call = otp.Bulkhead().call
    for i in range(n):
        await call(bare_call, i)


async def blocks(n: int) -> None:
    bulkhead = otp.Bulkhead()
    for i in range(n):
        async with bulkhead:
            await bare_call(i)


async def children(n: int) -> None:
    sup = await dynamic_supervisor.start_link(otp.DynamicSupervisor, max_children=1)
    control = SpawnController(sup)
    for _ in range(n):
        await terminate_child(sup, await control.start_child(SPEC))


async def children_alone(n: int) -> None:
    sup = await dynamic_supervisor.start_link(otp.DynamicSupervisor, max_children=1)
    for _ in range(n):
        await terminate_child(sup, await start_child(sup, SPEC))
