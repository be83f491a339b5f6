"""How requests are shown to people, and what is kept from them."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import trio
from trio.testing import wait_all_tasks_blocked

from otp import Down, GenServer, Normal, Pid, Ref, call, cast, gen_server, process, sys
from otp._util import GEN_CAST, is_cast, kind_of
from otp.gen import Envelope, KeywordCast, make_cast, written
from tests.kernel.support import on_node

if TYPE_CHECKING:
    from collections.abc import Awaitable


class Held(GenServer):
    """Is suspended before it takes anything."""

    @call
    async def ask(self, a: int, *, b: int = 0) -> int:
        return a + b

    @cast
    async def tell(self, *words: str, loudly: bool = False) -> None:
        del words, loudly


async def start_held() -> Pid[Held]:
    pid = await gen_server.start(Held)
    await sys.suspend(pid)
    return pid


def mail(pid: Pid) -> list[object]:
    info = process.info(pid)
    assert info is not None
    return list(info.messages)


@on_node
async def test_requests_are_written_as_somebody_would_write_them() -> None:
    pid = await start_held()
    Held.ask.send_request(pid, 1)
    Held.ask.send_request(pid, 1, b=2)
    gen_server.send_request(pid, ("any", "value"))
    Held.tell(pid)
    Held.tell(pid, "a", "b")
    Held.tell(pid, "a", loudly=True)
    gen_server.cast(pid, {"any": "value"})
    process.send(pid, "plain")

    assert [written(message) for message in mail(pid)] == [
        "call ask(1)",
        "call ask(1, b=2)",
        "call ('any', 'value')",
        "cast tell()",
        "cast tell('a', 'b')",
        "cast tell('a', loudly=True)",
        "cast {'any': 'value'}",
        "'plain'",
    ]


@on_node
async def test_the_kinds_of_requests_say_nothing_of_their_arguments() -> None:
    pid = await start_held()
    Held.ask.send_request(pid, 1)
    gen_server.send_request(pid, "secret")
    Held.tell(pid, "secret")
    Held.tell(pid, "secret", loudly=True)
    gen_server.cast(pid, "secret")
    process.send(pid, "secret")
    process.send(pid, Down(Ref(), pid, Normal(), None))

    assert [kind_of(message) for message in mail(pid)] == [
        "call ask",
        "call",
        "cast tell",
        "cast tell",
        "cast",
        "str",
        "Down",
    ]


def test_a_cast_is_written_as_somebody_would_write_it() -> None:
    assert written(make_cast("add", 1)) == "cast add(1)"
    assert written(KeywordCast("add", (1,), {"by": 2})) == "cast add(1, by=2)"


def only_request(pid: Pid) -> Envelope:
    (request,) = mail(pid)
    assert isinstance(request, Envelope)
    return request


@on_node
async def test_who_asks_is_found_as_long_as_he_waits() -> None:
    pid = await start_held()

    async def ask() -> None:
        with trio.move_on_after(1):
            await Held.ask(pid, 1)
        await trio.sleep_forever()

    asker = process.spawn(ask)
    await wait_all_tasks_blocked()
    request = only_request(pid)
    assert request.asker is asker
    await trio.sleep(2)
    assert request.asker is None


@on_node
async def test_outside_of_processes_the_node_asks() -> None:
    pid = await start_held()

    async def run(call: Awaitable[object]) -> None:
        await call

    async with trio.open_nursery() as nursery:
        nursery.start_soon(run, Held.ask(pid, 1))
        await wait_all_tasks_blocked()
        assert only_request(pid).asker is process.self()
        await sys.resume(pid)


@on_node
async def test_who_sent_a_request_without_waiting_is_not_known() -> None:
    pid = await start_held()
    Held.ask.send_request(pid, 1)

    assert only_request(pid).asker is None


def test_a_tuple_that_only_looks_like_a_cast_is_none() -> None:
    # Not the mark itself, but a text that is equal to it.
    looks_like_it = GEN_CAST[:5] + GEN_CAST[5:]
    for message in [(), (GEN_CAST,), (looks_like_it, "add", 1), [GEN_CAST, "add"]]:
        assert not is_cast(message)
        assert kind_of(message) == type(message).__name__
    assert is_cast((GEN_CAST, "add"))


def test_a_cast_of_plain_values_is_nothing_to_the_garbage_collector() -> None:
    message = make_cast("add", 1, "two")
    gc.collect()
    assert not gc.is_tracked(message)
