"""A pool from its start to its end."""

from __future__ import annotations

from contextlib import asynccontextmanager
from math import inf
from typing import TYPE_CHECKING

import pytest
import trio
import trio.lowlevel

import otp
from otp import PoolSpec, gen_server, pool, process, supervisor
from otp.pool import (
    CheckedIn,
    CheckedOut,
    CheckoutRefused,
    OpenFailed,
    ResourceClosed,
    ResourceOpened,
)
from otp.pool._desk import Claim
from otp.pool._pool import desk_of
from otp.testing import wait_until_idle
from tests.kernel.support import collected_reports, in_process, on_node
from tests.pool.support import (
    NONE,
    ONE,
    POOL,
    Connection,
    Place,
    Refused,
    pool_reports,
)
from tests.pool.test_checkout import hold

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from otp.pool import PoolEvent


@on_node
async def test_a_pool_opens_what_there_is_to_be_and_does_not_wait_for_it() -> None:
    place = Place(opening=5)
    begun = trio.current_time()
    await pool.start_named(POOL, place.source(), PoolSpec(min_size=3))

    assert trio.current_time() == begun
    assert pool.statistics(POOL).opening == 3
    await trio.sleep(5)
    await wait_until_idle()
    assert pool.statistics(POOL).idle == 3


@on_node
async def test_five_are_there_by_default() -> None:
    place = Place()
    await pool.start_named(POOL, place.source())
    await wait_until_idle()

    assert pool.statistics(POOL).idle == 5


@on_node
async def test_what_nobody_needs_any_more_is_closed_in_time() -> None:
    place = Place()
    await place.start(PoolSpec(min_size=1))
    async with trio.open_nursery() as nursery:
        for _ in range(4):
            nursery.start_soon(hold, 1)
    await wait_until_idle()
    assert pool.statistics(POOL).idle == 4

    await trio.sleep(299)
    assert pool.statistics(POOL).idle == 4
    await trio.sleep(1)
    await wait_until_idle()
    assert pool.statistics(POOL).idle == 1
    await trio.sleep(1000)
    assert pool.statistics(POOL).idle == 1


@on_node
async def test_what_is_old_is_replaced() -> None:
    place = Place()
    await place.start(PoolSpec(min_size=1, max_lifetime=60))

    await trio.sleep(60)
    await wait_until_idle()

    assert [connection.number for connection in place.open] == [2]


@on_node
async def test_what_has_lain_long_is_checked_before_it_is_handed_out() -> None:
    place = Place()
    await place.start(PoolSpec(min_size=0, check_after=10), checked=True)
    await hold(1)
    await hold(1)
    assert place.checks == 0

    await trio.sleep(10)
    await hold(1)

    assert place.checks == 1
    assert place.made == 1


@on_node
async def test_what_is_ill_is_replaced_unseen() -> None:
    place = Place()
    await place.start(ONE, checked=True)
    await hold(1)
    place.ill = {1}
    await trio.sleep(60)

    got: list[int] = []
    await hold(1, got)

    assert got == [2]
    assert place.most == 1


@on_node
@pytest.mark.parametrize("kind", ["slow", "raising"])
async def test_a_check_that_fails_says_the_same(kind: str) -> None:
    async def check(_: Connection) -> None:
        if kind == "raising":
            raise OSError
        await trio.sleep(60)

    place = Place()
    source = pool.resources(place.connect, close=place.close, check=check)
    await pool.start_named(POOL, source, NONE)
    await hold(1)
    await trio.sleep(60)

    got: list[int] = []
    begun = trio.current_time()
    await hold(0, got)

    assert got == [2]
    assert trio.current_time() - begun == (0 if kind == "raising" else 5)


