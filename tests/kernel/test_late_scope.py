"""Cancelling a task from outside, and killing processes with and without that."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any

import pytest
import trio
from trio.lowlevel import checkpoint, current_task
from trio.testing import wait_all_tasks_blocked

from otp import Kill, Killed, Node, Reason, process
from otp.kernel import _late_scope, current_process
from otp.kernel._late_scope import cancel_task, is_supported, release_task

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from trio.lowlevel import Task
    from trio.testing import MockClock

    from otp.kernel import SchedulerName

# ------------------------------------------------------------------- of a task alone


class Victim:
    """A task that can be cancelled, and what it has seen."""

    task: Task

    def __init__(self, body: Callable[[list[str]], Awaitable[None]]) -> None:
        self.body = body
        self.seen: list[str] = []

    async def run(self) -> None:
        self.task = current_task()
        try:
            await self.body(self.seen)
            self.seen.append("not cancelled")
        except trio.Cancelled:
            self.seen.append("cancelled")
        except BaseExceptionGroup as group:
            others = group.split(trio.Cancelled)[1]
            self.seen.append("cancelled" if others is None else repr(others))
        try:
            await checkpoint()
        except trio.Cancelled:
            self.seen.append("still cancelled")
        release_task(self.task)
        await checkpoint()
        self.seen.append("released")


async def cancelled(body: Callable[[list[str]], Awaitable[None]]) -> list[str]:
    """Cancel *body* where it is parked; return what its task has seen."""
    async with trio.open_nursery() as nursery:
        victim = Victim(body)
        nursery.start_soon(victim.run)
        await wait_all_tasks_blocked()
        cancel_task(victim.task)
        await trio.sleep(100)
        assert scopes_in(nursery) == 0
    return victim.seen


def scopes_in(nursery: trio.Nursery) -> int:
    inner: Any = nursery
    return len(inner._cancel_status.children)


async def in_sleep(_seen: list[str]) -> None:
    await trio.sleep(1000)


async def in_scopes(_seen: list[str]) -> None:
    with trio.move_on_after(1000), trio.CancelScope():
        await trio.sleep_forever()


async def in_a_nursery(seen: list[str]) -> None:
    async def child() -> None:
        try:
            with trio.CancelScope():
                await trio.sleep_forever()
        except trio.Cancelled:
            seen.append("child cancelled")
            raise

    async with trio.open_nursery() as nursery:
        nursery.start_soon(child)
        nursery.start_soon(child)


async def in_a_nursery_in_scopes(seen: list[str]) -> None:
    with trio.move_on_after(1000):
        await in_a_nursery(seen)


@pytest.mark.parametrize("body", [in_sleep, in_scopes])
async def test_a_parked_task_is_cancelled_until_it_is_released(
    body: Callable[[list[str]], Awaitable[None]], autojump_clock: MockClock
) -> None:
    del autojump_clock

    assert await cancelled(body) == ["cancelled", "still cancelled", "released"]


@pytest.mark.parametrize("body", [in_a_nursery, in_a_nursery_in_scopes])
async def test_what_runs_in_its_nurseries_is_cancelled_with_it(
    body: Callable[[list[str]], Awaitable[None]], autojump_clock: MockClock
) -> None:
    del autojump_clock
    seen = await cancelled(body)

    children = ["child cancelled", "child cancelled"]
    assert seen == [*children, "cancelled", "still cancelled", "released"]


async def test_a_shield_holds_until_it_is_left(autojump_clock: MockClock) -> None:
    del autojump_clock

    async def shielded(seen: list[str]) -> None:
        with trio.CancelScope(shield=True):
            await trio.sleep(1)
            seen.append("slept")
        await checkpoint()

    seen = await cancelled(shielded)
    assert seen == ["slept", "cancelled", "still cancelled", "released"]


async def test_what_expires_in_it_meanwhile_is_not_taken_for_it(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock

    async def expiring(seen: list[str]) -> None:
        with trio.CancelScope(shield=True):
            with trio.move_on_after(1) as inner:
                await trio.sleep_forever()
            seen.append(f"expired: {inner.cancelled_caught}")
        with trio.CancelScope() as outer:
            outer.cancel()
            await checkpoint()

    seen = await cancelled(expiring)
    assert seen == ["expired: True", "cancelled", "still cancelled", "released"]


async def test_a_task_that_has_not_started_is_cancelled_at_its_first_checkpoint() -> (
    None
):
    victim = Victim(in_sleep)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(victim.run)
        (task,) = nursery.child_tasks
        cancel_task(task)

    assert victim.seen == ["cancelled", "still cancelled", "released"]


async def test_the_task_that_runs_is_cancelled_at_its_next_checkpoint() -> None:
    async def by_itself(seen: list[str]) -> None:
        cancel_task(current_task())
        seen.append("goes on")
        await checkpoint()

    victim = Victim(by_itself)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(victim.run)

    assert victim.seen == ["goes on", "cancelled", "still cancelled", "released"]


@pytest.mark.parametrize("body", [in_sleep, in_scopes])
async def test_to_be_cancelled_twice_is_to_be_cancelled(
    body: Callable[[list[str]], Awaitable[None]],
) -> None:
    victim = Victim(body)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(victim.run)
        await wait_all_tasks_blocked()
        cancel_task(victim.task)
        cancel_task(victim.task)

    assert victim.seen == ["cancelled", "still cancelled", "released"]


async def test_a_task_that_was_not_cancelled_can_be_released() -> None:
    async def nothing(_seen: list[str]) -> None:
        pass

    victim = Victim(nothing)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(victim.run)

    assert victim.seen == ["not cancelled", "released"]


async def test_others_in_the_nursery_notice_nothing(autojump_clock: MockClock) -> None:
    del autojump_clock
    victim, other = Victim(in_sleep), Victim(in_sleep)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(victim.run)
        nursery.start_soon(other.run)
        await wait_all_tasks_blocked()
        cancel_task(victim.task)

    assert victim.seen == ["cancelled", "still cancelled", "released"]
    assert other.seen == ["not cancelled", "released"]


async def test_a_cancellation_from_further_outside_comes_through() -> None:
    async def again(_seen: list[str]) -> None:
        await trio.sleep_forever()

    victim = Victim(again)
    with trio.CancelScope() as scope:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(victim.run)
            await wait_all_tasks_blocked()
            cancel_task(victim.task)
            scope.cancel()

    assert scope.cancelled_caught
    assert victim.seen == ["cancelled", "still cancelled"]


async def test_leaving_scopes_in_a_wrong_order_is_no_harm(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock

    async def confused(_seen: list[str]) -> None:
        outer, inner = trio.CancelScope(), trio.CancelScope()
        outer.__enter__()
        inner.__enter__()
        with pytest.raises(RuntimeError, match="stack corrupted"):
            outer.__exit__(None, None, None)
        cancel_task(current_task())
        await trio.sleep(1)

    victim = Victim(confused)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(victim.run)

    assert victim.seen[:2] == ["cancelled", "still cancelled"]


# --------------------------------------------------------------- whether it can be done


def test_it_is_supported_by_this_trio() -> None:
    assert _late_scope.find_problem() is None
    assert is_supported()


@pytest.mark.parametrize("part", ["cancel_task", "release_task"])
def test_it_is_not_supported_where_trio_is_made_otherwise(
    part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_task: Task) -> None:
        raise AttributeError("_cancel_status")

    monkeypatch.setattr(_late_scope, part, fail)

    assert _late_scope.find_problem()


@pytest.mark.parametrize("part", ["cancel_task", "release_task"])
def test_it_is_not_supported_where_nothing_comes_of_it(
    part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def do_nothing(_task: Task) -> None:
        pass

    monkeypatch.setattr(_late_scope, part, do_nothing)

    assert "has seen" in (_late_scope.find_problem() or "")


@pytest.mark.parametrize(
    ("scheduler", "verdict", "late"),
    [("step", None, True), ("step", "it is another", False), ("trio", None, False)],
)
async def test_only_a_node_that_may_use_more_than_trio_promises_does_so(
    scheduler: SchedulerName,
    verdict: str | None,
    late: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_late_scope, "_verdict", [verdict])
    async with Node(scheduler=scheduler) as node:
        pid = node.spawn(trio.sleep_forever)
        assert pid.process is not None
        assert (pid.process.scope is None) is late
        await wait_all_tasks_blocked()
        process.exit(pid, Kill())


# -------------------------------------------------------- processes, in the two ways


@pytest.fixture(params=["late scopes", "early scopes"])
async def node(
    request: pytest.FixtureRequest, autojump_clock: MockClock
) -> AsyncIterator[Node]:
    del autojump_clock
    node = Node()
    node._late_scopes = request.param == "late scopes"
    async with node:
        yield node
    assert node.ghosts == {}


async def in_receive(_seen: list[str]) -> None:
    await process.receive()


BODIES = [in_sleep, in_scopes, in_a_nursery, in_a_nursery_in_scopes, in_receive]


@pytest.mark.parametrize("body", BODIES)
async def test_a_killed_process_runs_its_finally_blocks_cancelled(
    node: Node, body: Callable[[list[str]], Awaitable[None]]
) -> None:
    seen: list[str] = []

    async def run() -> None:
        try:
            await body(seen)
        finally:
            seen.append("finally")
            await checkpoint()
            seen.append("not reached")

    pid = node.spawn(run)
    await wait_all_tasks_blocked()
    process.exit(pid, Kill())
    process.exit(pid, Kill())
    await wait_all_tasks_blocked()

    assert seen[-1] == "finally"
    assert node.ghosts == {}
    assert not node._fatal


async def test_a_process_killed_before_it_runs_does_nothing(node: Node) -> None:
    seen: list[str] = []

    async def run() -> None:
        seen.append("ran")

    pid = node.spawn(run)
    process.exit(pid, Kill())
    await wait_all_tasks_blocked()

    assert seen == []
    assert node.ghosts == {}


async def test_a_process_that_kills_itself_goes_at_its_next_checkpoint(
    node: Node,
) -> None:
    seen: list[str] = []

    async def run() -> None:
        current_process("test").kill(Killed())
        seen.append("goes on")
        await checkpoint()
        seen.append("not reached")

    pid = node.spawn(run)

    assert await process.wait_exited(pid) == Killed()
    await wait_all_tasks_blocked()
    assert seen == ["goes on"]
    assert node.ghosts == {}


async def test_what_a_ghost_raises_while_it_goes_is_its_own_affair(node: Node) -> None:
    async def run() -> None:
        try:
            await trio.sleep_forever()
        finally:
            raise RuntimeError("too late")

    pid = node.spawn(run)
    await wait_all_tasks_blocked()
    process.exit(pid, Reason("enough"))
    await wait_all_tasks_blocked()

    assert node.ghosts == {}
    assert not node._fatal


async def test_a_ghost_that_swallows_its_cancellation_goes_in_peace(
    node: Node,
) -> None:
    seen: list[str] = []

    async def run() -> None:
        try:
            await trio.sleep_forever()
        except trio.Cancelled:
            seen.append("swallowed")

    pid = node.spawn(run)
    await wait_all_tasks_blocked()
    process.exit(pid, Kill())
    await wait_all_tasks_blocked()

    assert seen == ["swallowed"]
    assert node.ghosts == {}


async def test_killed_processes_leave_nothing_for_the_collector(node: Node) -> None:
    async def run() -> None:
        with trio.CancelScope():
            await process.receive()

    before = scopes_in(node._inner)
    gc.collect()
    gc.disable()
    try:
        pids = [node.spawn(run) for _ in range(10)]
        await wait_all_tasks_blocked()
        for pid in pids:
            process.exit(pid, Kill())
        await wait_all_tasks_blocked()
        del pids, pid
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        left = {type(o).__name__ for o in gc.garbage}
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()

    assert not left & {"Process", "Pid", "Mailbox"}
    assert scopes_in(node._inner) == before
