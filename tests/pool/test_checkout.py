from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import pytest
import trio

import otp
from otp import PoolSpec, pool, process
from otp.testing import wait_until_idle
from tests.kernel.support import in_process, on_node
from tests.pool.support import NONE, ONE, POOL, Connection, Place, Refused

if TYPE_CHECKING:
    from trio.testing import MockClock


async def hold(seconds: float, got: list[int] | None = None) -> None:
    async with pool.checkout(POOL) as connection:
        if got is not None:
            got.append(connection.number)
        await connection.use(seconds)


@on_node
async def test_a_resource_is_opened_when_somebody_wants_one() -> None:
    place = Place(opening=1)
    await place.start()
    assert place.made == 0

    async with pool.checkout(POOL) as connection:
        assert connection.number == 1
        assert pool.statistics(POOL).used == 1

    assert pool.statistics(POOL).idle == 1


@on_node
async def test_the_one_that_was_given_back_last_is_used_next() -> None:
    place = Place()
    await place.start()
    async with pool.checkout(POOL), pool.checkout(POOL) as second:
        pass

    # Given back in the reverse order: the first came back last.
    async with pool.checkout(POOL) as again:
        assert again is not second
    assert place.made == 2


@on_node
async def test_there_are_never_more_than_may_be() -> None:
    place = Place(opening=0.1, closing=0.1)
    await place.start(PoolSpec(min_size=0, max_size=3))

    async with trio.open_nursery() as nursery:
        for _ in range(20):
            nursery.start_soon(hold, 1)

    assert place.most == 3
    assert place.made == 3


@on_node
async def test_who_has_waited_longest_is_served_first() -> None:
    place = Place()
    await place.start(ONE)
    order: list[int] = []

    async def want(number: int) -> None:
        async with pool.checkout(POOL) as connection:
            order.append(number)
            await connection.use()

    async with trio.open_nursery() as nursery:
        for number in range(5):
            nursery.start_soon(want, number)
            await wait_until_idle()

    assert order == list(range(5))


@on_node
async def test_who_waits_too_long_is_told_so() -> None:
    place = Place()
    await place.start(ONE)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(hold, 60)
        await wait_until_idle()
        begun = trio.current_time()
        with pytest.raises(pool.PoolTimeoutError) as caught:
            await hold(1)

        assert trio.current_time() - begun == 10
        assert caught.value.timeout == 10
        assert isinstance(caught.value, otp.protection.RejectedError)
        text = "pool had nothing to give in 10 s: 1 of its 1 resources are in use"
        assert str(caught.value) == text
        assert pool.statistics(POOL).waiting == 0
        assert pool.statistics(POOL).timed_out == 1


@on_node
async def test_who_waits_too_long_is_told_what_is_being_opened() -> None:
    place = Place(opening=60)
    await place.start(NONE)

    with pytest.raises(pool.PoolTimeoutError, match=r"0 of its 50 .*, 1 being opened$"):
        async with pool.checkout(POOL, timeout=5):
            pass


@on_node
async def test_a_checkout_may_have_a_time_out_of_its_own() -> None:
    place = Place()
    await place.start(ONE)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(hold, 60)
        await wait_until_idle()
        begun = trio.current_time()
        with pytest.raises(pool.PoolTimeoutError):
            async with pool.checkout(POOL, timeout=3):
                pass
        assert trio.current_time() - begun == 3
        with pytest.raises(pool.PoolTimeoutError):
            async with pool.checkout(POOL, timeout=0):
                pass
        assert trio.current_time() - begun == 3
        async with pool.checkout(POOL, timeout=inf):
            assert trio.current_time() - begun == 60


@on_node
async def test_who_would_have_to_wait_behind_too_many_is_refused() -> None:
    place = Place(opening=1)
    await place.start(PoolSpec(min_size=0, max_size=1, queue=1))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(hold, 60)  # for this one it is opened
        nursery.start_soon(hold, 60)
        await wait_until_idle()
        with pytest.raises(pool.PoolFullError) as caught:
            await hold(1)
        assert caught.value.waiting == 2
        assert pool.statistics(POOL).full == 1
        nursery.cancel_scope.cancel()