@on_node
async def test_a_check_that_is_a_mistake_is_reported() -> None:
    async def check(_: Connection) -> None:
        raise TypeError("it takes no connection")

    place = Place()
    source = pool.resources(place.connect, close=place.close, check=check)
    await pool.start_named(POOL, source, NONE)
    await hold(1)
    await trio.sleep(60)
    with pool_reports() as reports:
        await hold(1)

    assert [report.doing for report in reports] == ["check"]
    assert "could not check a resource: TypeError" in reports[0].text()
    assert place.made == 2


@on_node
async def test_a_check_that_says_no_is_nothing_to_report() -> None:
    place = Place()
    await place.start(checked=True)
    await hold(1)
    place.ill = {1}
    await trio.sleep(60)
    with pool_reports() as reports:
        await hold(1)

    assert reports == []
    assert place.made == 2


@on_node
async def test_a_check_that_returns_nothing_is_passed() -> None:
    async def check(_: Connection) -> None:
        await trio.lowlevel.checkpoint()

    place = Place()
    source = pool.resources(place.connect, close=place.close, check=check)
    await pool.start_named(POOL, source, NONE)
    await hold(1)
    await trio.sleep(60)
    await hold(1)

    assert place.made == 1


@on_node
async def test_somebody_elses_check_keeps_nobody_waiting() -> None:
    place = Place(checking=4)
    await place.start(PoolSpec(min_size=0, max_size=2), checked=True)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(hold, 1)
        nursery.start_soon(hold, 60)
    await trio.sleep(20)  # the first has lain long, the second has not

    begun = trio.current_time()
    await hold(0)
    assert trio.current_time() == begun


@on_node
async def test_a_stop_closes_everything_also_what_is_in_use() -> None:
    place = Place(closing=1)
    await place.start(PoolSpec(min_size=2))

    async with pool.checkout(POOL) as used:
        begun = trio.current_time()
        await pool.stop(POOL)
        assert trio.current_time() - begun == 1
        assert used.closed
        assert place.open == set()


@on_node
async def test_who_waits_when_the_pool_stops_is_told_so() -> None:
    place = Place()
    await place.start(ONE)

    async def wait() -> None:
        with pytest.raises(otp.ServerExitedError) as caught:
            await hold(1)
        assert caught.value.server == POOL
        assert caught.value.reason == otp.Normal()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(hold, 60)
        await wait_until_idle()
        nursery.start_soon(wait)
        await wait_until_idle()
        await pool.stop(POOL)
        nursery.cancel_scope.cancel()


@on_node
async def test_who_comes_while_the_pool_stops_gets_nothing() -> None:
    place = Place(closing=2)
    await place.start(PoolSpec(min_size=1))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(pool.stop, POOL)
        await wait_until_idle()
        with pytest.raises(otp.NoProcessError):
            await hold(1)


@on_node
async def test_a_stop_takes_no_longer_than_closing_may() -> None:
    place = Place(opening=1, closing=100)
    await place.start(PoolSpec(min_size=2, close_timeout=3))
    await trio.sleep(1)
    with pool_reports() as reports:
        begun = trio.current_time()
        await pool.stop(POOL)

    assert trio.current_time() - begun == 3
    assert place.open == set()
    assert [report.doing for report in reports] == ["close", "close"]
    assert "could not close" in reports[0].text()


@on_node
async def test_a_stop_breaks_off_what_is_being_opened_and_checked() -> None:
    place = Place(opening=5, checking=5)
    await place.start(PoolSpec(min_size=0, max_size=2, check_after=0), checked=True)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(hold, 1)
        await trio.sleep(7)
        nursery.start_soon(hold, 1)
        nursery.start_soon(hold, 1)
        await wait_until_idle()
        numbers = pool.statistics(POOL)
        assert (numbers.checking, numbers.opening) == (1, 1)
        begun = trio.current_time()
        nursery.cancel_scope.cancel()
    await pool.stop(POOL)

    assert trio.current_time() == begun
    assert place.open == set()
    assert place.half_open == 0


