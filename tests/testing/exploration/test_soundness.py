"""Reduction: what it leaves out shows nothing that the rest does not."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, TypeAlias

import pytest
import trio
from trio.lowlevel import checkpoint

import otp
from otp import process, registry, supervisor, timer
from otp.testing import DepthFirst
from otp.testing._exploration._run_once import Limits, run_once

if TYPE_CHECKING:
    from collections.abc import Callable

    Look: TypeAlias = Callable[["World"], object]

ROOMS = otp.Name[otp.Registry[str, int]]("rooms")

TOGETHER = 1.0
"""When all do what they do; until then, each of them begins alone."""


class World:
    """Two processes that do something at the same time, and one that waits."""

    def __init__(self, node: otp.Node) -> None:
        self.node = node
        self.third = process.spawn(self._third)
        self.timer = timer.send_after(TOGETHER - trio.current_time(), self.third, "")
        self.seen: dict[int, object] = {}

    async def _third(self) -> None:
        if process.whereis(ROOMS) is not None:
            registry.register(ROOMS, "lobby", 1)
        await process.receive(int)

    async def act(self, number: int, action: Look) -> None:
        await trio.sleep_until(TOGETHER)
        self.seen[number] = action(self)
        await checkpoint()


def outcomes(*actions: Look, rooms: bool = False) -> set[str]:
    """Return what *actions* lead to, but for what is said to show nothing new."""
    chooser = DepthFirst(reduce=True).start(Random(0))
    found: set[str] = set()
    seen: list[str] = []

    async def test() -> None:
        async with otp.Node() as node:
            if rooms:
                await supervisor.start_named(ROOMS, otp.Registry, keys="unique")
            world = World(node)
            for number, action in enumerate(actions):
                await trio.sleep(0.1)
                process.spawn(world.act, number, action)
            await trio.sleep(10)
            seen.append(str(sorted(world.seen.items())))

    while chooser.begin(0):
        run = run_once(test, chooser, Limits(1000, 100.0, 0))
        assert run.error is None
        if not chooser.redundant:
            found.add(seen[-1])
    return found


def end(world: World) -> None:
    process.send(world.third, 1)


def kill(world: World) -> None:
    process.exit(world.third, otp.Kill())


def register(world: World) -> None:
    process.register("somebody", world.third)


def start(world: World) -> None:
    del world
    process.spawn(trio.sleep, 5, label="new")


def count_new(world: World) -> int:
    del world
    labels = [look.label for look in map(process.info, process.processes()) if look]
    return labels.count("new")


def draw(world: World) -> object:
    return world.node.random.random()


CASES: list[tuple[Look, Look]] = [
    (end, lambda world: process.is_alive(world.third)),
    (kill, lambda world: process.is_alive(world.third)),
    (kill, lambda world: world.third in process.processes()),
    (start, count_new),
    (register, lambda _: process.registered()),
    (draw, draw),
    (lambda _: None, lambda world: timer.cancel_timer(world.timer)),
    (lambda _: None, lambda world: timer.read_timer(world.timer)),
]


@pytest.mark.parametrize(("action", "look"), CASES)
def test_both_outcomes_are_seen(action: Look, look: Look) -> None:
    assert len(outcomes(action, look)) == len(outcomes(look, action)) == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    "look",
    [
        lambda _: registry.count(ROOMS),
        lambda world: registry.keys(ROOMS, world.third),
        lambda _: registry.lookup(ROOMS, "lobby"),
    ],
)
def test_what_the_dead_leave_to_a_registry_is_seen(look: Look) -> None:
    assert len(outcomes(kill, look, rooms=True)) == 2
