"""What a dead child still has to close is closed before another is in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

import otp
from otp import process, supervisor

if TYPE_CHECKING:
    from trio.testing import MockClock

WORKER = otp.Name["Worker"]("worker")


class Worker(otp.GenServer):
    """Owns something from its start to the end of its code, while it is in a call."""

    def __init__(self, story: list[str], shielded: float = 0.0) -> None:
        self.story = story
        self.shielded = shielded
        self.story.append("opened")

    @otp.cast
    async def own(self) -> None:
        try:
            await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                # Longer than Trio needs to start a task, in any order it likes.
                for _ in range(5):
                    await trio.lowlevel.checkpoint()
                await trio.sleep(self.shielded)
            self.story.append("closed")


def spec(story: list[str], shielded: float = 0.0) -> otp.SupervisorSpec:
    worker = otp.child_spec(Worker, story, shielded).named(WORKER)
    sibling = otp.child_spec(Worker, []).override(id="sibling")
    return otp.one_for_all(worker, sibling)


async def kill_the_worker() -> None:
    Worker.own(WORKER)
    await wait_all_tasks_blocked()
    pid = process.whereis(WORKER)
    assert pid is not None
    process.exit(pid, otp.Kill())


async def test_a_killed_child_has_closed_what_it_owned_when_its_successor_starts() -> (
    None
):
    story: list[str] = []
    async with otp.Node():
        await supervisor.start_link(otp.Supervisor, spec(story))
        await kill_the_worker()
        await wait_all_tasks_blocked()

        assert story == ["opened", "closed", "opened"]


async def test_a_child_that_was_stopped_has_closed_what_it_owned() -> None:
    story: list[str] = []
    async with otp.Node():
        sup = await supervisor.start_link(otp.Supervisor, spec(story))
        Worker.own(WORKER)
        await wait_all_tasks_blocked()
        await supervisor.terminate_child(sup, "Worker")

        assert story == ["opened", "closed"]


@pytest.mark.parametrize(("shielded", "waited"), [(0.5, 0.5), (10.0, 1.0)])
async def test_a_child_that_does_not_go_is_waited_for_a_second_at_most(
    autojump_clock: MockClock, shielded: float, waited: float
) -> None:
    del autojump_clock
    story: list[str] = []
    async with otp.Node():
        sup = await supervisor.start_link(otp.Supervisor, spec(story, shielded))
        await kill_the_worker()
        begun = trio.current_time()
        # The supervisor answers when it has restarted the child.
        await supervisor.count_children(sup)

        assert trio.current_time() - begun == pytest.approx(waited)
        assert process.whereis(WORKER) is not None
        assert ("closed" in story) == (shielded < waited + 0.1)