@on_node
async def test_a_supervisor_waits_until_everything_is_closed() -> None:
    place = Place(closing=2)
    child = otp.child_spec(otp.Pool, place.source(), PoolSpec(min_size=2)).named(POOL)
    tree = await supervisor.start_link(otp.Supervisor, otp.one_for_one(child))
    await wait_until_idle()
    begun = trio.current_time()

    await supervisor.stop(tree)

    assert trio.current_time() - begun == 2
    assert place.open == set()


@in_process
async def test_a_pool_does_not_mind_the_end_of_others() -> None:
    place = Place()
    await place.start(PoolSpec(min_size=1))
    pid = process.whereis(POOL)
    assert pid is not None
    with collected_reports() as reports:
        other = process.spawn(trio.sleep, 1)

        async def tie() -> None:
            process.link(pid)
            await trio.sleep(1)
            raise otp.Exit(otp.Reason("over"))

        await process.wait_exited(process.spawn(tie))
        await process.wait_exited(other)
        process.send(pid, "what is this?")
        await wait_until_idle()

    assert pool.statistics(POOL).idle == 1
    assert [type(report).__name__ for report in reports] == ["UnexpectedMessage"]


@in_process
async def test_a_pool_that_is_killed_closes_everything_all_the_same() -> None:
    place = Place(closing=1)
    process.trap_exit(True)
    await place.start(PoolSpec(min_size=2))
    pid = process.whereis(POOL)
    assert pid is not None

    async with pool.checkout(POOL):
        process.exit(pid, otp.Kill())
    await process.wait_exited(pid)
    assert len(place.open) == 2
    await trio.sleep(1)
    await wait_until_idle()

    assert place.open == set()
    assert process.processes() == [process.self()]
    process.receive_nowait()


@on_node
async def test_a_pool_is_restarted_with_other_resources() -> None:
    place = Place()
    child = otp.child_spec(otp.Pool, place.source(), PoolSpec(min_size=2)).named(POOL)
    await supervisor.start_link(otp.Supervisor, otp.one_for_one(child))
    await wait_until_idle()
    before = set(place.open)
    pid = process.whereis(POOL)
    assert pid is not None

    process.exit(pid, otp.Kill())
    await wait_until_idle()

    assert len(place.open) == 2
    assert not before & place.open
    await hold(1)


@on_node
async def test_a_keeper_that_is_killed_is_replaced() -> None:
    place = Place()
    await place.start(PoolSpec(min_size=1))
    mine = process.whereis(POOL)
    (keeper,) = [pid for pid in process.processes() if pid is not mine]
    got: list[int] = []

    async with trio.open_nursery() as nursery:
        nursery.start_soon(hold, 5)
        await wait_until_idle()
        process.exit(keeper, otp.Kill())
        await wait_until_idle()
        nursery.cancel_scope.cancel()
    await trio.sleep(1)
    await hold(1, got)

    assert got == [2]
    assert len(place.open) == 1


@on_node
async def test_a_keeper_that_is_killed_while_it_opens_is_a_failure() -> None:
    place = Place(opening=5)
    await place.start(NONE)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(hold, 5)
        await wait_until_idle()
        mine = process.whereis(POOL)
        (keeper,) = [pid for pid in process.processes() if pid is not mine]
        process.exit(keeper, otp.Kill())

    assert place.made == 1
    assert place.half_open == 0


@on_node
async def test_a_failure_that_nobody_waits_for_is_reported_and_tried_again() -> None:
    place = Place()
    place.down = True
    with pool_reports() as reports:
        await place.start(PoolSpec(min_size=1, backoff=otp.Backoff(1.0)))
        await trio.sleep(3.5)
    assert [report.doing for report in reports] == ["open"] * 3
    assert isinstance(reports[0].error(), Refused)
    assert reports[0].text().startswith("pool pool")

    place.down = False
    await trio.sleep(5)
    assert pool.statistics(POOL).idle == 1


