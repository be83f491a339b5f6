"""The types of pools. Read by the checkers, never run."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, assert_type

import otp
from otp import PoolSpec, pool

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


class Connection:
    """What is shared here."""

    async def query(self, text: str) -> list[str]:
        """Ask for something."""
        return [text]

    async def aclose(self) -> None:
        """Close it."""

    async def ping(self) -> bool:
        """Tell whether it is there."""
        return True


class Other:
    """Something else."""

    async def aclose(self) -> None:
        """Close it."""


class Renderer(otp.GenServer):
    """A worker."""

    def __init__(self, fonts: int) -> None:
        self.fonts = fonts

    @otp.call
    async def render(self, text: str) -> bytes:
        """Do something."""
        return text.encode() * self.fonts


async def connect() -> Connection:
    """Open one."""
    return Connection()


@asynccontextmanager
async def connected() -> AsyncGenerator[Connection]:
    """Open one for the time of a block."""
    yield Connection()


DB = otp.Name[otp.Pool[Connection]]("db")
RENDERERS = otp.Name[otp.Pool[otp.Pid[Renderer]]]("renderers")


def spoils(error: Exception) -> bool:
    """Tell whether a connection is broken."""
    return isinstance(error, OSError)


async def sources_know_what_they_open() -> None:
    source = pool.resources(connect, close=Connection.aclose, check=Connection.ping)
    assert_type(source, pool.Source[Connection])
    assert_type(pool.contexts(connected), pool.Source[Connection])
    workers = pool.workers(otp.child_spec(Renderer, 3))
    assert_type(workers, pool.Source[otp.Pid[Renderer]])
    pool.resources(connect, discard_on=spoils)
    pool.resources(connect, discard_on="never")

    pool.resources(connect, close=Other.aclose)  # type: ignore[misc]
    pool.resources(connect())  # type: ignore[arg-type]
    pool.resources(connect, discard_on="always")  # type: ignore[arg-type]
    pool.contexts(connect)  # type: ignore[arg-type]
    pool.workers(Renderer)  # type: ignore[arg-type]


async def a_child_is_a_pool_of_what_its_source_opens() -> None:
    source = pool.resources(connect, close=Connection.aclose)
    spec = otp.child_spec(otp.Pool, source, PoolSpec(max_size=10))
    assert_type(spec, otp.ChildSpec[otp.Pool[Connection]])
    assert_type(await pool.start_link(source), otp.Pid[otp.Pool[Connection]])
    await pool.start_named(DB, source, PoolSpec(), listeners=[print])

    await pool.start_named(RENDERERS, source)  # type: ignore[misc]
    otp.child_spec(otp.Pool)  # type: ignore[arg-type]
    otp.child_spec(otp.Pool, source, 10)  # type: ignore[arg-type]
    PoolSpec(10)  # type: ignore[call-arg]
    PoolSpec(max_size="10")  # type: ignore[arg-type]


async def a_checkout_gives_what_is_in_the_pool() -> None:
    async with pool.checkout(DB) as connection:
        assert_type(connection, Connection)
        assert_type(await connection.query("select 1"), list[str])
    async with pool.checkout(RENDERERS, timeout=3) as renderer:
        assert_type(renderer, otp.Pid[Renderer])
        assert_type(await Renderer.render(renderer, "x"), bytes)
    lent = pool.checkout(DB)
    assert_type(lent, pool.Checkout[Connection])
    lent.discard()
    assert_type(await pool.transaction(DB, Connection.query, "select 1"), list[str])
    assert_type(await pool.transaction(RENDERERS, Renderer.render, "x"), bytes)
    assert_type(pool.statistics(DB), pool.PoolStatistics)
    pool.listeners(DB).add(print)
    pool.clear(DB)

    pool.checkout(otp.Name[otp.GenServer]("x"))  # type: ignore[arg-type]
    pool.checkout("db")  # type: ignore[arg-type]
    await pool.transaction(DB, Connection.query, 1)  # type: ignore[arg-type]
    await pool.transaction(DB, Other.aclose)  # type: ignore[misc]
