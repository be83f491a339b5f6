"""Laws of servers and their clients that hold in whatever order things happen."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from math import inf
from typing import TYPE_CHECKING

import pytest
import trio
import trio.testing
from trio.lowlevel import checkpoint

import otp
from otp import (
    AlreadyStartedError,
    CallError,
    CallTimeoutError,
    NoProcessError,
    ServerExitedError,
    gen_server,
    process,
)
from otp.testing import (
    Cancelling,
    DepthFirst,
    Pct,
    RandomWalk,
    cancel_everywhere,
    explore,
    wait_until_idle,
)
from tests.testing.worlds import Crew, in_world, mail, start_is_cancelled, together

if TYPE_CHECKING:
    from otp import From

NAME = otp.Name["Counter"]("counter")


class Counter(otp.GenServer):
    """Counts, answers late if it is asked to, and crashes if it is told to."""

    async def init(self) -> None:
        self.count = 0
        self.waiting: list[From[int]] = []
        await checkpoint()

    @otp.call
    async def add(self) -> int:
        self.count += 1
        return self.count

    @otp.call
    async def slow_add(self) -> int:
        await trio.sleep(1)
        self.count += 1
        return self.count

    @otp.call_noreply
    async def add_later(self, from_: From[int]) -> None:
        self.waiting.append(from_)

    @otp.cast
    async def answer_all(self) -> None:
        for asker in self.waiting:
            self.count += 1
            gen_server.reply(asker, self.count)
        self.waiting.clear()

    @otp.cast
    async def note(self) -> None:
        self.count += 1

    @otp.cast
    async def crash(self) -> None:
        raise ZeroDivisionError


def test_every_call_is_answered_with_a_number_of_its_own() -> None:
    async def scenario() -> None:
        server = await gen_server.start_link(Counter)
        got: list[int] = []

        async def client() -> None:
            got.append(await Counter.add(server))
            got.append(await Counter.add(server))

        await together(client, client)

        assert sorted(got) == [1, 2, 3, 4]

    explore(in_world(scenario), DepthFirst(reduce=True), RandomWalk(), Pct(), runs=150)


def test_a_call_comes_after_the_casts_of_the_same_client() -> None:
    async def scenario() -> None:
        server = await gen_server.start_link(Counter)

        async def client() -> None:
            Counter.note(server)
            Counter.note(server)
            await checkpoint()
            Counter.note(server)
            assert await Counter.add(server) in (4, 8)

        await together(client)

    assert explore(in_world(scenario), DepthFirst(reduce=True), runs=500).complete


def test_a_call_ends_with_an_answer_or_an_error_and_leaves_nothing_behind() -> None:
    async def scenario() -> None:
        server = await gen_server.start_link(Counter)
        slow = Counter.slow_add.within(1)

        async def client() -> None:
            with suppress(CallTimeoutError):
                assert await slow(server) in (1, 2)
            await trio.sleep(10)
            assert mail() == []

        await together(client, client)

        assert await Counter.add.within(inf)(server) == 3

    explore(in_world(scenario), jumps=2, runs=200)


def test_all_who_wait_hear_of_a_crash() -> None:
    async def scenario() -> None:
        server = await gen_server.start(Counter)
        outcomes: list[str] = []

        async def client() -> None:
            try:
                await Counter.add(server)
            except ServerExitedError as error:
                outcomes.append(type(error.reason).__name__)
            except NoProcessError:
                outcomes.append("gone")
            else:
                outcomes.append("answered")
            assert mail() == []

        async def asks_late() -> None:
            with pytest.raises(CallError):
                await Counter.add_later(server)

        async def kill() -> None:
            await checkpoint()
            Counter.crash(server)

        await together(client, asks_late, kill, client)

        assert len(outcomes) == 2
        assert set(outcomes) <= {"Crash", "gone", "answered"}
        assert not process.is_alive(server)

    explore(in_world(scenario), runs=200)


def test_a_server_that_is_stopped_answers_or_is_gone() -> None:
    async def scenario() -> None:
        server = await gen_server.start(Counter)

        async def client() -> None:
            outcome: object = None
            try:
                outcome = await Counter.slow_add(server)
            except ServerExitedError as error:
                outcome = error.reason
            except NoProcessError as error:
                outcome = error
            assert outcome == 1 or isinstance(outcome, (otp.Normal, NoProcessError))

        async def stop() -> None:
            await checkpoint()
            await gen_server.stop(server)
            assert not process.is_alive(server)

        await together(client, stop)

    explore(in_world(scenario), runs=200)


def test_one_of_two_starts_has_the_name() -> None:
    async def scenario() -> None:
        started: list[otp.Pid] = []
        refused: list[otp.Pid] = []

        async def start() -> None:
            try:
                started.append(await gen_server.Options(name=NAME).start(Counter))
            except AlreadyStartedError as error:
                refused.append(error.pid)

        await together(start, start)

        assert len(started) == 1
        assert refused == started
        assert process.whereis(NAME) is started[0]

    explore(in_world(scenario), runs=200)


def test_a_server_that_is_being_started_ends_with_its_starter() -> None:
    async def scenario() -> None:
        async def starter() -> None:
            await gen_server.start_link(Counter)
            await trio.sleep_forever()

        pid = process.spawn(starter)

        async def kill() -> None:
            for _ in range(2):
                await checkpoint()
            process.exit(pid, otp.Kill())

        await together(kill)
        await trio.testing.wait_all_tasks_blocked()

        assert process.processes() == []

    explore(in_world(scenario), runs=300)


def test_an_answer_given_later_reaches_who_asked() -> None:
    async def scenario() -> None:
        server = await gen_server.start_link(Counter)
        got: list[int] = []

        async def client() -> None:
            got.append(await Counter.add_later(server))

        crew = Crew()
        crew.start(client)
        crew.start(client)
        while await Counter.add(server) and len(got) < 2:
            Counter.answer_all(server)
            await trio.sleep(1)
        await crew.wait()

        assert len(set(got)) == 2

    explore(in_world(scenario), runs=100)


def test_requests_that_are_collected_come_each_once() -> None:
    async def scenario() -> None:
        servers = [await gen_server.start(Counter) for _ in range(2)]

        async def client() -> None:
            requests: gen_server.RequestCollection[int, int]
            requests = gen_server.RequestCollection()
            for n, server in enumerate(servers):
                requests.add(Counter.add.send_request(server), n)
            seen: list[int] = []
            while requests:
                seen.append((await requests.receive_response()).label)
            assert sorted(seen) == [0, 1]
            assert mail() == []

        async def kill() -> None:
            process.exit(servers[0], otp.Kill())

        await together(client, kill)

    explore(in_world(scenario), runs=200)


async def use(cancelling: Cancelling) -> None:
    async with otp.Node():
        server = await gen_server.start(Counter)

        async def client() -> None:
            with cancelling:
                await Counter.slow_add(server)
            await trio.sleep(5)
            assert mail() == []
            assert not process.info(process.self()).monitors  # type: ignore[union-attr]

        await together(client)

        assert await Counter.add(server) in (1, 2)


def test_a_call_can_be_cancelled_everywhere() -> None:
    assert cancel_everywhere(use, schedules=5) >= 5


def test_a_start_can_be_cancelled_everywhere() -> None:
    start = partial(gen_server.start_named, NAME, Counter)
    scenario = start_is_cancelled(NAME, start, wait_until_idle)

    assert cancel_everywhere(scenario, schedules=10) >= 10


def test_a_stop_can_be_cancelled_everywhere() -> None:
    async def scenario(cancelling: Cancelling) -> None:
        async with otp.Node():
            server = await gen_server.start(Counter)

            async def stopper() -> None:
                with cancelling:
                    await gen_server.stop(server)
                await trio.testing.wait_all_tasks_blocked()
                assert mail() == []
                if process.is_alive(server):
                    assert await Counter.add(server) == 1

            await together(stopper)

    assert cancel_everywhere(scenario, schedules=5) >= 5