@on_node
async def test_a_failure_to_close_is_reported() -> None:
    place = Place()

    async def close(connection: Connection) -> None:
        await place.close(connection)
        raise OSError("lost")

    source = pool.resources(place.connect, close=close)
    await pool.start_named(POOL, source, NONE)
    with pool_reports() as reports:
        async with pool.checkout(POOL) as connection:
            pool.clear(POOL)
        await wait_until_idle()

    assert connection.closed
    assert [str(report.error()) for report in reports] == ["lost"]
    assert pool.statistics(POOL).size == 0


@on_node
async def test_a_resource_without_a_close_is_left_to_itself() -> None:
    place = Place()
    await pool.start_named(POOL, pool.resources(place.connect), NONE)
    await hold(1)
    await pool.stop(POOL)

    assert len(place.open) == 1


@on_node
async def test_listeners_hear_what_happens() -> None:
    place = Place(opening=1)
    await place.start(ONE)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(hold, 2)
        await wait_until_idle()
        with pytest.raises(pool.PoolTimeoutError):
            async with pool.checkout(POOL, timeout=0.5):
                pass
    with trio.move_on_after(3):
        await hold(60)
    await wait_until_idle()
    place.down = True
    with pytest.raises(pool.PoolOpenError) as caught:
        await hold(1)
    seen = list(place.events)

    one = next(event.resource for event in seen if isinstance(event, ResourceOpened))
    cause = caught.value.__cause__
    assert isinstance(cause, Refused)
    assert seen == [
        CheckoutRefused("timeout", 0.5),
        ResourceOpened(one),
        CheckedOut(one, 1.0),
        CheckedIn(one, 2.0, good=True),
        CheckedOut(one, 0.0),
        CheckedIn(one, 3.0, good=False),
        ResourceClosed(one, "failed"),
        OpenFailed(cause),
        CheckoutRefused("open_failed", 1.0),
    ]


@in_process
async def test_a_listener_may_send_although_it_hears_of_the_dead() -> None:
    await Place().start(NONE)
    me = process.self()

    def listen(event: PoolEvent) -> None:
        if isinstance(event, CheckedIn):
            process.send(me, event.good)

    pool.listeners(POOL).add(listen)
    user = process.spawn(hold, 60)
    await wait_until_idle()

    process.exit(user, otp.Kill())

    assert await process.receive(timeout=1) is False


@on_node
async def test_what_was_closed_in_use_does_not_come_back() -> None:
    place = Place()
    await place.start()

    async with pool.checkout(POOL):
        await pool.stop(POOL)

    kinds = [type(event) for event in place.events]
    assert kinds == [ResourceOpened, CheckedOut, ResourceClosed]


@on_node
async def test_statistics_say_what_has_been_done() -> None:
    place = Place(opening=1)
    await place.start(ONE)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(hold, 2)
        nursery.start_soon(hold, 3)

    numbers = pool.statistics(POOL)

    assert (numbers.size, numbers.idle, numbers.used) == (1, 1, 0)
    assert (numbers.granted, numbers.opened) == (2, 1)
    assert numbers.waited_seconds in {1 + 3, 1 + 4}
    assert numbers.used_seconds == 5


@on_node
async def test_a_pool_shows_its_numbers() -> None:
    await Place().start(PoolSpec(min_size=2))

    status = await otp.sys.get_status(POOL)

    assert "idle=2" in repr(status)


@on_node
async def test_a_resource_may_have_a_nursery_of_its_own() -> None:
    alive: list[int] = []

    @asynccontextmanager
    async def connection() -> AsyncGenerator[int]:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            alive.append(1)
            try:
                await trio.sleep(1)
                yield 7
            finally:
                await trio.sleep(1)
                alive.pop()
                nursery.cancel_scope.cancel()

    name = otp.Name[otp.Pool[int]]("numbers")
    await pool.start_named(name, pool.contexts(connection), ONE)
    async with pool.checkout(name) as number:
        assert number == 7
    with trio.move_on_after(1):
        async with pool.checkout(name):
            await trio.sleep_forever()
    assert alive == [1]
    await trio.sleep(1)
    await wait_until_idle()
    assert alive == []
    async with pool.checkout(name):
        await pool.stop(name)
        assert alive == []


