"""Requests that are sent now and fetched later."""

from __future__ import annotations

from math import nan

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from otp import (
    CallError,
    CallTimeoutError,
    GenServer,
    Kill,
    Killed,
    Name,
    NodeDownError,
    NoProcessError,
    Pid,
    ServerExitedError,
    ServerRef,
    call,
    gen_server,
    process,
)
from otp.gen import Request, check_timeout
from otp.kernel import current_node
from tests.kernel.support import dead_pid, on_node, running_timers


class Slow(GenServer):
    """Answers after some seconds."""

    def __init__(self) -> None:
        self.asked = 0

    @call
    async def ask(self, seconds: float) -> float:
        self.asked += 1
        await trio.sleep(seconds)
        return seconds

    @call
    async def count(self) -> int:
        return self.asked

    async def handle_call(self, request: float, from_: object) -> float:
        del from_
        return await self.ask(request)


@on_node
async def test_a_request_does_not_wait() -> None:
    pid = await gen_server.start(Slow)
    request = Slow.ask.send_request(pid, 3)

    assert isinstance(request, Request)
    assert not request.settled
    assert repr(request) == f"<ask of {pid!r}>"
    before = trio.current_time()
    assert await gen_server.receive_response(request) == 3
    assert trio.current_time() == before + 3
    assert request.result() == 3


@on_node
async def test_an_answer_may_be_there_before_it_is_fetched() -> None:
    pid = await gen_server.start(Slow)
    request = Slow.ask.send_request(pid, 0)
    await wait_all_tasks_blocked()

    assert request.settled
    assert await gen_server.wait_response(request) == 0
    assert await gen_server.wait_response(request, 0) == 0
    assert await gen_server.receive_response(request) == 0


@on_node
async def test_a_message_may_be_a_request() -> None:
    pid = await gen_server.start(Slow)

    assert await gen_server.receive_response(gen_server.send_request(pid, 2)) == 2


@on_node
async def test_a_request_never_fails_when_it_is_sent() -> None:
    failures: list[tuple[ServerRef, type[CallError]]] = [
        (await dead_pid(), NoProcessError),
        (Name[Slow]("nobody"), NoProcessError),
        (Name[Slow]("x").at("nowhere"), NodeDownError),
    ]
    for server, error in failures:
        request = gen_server.send_request(server, "x")
        assert request.settled
        with pytest.raises(error):
            await gen_server.wait_response(request)
        with pytest.raises(error):
            request.result()


@on_node
async def test_a_request_fails_with_its_server() -> None:
    pid = await gen_server.start(Slow)
    working, waiting = Slow.ask.send_request(pid, 9), Slow.ask.send_request(pid, 9)
    await wait_all_tasks_blocked()
    process.exit(pid, Kill())

    for request in (working, waiting):
        with pytest.raises(ServerExitedError) as caught:
            await gen_server.receive_response(request)
        assert caught.value.reason == Killed()


@on_node
async def test_who_waits_in_vain_may_wait_again() -> None:
    pid = await gen_server.start(Slow)
    request = Slow.ask.send_request(pid, 3)
    for _ in range(2):
        with pytest.raises(CallTimeoutError) as caught:
            await gen_server.wait_response(request, 1)
        assert (caught.value.server, caught.value.timeout) == (pid, 1)

    assert await gen_server.wait_response(request, 1) == 3
    assert running_timers(current_node()) == 0


@on_node
async def test_what_is_not_received_in_time_is_given_up() -> None:
    pid = await gen_server.start(Slow)
    request = Slow.ask.send_request(pid, 3)
    with pytest.raises(CallTimeoutError):
        await gen_server.receive_response(request, 1)
    await trio.sleep(5)

    with pytest.raises(CallTimeoutError):
        request.result()
    assert await Slow.count(pid) == 1


@on_node
async def test_who_looks_at_once_does_not_wait() -> None:
    pid = await gen_server.start(Slow)
    request = Slow.ask.send_request(pid, 3)
    before = trio.current_time()
    with pytest.raises(CallTimeoutError):
        await gen_server.wait_response(request, 0)

    assert trio.current_time() == before


@on_node
async def test_a_request_is_sent_by_any_task_and_received_by_any_other() -> None:
    pid = await gen_server.start(Slow)
    requests: list[Request[float]] = []
    answers: list[float] = []

    async def fetch() -> None:
        answers.append(await gen_server.receive_response(requests[0]))

    async def body() -> None:
        requests.append(Slow.ask.send_request(pid, 1))

    await process.wait_exited(process.spawn(body))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(fetch)

    assert answers == [1]


@on_node
async def test_two_tasks_may_wait_for_one_request() -> None:
    pid = await gen_server.start(Slow)
    request = Slow.ask.send_request(pid, 1)
    answers: list[float] = []

    async def fetch() -> None:
        answers.append(await gen_server.wait_response(request))

    with trio.move_on_after(10) as scope:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(fetch)
            nursery.start_soon(fetch)

    assert answers == [1, 1]
    assert not scope.cancelled_caught


@pytest.mark.parametrize("timeout", [-1, nan])
@on_node
async def test_a_time_is_not_negative(timeout: float) -> None:
    pid: Pid[Slow] = await gen_server.start(Slow)
    request = Slow.ask.send_request(pid, 0)
    with pytest.raises(ValueError, match="a time-out is 0 seconds or more"):
        await gen_server.wait_response(request, timeout)
    with pytest.raises(ValueError, match="a time-out is 0 seconds or more"):
        check_timeout(timeout)

    assert check_timeout(0) == 0
