"""Typed clauses: both ends of a call in one declaration."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from otp import (
    Name,
    Reason,
    call,
    call_noreply,
    cast,
    gen_server,
    process,
)
from otp.gen_server import (
    CallClause,
    CastClause,
)
from tests.kernel.support import on_node

from .servers import Counter, Results, Store


class Loud(Counter):
    """A counter that overrides clauses, with a mark and without one."""

    @call
    async def incr(self, by: int = 1) -> int:
        return await super().incr(by * 10)

    async def get(self) -> int:
        return -await super().get()

    @cast
    async def reset(self, to: int = 0) -> None:
        await super().reset(to + 1)


class Memory(Store):
    """Keeps the interface."""

    def __init__(self) -> None:
        self.rows: dict[str, str] = {}

    @call
    async def find(self, key: str) -> str | None:
        return self.rows.get(key)

    @cast
    async def put(self, key: str, value: str) -> None:
        self.rows[key] = value


# ------------------------------------------------------------------ the two faces


@on_node
async def test_on_the_class_a_clause_is_the_clients_function() -> None:
    pid = await gen_server.start(Counter)

    assert isinstance(Counter.incr, CallClause)
    assert isinstance(Counter.reset, CastClause)
    assert await Counter.incr(pid, 2) == 2
    assert await Counter.incr(pid, by=3) == 5
    Counter.reset(pid)
    assert await Counter.get(pid) == 0
    Counter.reset(pid, to=7)
    assert await Counter.get(pid) == 7


async def test_on_an_instance_a_clause_is_the_method_itself() -> None:
    counter = Counter(1)

    assert await counter.incr(by=2) == 3
    await counter.reset()
    assert counter.value == 0


def test_a_clause_has_the_name_and_the_words_of_its_method() -> None:
    incr: Any = Counter.incr

    assert (incr.__name__, incr.__qualname__) == ("incr", "Counter.incr")
    assert incr.__doc__ == "Add to the counter and return its new value."
    assert repr(Counter.incr) == "<CallClause Counter.incr>"
    assert repr(Counter.reset) == "<CastClause Counter.reset>"


@pytest.mark.parametrize("mark", [call, call_noreply, cast])
def test_a_clause_is_an_async_method(mark: Any) -> None:
    def plain(self: object) -> None:
        del self

    with pytest.raises(TypeError, match=r"write 'async def .*plain'"):
        mark(plain)
    with pytest.raises(TypeError, match="a clause is an async method"):
        mark(3)


@on_node
async def test_a_clause_with_another_time_is_another_clause() -> None:
    slow = Counter.slowly.within(100)
    pid = await gen_server.start(Counter)

    assert slow is not Counter.slowly
    assert (slow.timeout, Counter.slowly.timeout) == (100, 5.0)
    assert await slow(pid, 50) == 0


@on_node
async def test_a_name_is_as_good_as_a_pid() -> None:
    name = Name[Counter]("counter")
    await gen_server.start_named(name, Counter)

    assert await Counter.incr(name) == 1
    Counter.reset(name)
    assert await Counter.get(name) == 0


@on_node
async def test_a_clause_may_return_a_result() -> None:
    pid = await gen_server.start(Results)

    assert await Results.reply(pid, 3) == 3
    assert await Results.stop(pid, 4) == 4
    assert not process.is_alive(pid)


@on_node
async def test_a_cast_may_stop_the_server() -> None:
    pid = await gen_server.start(Results)
    reasons: list[object] = []

    async def wait() -> None:
        reasons.append(await process.wait_exited(pid))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        await wait_all_tasks_blocked()
        Results.leave(pid)

    assert reasons == [Reason("left")]


# ----------------------------------------------------------------------- overriding


@on_node
async def test_a_subclass_may_override_clauses_and_call_those_of_its_base() -> None:
    pid = await gen_server.start(Loud)

    assert await Loud.incr(pid, 2) == 20
    Loud.reset(pid, 3)
    assert await Counter.get(pid) == -4


@on_node
async def test_the_class_that_runs_decides_and_not_the_class_that_is_named() -> None:
    pid = await gen_server.start(Loud)

    assert await Counter.incr(pid, 2) == 20
    assert await Counter.get(pid) == -20
    Counter.reset(pid)
    assert await Counter.get(pid) == -1


@on_node
async def test_an_abstract_clause_is_an_interface() -> None:
    pid = await gen_server.start(Memory)
    Store.put(pid, "k", "v")

    assert await Store.find(pid, "k") == "v"
    assert await Store.find(pid, key="other") is None


@on_node
async def test_what_overrides_a_clause_and_is_no_clause_does_not_count() -> None:
    class Odd(Counter):
        get = 3  # type: ignore[assignment]

    pid = await gen_server.start(Odd, 5)

    assert await Counter.get(pid) == 5