@on_node
@pytest.mark.parametrize("during", ["opening", "closing"])
async def test_a_block_may_take_only_so_long(during: str) -> None:
    @asynccontextmanager
    async def connection() -> AsyncGenerator[int]:
        if during == "opening":
            await trio.sleep_forever()
        try:
            yield 7
        finally:
            await trio.sleep_forever()

    name = otp.Name[otp.Pool[int]]("numbers")
    spec = PoolSpec(min_size=0, open_timeout=2, close_timeout=3, acquire_timeout=inf)
    await pool.start_named(name, pool.contexts(connection), spec)
    begun = trio.current_time()
    with pool_reports() as reports:
        if during == "opening":
            with pytest.raises(pool.PoolOpenError, match="2 s"):
                await pool.checkout(name).__aenter__()
            assert trio.current_time() - begun == 2
        else:
            async with pool.checkout(name):
                pass
        await pool.stop(name)

    if during == "closing":
        assert trio.current_time() - begun == 3
        assert "3 s" in reports[0].text()


@on_node
@pytest.mark.parametrize("kind", ["resources", "contexts"])
async def test_what_comes_too_late_in_spite_of_all(kind: str) -> None:
    closed: list[int] = []

    async def come_late() -> int:
        with trio.CancelScope(shield=True):
            await trio.sleep(5)
        return 7

    async def close(number: int) -> None:
        await trio.sleep(1)
        closed.append(number)

    @asynccontextmanager
    async def connection() -> AsyncGenerator[int]:
        number = await come_late()
        try:
            yield number
        finally:
            closed.append(number)

    name = otp.Name[otp.Pool[int]]("numbers")
    spec = PoolSpec(min_size=0, open_timeout=2)
    if kind == "resources":
        await pool.start_named(name, pool.resources(come_late, close=close), spec)
        # It is there, and it would be a pity not to use it.
        async with pool.checkout(name) as number:
            assert number == 7
    else:
        await pool.start_named(name, pool.contexts(connection), spec)
        # All that it does from now on would be cancelled.
        with pytest.raises(pool.PoolOpenError, match="2 s"):
            async with pool.checkout(name):
                pass
    await pool.stop(name)

    assert closed == [7]


@on_node
async def test_a_check_that_is_not_wanted_any_more_is_not_begun() -> None:
    place = Place()
    await place.start(PoolSpec(min_size=0, check_after=0), checked=True)
    await hold(0)
    desk = desk_of(POOL)

    claim = Claim(desk, POOL, None, 1.0)
    desk.ask(claim)
    desk.stop(otp.Normal())
    await wait_until_idle()

    assert place.checks == 0
    assert place.open == set()
    with pytest.raises(otp.ServerExitedError):
        await claim.wait()


@on_node
async def test_a_resource_whose_own_task_crashes_is_replaced() -> None:
    made: list[trio.Event] = []

    @asynccontextmanager
    async def connection() -> AsyncGenerator[int]:
        async def crash() -> None:
            await broken.wait()
            raise OSError("hung up")

        broken = trio.Event()
        made.append(broken)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(crash)
            yield len(made)
            nursery.cancel_scope.cancel()

    name = otp.Name[otp.Pool[int]]("numbers")
    await pool.start_named(name, pool.contexts(connection), ONE)
    async with pool.checkout(name) as number:
        assert number == 1
        made[0].set()
        await wait_until_idle()
    async with pool.checkout(name) as number:
        assert number == 2


@on_node
async def test_a_wrong_source_or_specification_fails_the_start() -> None:
    place = Place()
    for args in [(place.connect,), (place.source(), {"max_size": 1})]:
        with pytest.raises(otp.StartError) as caught:
            await gen_server.start(otp.Pool, *args)  # type: ignore[arg-type]
        assert isinstance(caught.value.__cause__, TypeError)
