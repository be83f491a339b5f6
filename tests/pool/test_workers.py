"""Pools of processes."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import pytest
import trio

import otp
from otp import PoolSpec, pool, process
from otp.testing import wait_until_idle
from tests.kernel.support import in_process, on_node

if TYPE_CHECKING:
    from otp import ExitReason, Pid


class BrokenError(Exception):
    """What workers crash of here."""


class Worker(otp.GenServer):
    def __init__(self, *, ending: float = 0.0, starting: float = 0.0) -> None:
        process.trap_exit(True)
        self.ending = ending
        self.starting = starting
        self.uses = 0

    async def init(self) -> None:
        await trio.sleep(self.starting)

    @otp.call
    async def use(self, seconds: float = 1) -> int:
        self.uses += 1
        await trio.sleep(seconds)
        return self.uses

    @otp.call
    async def crash(self) -> None:
        raise BrokenError

    async def terminate(self, reason: ExitReason) -> None:
        del reason
        await trio.sleep(self.ending)


WORKERS = otp.Name[otp.Pool["Pid[Worker]"]]("workers")
TWO = PoolSpec(min_size=2, max_size=2, backoff=otp.Backoff(1.0))


async def start(
    spec: PoolSpec = TWO, *, shutdown: float = 5.0, ending: float = 0.0
) -> None:
    child = otp.child_spec(Worker, ending=ending).override(shutdown=shutdown)
    await pool.start_named(WORKERS, pool.workers(child), spec)
    await wait_until_idle()


@on_node
async def test_workers_are_servers_that_the_pool_starts() -> None:
    await start()

    async with pool.checkout(WORKERS) as first, pool.checkout(WORKERS) as second:
        assert first != second
        assert await Worker.use(first) == 1
        assert await Worker.use(second) == 1
    assert await pool.transaction(WORKERS, Worker.use) == 2


@on_node
async def test_a_worker_that_crashes_is_replaced_and_its_user_hears_of_it() -> None:
    await start()

    async with pool.checkout(WORKERS) as worker:
        with pytest.raises(otp.ServerExitedError) as caught:
            await Worker.crash(worker)
        assert isinstance(caught.value.__cause__, BrokenError)
    await wait_until_idle()
    assert pool.statistics(WORKERS).size == 1
    await trio.sleep(1)
    await wait_until_idle()

    assert pool.statistics(WORKERS).idle == 2
    async with pool.checkout(WORKERS) as first, pool.checkout(WORKERS) as second:
        assert worker not in {first, second}


@on_node
async def test_who_waits_need_not_wait_for_a_pause() -> None:
    await start(PoolSpec(min_size=1, max_size=1))
    begun = trio.current_time()

    async def crash() -> None:
        with pytest.raises(otp.ServerExitedError):
            await pool.transaction(WORKERS, Worker.crash)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(crash)
        await wait_until_idle()
        assert await pool.transaction(WORKERS, Worker.use, 0) == 1

    assert trio.current_time() == begun


@on_node
async def test_a_worker_that_ends_while_it_is_idle_is_replaced() -> None:
    await start()
    async with pool.checkout(WORKERS) as worker:
        pass

    process.exit(worker, otp.Kill())
    await trio.sleep(1)
    await wait_until_idle()

    assert pool.statistics(WORKERS).idle == 2
    assert not process.is_alive(worker)


@on_node
async def test_a_worker_that_always_crashes_is_replaced_more_and_more_slowly() -> None:
    started: list[float] = []

    class Fragile(otp.GenServer):
        async def init(self) -> otp.NoReply:
            started.append(trio.current_time())
            return otp.NoReply(timeout=0)

        async def handle_info(self, message: object) -> None:
            raise BrokenError(message)

    source = pool.workers(otp.child_spec(Fragile))
    spec = PoolSpec(min_size=1, max_size=1, backoff=otp.Backoff(1.0, maximum=4.0))
    begun = trio.current_time()
    pid = await pool.start_link(source, spec)
    await trio.sleep(12)

    assert [at - begun for at in started] == [0, 1, 3, 7, 11]
    await pool.stop(pid)


@in_process
async def test_a_worker_is_used_again_although_its_user_failed_or_died() -> None:
    await start(PoolSpec(min_size=1, max_size=1))
    async with pool.checkout(WORKERS) as worker:
        pass

    with trio.move_on_after(0.5):
        await pool.transaction(WORKERS, Worker.use)
    user = process.spawn(pool.transaction, WORKERS, Worker.use)
    await wait_until_idle()
    process.exit(user, otp.Kill())
    with pytest.raises(LookupError):
        async with pool.checkout(WORKERS):
            raise LookupError

    async with pool.checkout(WORKERS) as again:
        assert again is worker


@on_node
async def test_a_stop_ends_the_workers_in_order() -> None:
    await start(ending=2)
    async with pool.checkout(WORKERS) as first, pool.checkout(WORKERS) as second:
        pass

    begun = trio.current_time()
    await pool.stop(WORKERS)

    assert trio.current_time() - begun == 2
    assert not process.is_alive(first)
    assert not process.is_alive(second)


@on_node
async def test_workers_have_the_time_that_their_own_specification_gives_them() -> None:
    await start(ending=60, shutdown=2)

    begun = trio.current_time()
    await pool.stop(WORKERS)

    assert trio.current_time() - begun == 2
    assert process.processes() == []


@on_node
async def test_workers_may_be_killed_at_once() -> None:
    child = otp.child_spec(Worker, ending=60).override(shutdown="brutal_kill")
    pid = await pool.start_link(pool.workers(child), TWO)
    await wait_until_idle()

    begun = trio.current_time()
    await pool.stop(pid)

    assert trio.current_time() == begun


@in_process
async def test_workers_end_with_a_pool_that_is_killed() -> None:
    process.trap_exit(True)
    await start(ending=1)
    async with pool.checkout(WORKERS) as worker:
        pass
    pid = process.whereis(WORKERS)
    assert pid is not None

    process.exit(pid, otp.Kill())
    await process.wait_exited(worker)
    await wait_until_idle()

    assert process.processes() == [process.self()]
    process.receive_nowait()


@on_node
async def test_a_worker_whose_start_fails_is_an_error_of_who_waits() -> None:
    class Refusing(otp.GenServer):
        async def init(self) -> otp.Fail:
            return otp.Fail(otp.Reason("no"))

    source = pool.workers(otp.child_spec(Refusing))
    pid = await pool.start_link(source, PoolSpec(min_size=0))

    with pytest.raises(pool.PoolOpenError) as caught:
        async with pool.checkout(pid):
            pass

    assert isinstance(caught.value.__cause__, otp.StartError)
    assert caught.value.recovery == "restart"


@on_node
async def test_a_worker_that_is_slow_to_start_is_given_up() -> None:
    source = pool.workers(otp.child_spec(Worker, starting=60))
    spec = PoolSpec(min_size=0, open_timeout=2, acquire_timeout=inf)
    pid = await pool.start_link(source, spec)

    with pytest.raises(pool.PoolOpenError, match="2 s"):
        async with pool.checkout(pid):
            pass
    await wait_until_idle()

    assert process.processes() == [pid]


@on_node
async def test_a_worker_that_is_dead_when_it_has_started_is_a_failure() -> None:
    async def nobody() -> Pid:
        pid = process.spawn_link(trio.sleep, 0)
        process.exit(pid, otp.Kill())
        await process.wait_exited(pid)
        return pid

    source = pool.workers(otp.ChildSpec.of("nobody", nobody))
    pid = await pool.start_link(source, PoolSpec(min_size=0))

    with pytest.raises(pool.PoolOpenError) as caught:
        async with pool.checkout(pid):
            pass

    assert isinstance(caught.value.__cause__, otp.StartError)


@on_node
async def test_a_worker_may_be_checked() -> None:
    async def check(worker: Pid[Worker]) -> bool:
        return await Worker.use(worker, 0) < 2

    spec = PoolSpec(min_size=0, max_size=1, check_after=0)
    source = pool.workers(otp.child_spec(Worker), check=check)
    pid = await pool.start_link(source, spec)
    async with pool.checkout(pid) as first:
        pass
    async with pool.checkout(pid) as second:
        pass
    async with pool.checkout(pid) as third:
        pass

    assert first is second
    assert third is not second


@on_node
async def test_a_worker_is_a_descendant_of_its_pool() -> None:
    await start()
    async with pool.checkout(WORKERS) as worker:
        assert worker.process is not None
        assert worker.process.ancestors[1] == "workers"
