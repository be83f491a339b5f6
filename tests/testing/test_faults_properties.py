"""Whatever goes wrong in whatever order: when all is undone, nothing is left of it."""

from __future__ import annotations

from contextlib import suppress
from math import inf
from typing import TYPE_CHECKING

import pytest
import trio
from hypothesis import given, settings, strategies as st
from trio.testing import MockClock

import otp
from otp import gen_server, process, supervisor
from otp.kernel import Mailbox, current_node
from otp.testing import (
    Fault,
    MessageFault,
    crash,
    crash_on,
    delay_messages,
    drop_messages,
    fail_starts,
    kill,
    leaks,
    snapshot,
    suspend,
    wait_until_idle,
)
from tests.testing.shop import STOCK, Clerk, Room, Stock

if TYPE_CHECKING:
    from collections.abc import Callable

SHOP = otp.one_for_one(
    otp.child_spec(Stock).named(STOCK).override(id="stock"),
    otp.child_spec(Room).override(id="room"),
    max_restarts=1000,
    max_seconds=1,
)

NAME = otp.Name[otp.Supervisor]("shop")
TARGETS = ["stock", Stock, ("shop", "stock"), ("shop", "room", "bob"), Clerk, Room]
FAULTS: list[Callable[[object], Fault]] = [
    lambda target: drop_messages(target, times=2),  # type: ignore[arg-type]
    lambda target: drop_messages(target, Stock.add),  # type: ignore[arg-type]
    lambda target: delay_messages(target, 3),  # type: ignore[arg-type]
    lambda target: delay_messages(target, 7, times=1),  # type: ignore[arg-type]
    suspend,  # type: ignore[list-item]
    lambda target: crash_on(target, nth=2, times=2),  # type: ignore[arg-type]
    lambda target: crash_on(target, Stock.count, times=inf),  # type: ignore[arg-type]
    lambda target: fail_starts(target, times=2),  # type: ignore[arg-type]
]
"""What may be in force; each is given a target."""


steps = st.lists(
    st.one_of(
        st.tuples(
            st.just("fault"), st.sampled_from(FAULTS), st.integers(0, len(TARGETS) - 1)
        ),
        st.tuples(st.sampled_from(["kill", "crash"]), st.sampled_from(TARGETS)),
        st.tuples(st.sampled_from(["call", "cast", "idle", "undo"])),
        st.tuples(st.just("wait"), st.sampled_from([1, 4, 20])),
    ),
    max_size=25,
)


class World:
    """A shop, faults in it, and those who call it."""

    def __init__(self, nursery: trio.Nursery) -> None:
        self.nursery = nursery
        self.faults: list[Fault] = []
        self.made = self.ended = 0

    async def do(self, step: tuple[object, ...]) -> None:
        match step:
            case ("fault", make, int(n)):
                self.faults.append(make(TARGETS[n]))  # type: ignore[operator]
            case ("kill" | "crash" as how, target):
                with suppress(otp.NoProcessError):
                    (kill if how == "kill" else crash)(target)  # type: ignore[arg-type]
            case ("call",):
                self.made += 1
                self.nursery.start_soon(self.call)
            case ("cast",):
                Stock.add(STOCK, "thing")
            case ("undo",):
                if self.faults:
                    self.faults.pop(0).undo()
            case ("wait", float() | int() as seconds):
                await trio.sleep(seconds)
            case _:
                await wait_until_idle()

    async def call(self) -> None:
        with suppress(otp.CallError):
            await Stock.count(STOCK)
        self.ended += 1


@pytest.mark.slow
@settings(max_examples=100)
@given(steps)
def test_nothing_is_left_of_any_faults_in_any_order(
    todo: list[tuple[object, ...]],
) -> None:
    async def main() -> None:
        async with otp.Node() as node, trio.open_nursery() as nursery:
            world = World(nursery)
            root = await supervisor.start_named(NAME, otp.Supervisor, SHOP)
            before = snapshot()
            for step in todo:
                await world.do(step)
            for fault in world.faults:
                fault.undo()
            # The last restarts, the last time-outs, what was on its way.
            await trio.sleep(30)
            await wait_until_idle()

            assert process.is_alive(root)
            assert await Stock.count(STOCK) >= 0
            assert world.made == world.ended
            assert node.instruments == []
            for each in node.processes.values():
                assert type(each.mailbox) is Mailbox
                assert type(each) is type(node.root)
                assert not each.owed
            await supervisor.stop(root)
            await wait_until_idle()
            assert leaks(before) == []
            assert current_node() is node

    trio.run(main, clock=MockClock(autojump_threshold=0))


class Sink(otp.GenServer):
    """Keeps what it is sent."""

    def __init__(self) -> None:
        self.got: list[int] = []

    async def handle_info(self, message: int) -> None:
        self.got.append(message)

    @otp.call
    async def all(self) -> list[int]:
        return self.got


def multiple_of(k: int) -> Callable[[object], bool]:
    """Return a matcher for every *k*-th message."""
    return lambda message: isinstance(message, int) and message % k == 0


drops = st.lists(
    st.one_of(
        st.just("send"),
        st.tuples(st.integers(1, 3), st.sampled_from([1, 2, inf])),
        st.integers(0, 5),
    ),
    max_size=40,
)


@pytest.mark.slow
@given(drops)
def test_a_message_is_lost_exactly_if_a_fault_in_force_wants_it(
    todo: list[str | tuple[int, float] | int],
) -> None:
    async def main() -> None:
        async with otp.Node():
            pid = await gen_server.start(Sink)
            faults: list[MessageFault] = []
            # What each fault wants, and how often it still may.
            model: list[tuple[int, float]] = []
            expected: list[int] = []
            number = 0
            for step in todo:
                match step:
                    case (k, times):
                        match_ = multiple_of(k)
                        faults.append(drop_messages(pid, match_, times=times))
                        model.append((k, times))
                    case int() if step < len(faults):
                        faults[step].undo()
                        model[step] = (model[step][0], 0)
                    case _:
                        number += 1
                        process.send(pid, number)
                        for i, (k, left) in enumerate(model):
                            if left > 0 and number % k == 0:
                                model[i] = (k, left - 1)
                                break
                        else:
                            expected.append(number)
            assert [fault.active for fault in faults] == [left > 0 for _, left in model]
            for fault in faults:
                fault.undo()
            assert await Sink.all(pid) == expected

    trio.run(main, clock=MockClock(autojump_threshold=0))
