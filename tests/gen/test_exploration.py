from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
import trio
from trio.lowlevel import checkpoint

import otp
from otp import gen_server, process
from otp.gen import (
    NoRequestError,
    RequestCollection,
    receive_response,
    wait_response,
)
from otp.testing import Cancelling, cancel_everywhere, explore
from tests.testing.worlds import all_exited, cancelled_world, rest, together, world

if TYPE_CHECKING:
    from otp import Pid


class Echo(otp.GenServer):
    """Gives back what it is given, after a second."""

    @otp.call
    async def say(self, what: int) -> int:
        await trio.sleep(1)
        return what


async def stop(*servers: Pid[Echo]) -> None:
    for server in servers:
        process.exit(server, otp.Kill())
    await all_exited(*servers)


def test_an_answer_comes_in_time_or_never() -> None:
    seen: set[object] = set()

    async def body() -> None:
        server = await gen_server.start(Echo)
        request = Echo.say.send_request(server, 7)
        try:
            seen.add(await receive_response(request, timeout=1))
        except otp.CallTimeoutError:
            seen.add("late")
            await rest()
            with pytest.raises(otp.CallTimeoutError):
                request.result()
        await stop(server)

    explore(world(body), runs=60, jumps=2)

    assert seen == {7, "late"}


def test_who_waits_again_after_a_time_out_has_the_answer() -> None:
    seen: set[int] = set()

    async def body() -> None:
        server = await gen_server.start(Echo)
        request = Echo.say.send_request(server, 7)
        tries = 1
        while True:
            try:
                assert await wait_response(request, timeout=0.5) == 7
                break
            except otp.CallTimeoutError:
                tries += 1
        seen.add(tries)
        await stop(server)

    explore(world(body), runs=60, jumps=2)

    assert seen >= {2, 3}


def test_each_of_many_requests_is_answered_once_whatever_becomes_of_the_servers() -> (
    None
):
    seen: set[object] = set()

    async def body() -> None:
        servers = [await gen_server.start(Echo) for _ in range(3)]
        pending = RequestCollection[int, int]()
        for number, server in enumerate(servers):
            pending.add(Echo.say.send_request(server, number), number)

        async def kill() -> None:
            await trio.sleep(1)
            process.exit(servers[0], otp.Kill())

        killer = process.spawn(kill)
        labels: list[int] = []
        while len(pending):
            try:
                response = await pending.wait_response(1)
            except otp.CallTimeoutError:
                continue
            labels.append(response.label)
            if response.error is None:
                assert response.result() == response.label
            seen.add(type(response.error))
        assert sorted(labels) == [0, 1, 2]
        await all_exited(killer)
        await stop(*servers)

    explore(world(body), runs=60, jumps=2)

    assert seen == {type(None), otp.ServerExitedError}


def test_tasks_that_share_a_collection_have_each_answer_once() -> None:
    async def body() -> None:
        servers = [await gen_server.start(Echo) for _ in range(2)]
        pending = RequestCollection[int, int]()
        for number, server in enumerate(servers):
            pending.add(Echo.say.send_request(server, number), number)
        labels: list[int] = []
        ends: list[type[Exception]] = []

        async def take() -> None:
            for _ in range(2):
                try:
                    labels.append((await pending.wait_response(1)).label)
                except (NoRequestError, otp.CallTimeoutError) as error:
                    ends.append(type(error))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(take)
            nursery.start_soon(take)
        assert len(set(labels)) == len(labels) == 2 - len(pending)
        assert len(labels) + len(ends) == 4
        await stop(*servers)

    explore(world(body), runs=60, jumps=1)


def test_nothing_is_lost_if_waiting_is_cancelled() -> None:
    async def wait(cancelling: Cancelling) -> None:
        servers = [await gen_server.start(Echo) for _ in range(2)]
        pending = RequestCollection[int, int]()
        for number, server in enumerate(servers):
            pending.add(Echo.say.send_request(server, number), number)
        labels: list[int] = []
        with cancelling:
            await checkpoint()
            while len(pending):
                labels.append((await pending.receive_response()).label)
        while len(pending):
            labels.append((await pending.receive_response()).label)
        assert sorted(labels) == [0, 1]
        await stop(*servers)

    assert cancel_everywhere(cancelled_world(wait), schedules=5) > 10


def test_who_is_cancelled_has_given_the_request_up() -> None:
    async def wait(cancelling: Cancelling) -> None:
        server = await gen_server.start(Echo)
        request = Echo.say.send_request(server, 7)
        with cancelling:
            assert await receive_response(request) == 7
        assert request.settled
        await together(partial(rest, 2))
        await stop(server)

    assert cancel_everywhere(cancelled_world(wait), schedules=5) > 5