@on_node
async def test_a_resource_that_cannot_be_opened_is_an_error_of_who_waits() -> None:
    place = Place(opening=1)
    await place.start()
    place.down = True

    with pytest.raises(pool.PoolOpenError) as caught:
        await hold(1)

    assert isinstance(caught.value.__cause__, Refused)
    assert caught.value.recovery == "retry"
    assert pool.statistics(POOL).size == 0
    place.down = False
    await hold(1)


@on_node
async def test_opening_may_take_only_so_long() -> None:
    place = Place(opening=100)
    await place.start(PoolSpec(min_size=0, open_timeout=3, acquire_timeout=inf))

    begun = trio.current_time()
    with pytest.raises(pool.PoolOpenError, match=r"not open in 3 s"):
        await hold(1)

    assert trio.current_time() - begun == 3
    assert place.half_open == 0


@on_node
async def test_a_resource_is_closed_if_its_user_raises() -> None:
    place = Place()
    await place.start()

    with pytest.raises(LookupError):
        async with pool.checkout(POOL):
            raise LookupError
    await wait_until_idle()

    assert place.open == set()
    assert pool.statistics(POOL).discarded == 1


@on_node
async def test_a_resource_is_closed_if_its_user_is_cancelled() -> None:
    place = Place(closing=1)
    await place.start()

    with trio.move_on_after(1):
        await hold(60)

    assert pool.statistics(POOL).closing == 1
    await trio.sleep(2)
    assert place.open == set()


@on_node
async def test_what_spoils_a_resource_may_be_said() -> None:
    place = Place()
    spoilt = pool.resources(
        place.connect,
        close=place.close,
        discard_on=lambda error: not isinstance(error, LookupError),
    )
    await pool.start_named(POOL, spoilt, NONE)

    with pytest.raises(LookupError):
        async with pool.checkout(POOL):
            raise LookupError
    assert pool.statistics(POOL).idle == 1
    with pytest.raises(OSError, match="gone"):
        async with pool.checkout(POOL):
            raise OSError("gone")
    await wait_until_idle()
    assert pool.statistics(POOL).size == 0
    with trio.move_on_after(1):
        await hold(60)
    await wait_until_idle()
    assert pool.statistics(POOL).size == 0


@on_node
async def test_nothing_may_spoil_a_resource() -> None:
    place = Place()
    sturdy = pool.resources(place.connect, close=place.close, discard_on="never")
    await pool.start_named(POOL, sturdy, NONE)

    with trio.move_on_after(1):
        await hold(60)

    assert pool.statistics(POOL).idle == 1


@on_node
async def test_a_resource_is_closed_if_what_judges_it_raises() -> None:
    def judge(_: Exception) -> bool:
        raise ZeroDivisionError

    place = Place()
    source = pool.resources(place.connect, close=place.close, discard_on=judge)
    await pool.start_named(POOL, source, NONE)

    with pytest.raises(ZeroDivisionError):
        async with pool.checkout(POOL):
            raise LookupError
    await wait_until_idle()

    assert place.open == set()


@on_node
async def test_a_user_may_say_that_a_resource_is_broken() -> None:
    place = Place()
    await place.start()

    lent = pool.checkout(POOL)
    async with lent:
        lent.discard()
    await wait_until_idle()

    assert place.open == set()


@on_node
async def test_a_checkout_is_good_for_one_block() -> None:
    await Place().start()
    lent = pool.checkout(POOL)
    async with lent:
        with pytest.raises(RuntimeError, match="one block"):
            async with lent:
                pass

    assert pool.statistics(POOL).idle == 1


@on_node
async def test_a_transaction_is_a_call_with_a_resource() -> None:
    await Place().start()

    assert await pool.transaction(POOL, Connection.use, 1) == 1
    assert await pool.transaction(POOL, Connection.use, seconds=2) == 1


