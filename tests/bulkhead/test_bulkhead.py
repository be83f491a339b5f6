from __future__ import annotations

from math import inf, nan
from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from otp import InvalidSpecError, RejectedError, Retry
from otp.bulkhead import Bulkhead, BulkheadFullError, BulkheadStatistics
from otp.retry import Backoff

if TYPE_CHECKING:
    from trio.testing import MockClock


class Room:
    """Counts who is in it."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self.came: list[object] = []

    async def stay(self, seconds: float = 1.0, name: object = None) -> object:
        self.came.append(name)
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await trio.sleep(seconds)
        finally:
            self.now -= 1
        return name


async def test_so_many_calls_are_made_at_once_and_the_next_is_refused(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    bulkhead, room = Bulkhead(2), Room()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(bulkhead.call, room.stay)
        nursery.start_soon(bulkhead.call, room.stay)
        await wait_all_tasks_blocked()
        with pytest.raises(BulkheadFullError) as caught:
            await bulkhead.call(room.stay)

    error = caught.value
    assert str(error) == "2 calls are under way, the limit is 2: nobody may wait"
    assert (error.limit, error.waiting, error.retry_after) == (2, 0, None)
    assert isinstance(error, RejectedError)
    assert len(room.came) == 2
    assert await bulkhead.call(room.stay, name="later") == "later"


async def test_so_many_wait_in_order_and_no_more(autojump_clock: MockClock) -> None:
    del autojump_clock
    bulkhead, room = Bulkhead(1, queue=2), Room()
    async with trio.open_nursery() as nursery:
        for name in range(3):
            nursery.start_soon(bulkhead.call, room.stay, 1.0, name)
            await wait_all_tasks_blocked()
        with pytest.raises(BulkheadFullError):
            await bulkhead.call(room.stay)
        with pytest.raises(BulkheadFullError, match="2 wait already") as caught:
            await bulkhead.call(room.stay)
        assert bulkhead.statistics().rejected == 2

    assert caught.value.waiting == 2
    assert room.came == [0, 1, 2]
    assert room.most == 1
    assert trio.current_time() == 3


async def test_who_waits_for_too_long_is_refused(autojump_clock: MockClock) -> None:
    del autojump_clock
    bulkhead, room = Bulkhead(1, queue=2, max_wait=0.5), Room()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(bulkhead.call, room.stay)
        await wait_all_tasks_blocked()
        with pytest.raises(BulkheadFullError, match="no room in"):
            await bulkhead.call(room.stay)
        assert trio.current_time() == 0.5
        # In time for this one.
        await trio.sleep(0.1)
        await bulkhead.call(room.stay)

    assert bulkhead.statistics() == BulkheadStatistics(1, 0, 0, 1)


async def test_the_time_is_for_waiting_and_not_for_the_call(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    bulkhead, room = Bulkhead(1, queue=1, max_wait=1.5), Room()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(bulkhead.call, room.stay)
        await wait_all_tasks_blocked()
        nursery.start_soon(bulkhead.call, room.stay, 10.0)

    assert trio.current_time() == 11


@pytest.mark.parametrize("queue", [0, 1])
async def test_there_is_room_again_however_a_call_ends(
    queue: int, autojump_clock: MockClock
) -> None:
    del autojump_clock
    bulkhead, room = Bulkhead(1, queue=queue), Room()

    async def fail() -> None:
        raise KeyError

    with pytest.raises(KeyError):
        await bulkhead.call(fail)
    with trio.move_on_after(0.1):
        await bulkhead.call(room.stay)
    await bulkhead.call(room.stay)

    assert bulkhead.statistics().running == 0


async def test_one_task_may_be_in_it_twice() -> None:
    bulkhead = Bulkhead(2)

    async def outer() -> int:
        return await bulkhead.call(inner)

    async def inner() -> int:
        return bulkhead.statistics().running

    assert await bulkhead.call(outer) == 2


async def test_a_function_and_a_block_can_be_behind_it(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    bulkhead, room = Bulkhead(1), Room()
    behind = bulkhead(room.stay)

    assert await behind(name=1) == 1
    async with bulkhead:
        assert bulkhead.statistics().running == 1
        with pytest.raises(BulkheadFullError):
            async with bulkhead:
                pytest.fail("there is room for one")
    with pytest.raises(KeyError):
        async with bulkhead:
            raise KeyError
    assert bulkhead.statistics() == BulkheadStatistics(1, 0, 0, 1)


async def test_more_room_lets_those_in_who_wait(autojump_clock: MockClock) -> None:
    del autojump_clock
    bulkhead, room = Bulkhead(1, queue=5), Room()
    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(bulkhead.call, room.stay)
        await wait_all_tasks_blocked()
        assert bulkhead.statistics() == BulkheadStatistics(1, 1, 4, 0)
        bulkhead.resize(3)
        await wait_all_tasks_blocked()
        assert bulkhead.statistics() == BulkheadStatistics(3, 3, 2, 0)

    assert (room.most, bulkhead.limit) == (3, 3)


async def test_less_room_sends_nobody_away(autojump_clock: MockClock) -> None:
    del autojump_clock
    bulkhead, room = Bulkhead(3), Room()
    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(bulkhead.call, room.stay)
        await wait_all_tasks_blocked()
        bulkhead.resize(1)
        assert bulkhead.statistics() == BulkheadStatistics(1, 3, 0, 0)
        with pytest.raises(BulkheadFullError, match="3 calls are under way"):
            await bulkhead.call(room.stay)
    await bulkhead.call(room.stay)

    assert repr(bulkhead) == "<Bulkhead: 0 of 1>"


async def test_a_retry_comes_back_for_room(autojump_clock: MockClock) -> None:
    del autojump_clock
    bulkhead, room = Bulkhead(1), Room()
    retry = Retry(5, backoff=Backoff(1.0))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(bulkhead.call, room.stay, 2.5)
        await wait_all_tasks_blocked()
        await retry.call(bulkhead.call, room.stay)

    assert trio.current_time() == 4


# ------------------------------------------------------------------------ bad input


def test_by_default_there_are_25_and_nobody_waits() -> None:
    assert Bulkhead().statistics() == BulkheadStatistics(25, 0, 0, 0)


@pytest.mark.parametrize("value", [0, -1, 1.5, "3", None, True, inf])
def test_a_limit_is_a_whole_number(value: object) -> None:
    with pytest.raises(InvalidSpecError, match="the limit of a bulkhead") as caught:
        Bulkhead(value)  # type: ignore[arg-type]
    assert caught.value.kind == "invalid_limit"
    bulkhead = Bulkhead(2)
    with pytest.raises(InvalidSpecError, match="the limit of a bulkhead"):
        bulkhead.resize(value)  # type: ignore[arg-type]
    assert bulkhead.limit == 2


@pytest.mark.parametrize("value", [-1, 1.5, "3", None, True, inf])
def test_a_queue_is_a_whole_number(value: object) -> None:
    with pytest.raises(InvalidSpecError, match="the queue of a bulkhead") as caught:
        Bulkhead(queue=value)  # type: ignore[arg-type]

    assert caught.value.kind == "invalid_queue"


@pytest.mark.parametrize("value", [0, -1, nan, "3", None, True])
def test_a_wait_is_a_time(value: object) -> None:
    with pytest.raises(InvalidSpecError, match="max_wait of a bulkhead") as caught:
        Bulkhead(queue=1, max_wait=value)  # type: ignore[arg-type]

    assert caught.value.kind == "invalid_queue"


def test_a_time_to_wait_is_for_those_who_may_wait() -> None:
    with pytest.raises(InvalidSpecError, match="say how many may") as caught:
        Bulkhead(max_wait=1.0)

    assert (caught.value.kind, caught.value.value) == ("bad_combination", 1.0)


async def test_a_coroutine_is_refused() -> None:
    bulkhead = Bulkhead()
    with pytest.raises(TypeError, match="not the coroutine"):
        await bulkhead.call(Room().stay())  # type: ignore[arg-type]

    assert bulkhead.statistics().running == 0
