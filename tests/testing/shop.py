"""A tree for tests: a shop with a stock, and a room with two clerks."""

from __future__ import annotations

import trio

import otp
from otp import process, supervisor


class Stock(otp.GenServer):
    """Keeps things; a call that is answered, casts that are counted."""

    def __init__(self) -> None:
        self.things: list[str] = []
        self.ended: list[otp.ExitReason] = []

    async def init(self) -> None:
        process.trap_exit(True)

    @otp.call
    async def count(self) -> int:
        return len(self.things)

    @otp.call
    async def all(self) -> list[str]:
        return list(self.things)

    @otp.cast
    async def add(self, thing: str) -> None:
        self.things.append(thing)

    async def handle_cast(self, request: object) -> None:
        self.things.append(f"cast {request}")

    async def handle_info(self, message: object) -> None:
        self.things.append(f"info {message}")

    async def terminate(self, reason: otp.ExitReason) -> None:
        ENDS.append(reason)


# What the terminate() of each stock has been given.
ENDS: list[otp.ExitReason] = []

STOCK = otp.Name[Stock]("stock")


class Clerk(otp.GenServer):
    @otp.call
    async def hello(self) -> str:
        return "hello"


class Room(otp.Supervisor):
    def children(self) -> otp.SupervisorSpec:
        return otp.one_for_all(
            otp.child_spec(Clerk).override(id="ann"),
            otp.child_spec(Clerk).override(id="bob"),
        )


class Shop(otp.Supervisor):
    def children(self) -> otp.SupervisorSpec:
        return otp.one_for_one(
            otp.child_spec(Stock).named(STOCK).override(id="stock"),
            otp.child_spec(Room).override(id="room"),
            max_restarts=3,
            max_seconds=5,
        )


SHOP = otp.Name[Shop]("shop")


async def open_shop() -> otp.Pid[Shop]:
    """Start the shop as "shop"."""
    ENDS.clear()
    return await supervisor.start_named(SHOP, Shop)


async def sleeper() -> None:
    """Be a plain process that waits for the time."""
    await trio.sleep_forever()


async def collector(found: list[object]) -> None:
    """Be a plain process that receives."""
    while True:
        found.append(await process.receive())