@in_process
async def test_a_resource_is_taken_from_a_process_that_is_killed() -> None:
    place = Place()
    await place.start(ONE)
    user = process.spawn(hold, 60)
    await wait_until_idle()
    got: list[int] = []
    waiter = process.spawn(hold, 1, got)
    await wait_until_idle()

    process.exit(user, otp.Kill())
    await process.wait_exited(waiter)

    assert got == [2]
    assert [connection.number for connection in place.open] == [2]


@in_process
async def test_a_resource_is_taken_from_a_process_that_crashes_beside_its_use() -> None:
    place = Place()
    await place.start(ONE)

    async def crash() -> None:
        await trio.sleep(1)
        raise LookupError

    async def use() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(crash)
            nursery.start_soon(hold, 60)

    await process.wait_exited(process.spawn(use))
    await wait_until_idle()

    assert place.open == set()


@in_process
async def test_who_is_killed_while_he_waits_gets_nothing() -> None:
    place = Place()
    await place.start(ONE)
    user = process.spawn(hold, 5)
    await wait_until_idle()
    waiter = process.spawn(hold, 5)
    await wait_until_idle()

    process.exit(waiter, otp.Kill())
    await process.wait_exited(user)

    assert pool.statistics(POOL).waiting == 0
    assert pool.statistics(POOL).idle == 1
    assert pool.statistics(POOL).granted == 1


@on_node
async def test_plain_trio_tasks_may_use_a_pool() -> None:
    place = Place()
    await place.start(ONE)

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(hold, 1)

    assert place.made == 1


@in_process
async def test_code_of_a_dead_process_gets_nothing() -> None:
    place = Place()
    await place.start()
    ended: list[BaseException] = []

    async def linger() -> None:
        try:
            await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                try:
                    await hold(1)
                except otp.Exit as error:
                    ended.append(error)
                    raise

    ghost = process.spawn(linger)
    await wait_until_idle()
    process.exit(ghost, otp.Kill())
    await wait_until_idle()

    assert len(ended) == 1
    assert place.made == 0


async def test_a_pool_of_another_node_may_be_used(autojump_clock: MockClock) -> None:
    del autojump_clock
    place = Place(opening=1)
    async with otp.Node("here"):
        async with otp.Node("there"):
            await place.start(ONE)
        there = POOL.at("there")
        # The name is asked for now, and the node has ended.
        with pytest.raises(otp.NodeDownError):
            pool.statistics(there)
    async with otp.Node("there"):
        await place.start(ONE)
        async with otp.Node("here"):
            async with pool.checkout(there) as connection:
                await connection.use()
                with pytest.raises(pool.PoolTimeoutError):
                    async with pool.checkout(there, timeout=1):
                        pass
            user = process.spawn(pool.transaction, there, Connection.use, 60)
            await wait_until_idle()
            assert pool.statistics(there).used == 1
            process.exit(user, otp.Kill())
            assert pool.statistics(there).used == 0


@on_node
async def test_there_must_be_such_a_pool() -> None:
    with pytest.raises(otp.NoProcessError):
        await hold(1)
    other = otp.Name[otp.Pool[Connection]]("other")
    process.register(other, process.spawn(trio.sleep_forever))
    with pytest.raises(TypeError, match=r"other.* is no pool"):
        async with pool.checkout(other):
            pass
    with pytest.raises(ValueError, match="time-out"):
        pool.checkout(POOL, timeout=-1)


@on_node
async def test_what_has_gone_bad_together_is_closed_together() -> None:
    place = Place()
    await place.start(PoolSpec(min_size=2))

    async with pool.checkout(POOL) as used:
        pool.clear(POOL)
        await wait_until_idle()
        assert place.open >= {used}
        assert not used.closed
    await wait_until_idle()

    assert used.closed
    assert {connection.number for connection in place.open} == {3, 4}
