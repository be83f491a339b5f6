"""Random swaps and crashes, one after the other and at the same time.

Whatever happens: afterwards the supervisor has exactly the children of its last
specification, in that order, all of them up, each as its specification says; nobody
else is left; and a child that no swap and no crash was about is the same process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import pytest
import trio
from hypothesis import given, settings, strategies as st
from trio.testing import MockClock

import otp
from otp import GenServer, Kill, Node, Pid, Supervisor, child_spec, process, supervisor
from tests.supervisor.support import settled
from tests.supervisor.swapping import Plain, Till, Till2, args_of, class_of

if TYPE_CHECKING:
    from otp import ChildSpec

CLASSES: list[type[Till]] = [Till, Till2, Plain]
STRATEGIES: list[supervisor.Strategy] = ["one_for_one", "rest_for_one", "one_for_all"]


class Slow(GenServer):
    """Takes its time to start."""

    async def init(self) -> None:
        await trio.sleep(1.0)


@st.composite
def specs(draw: st.DrawFn) -> otp.SupervisorSpec:
    ids = draw(st.lists(st.sampled_from("abcde"), unique=True, max_size=4))
    children: list[ChildSpec[Any]] = [
        child_spec(draw(st.sampled_from(CLASSES)), draw(st.integers(0, 1))).override(
            id=id_, shutdown=draw(st.sampled_from([1.0, 5.0]))
        )
        for id_ in ids
    ]
    if draw(st.booleans()):
        # While it starts, others may die.
        slow = child_spec(Slow).override(id="slow")
        children.insert(draw(st.integers(0, len(children))), slow)
    strategy = draw(st.sampled_from(STRATEGIES))
    return otp.SupervisorSpec(strategy, children, max_restarts=1000)


@attrs.frozen
class Swap:
    spec: otp.SupervisorSpec


@attrs.frozen
class Crash:
    """The child in that place dies; *during* the next swap, or at once."""

    place: int
    during: bool


STEPS = st.lists(
    st.builds(Swap, specs()) | st.builds(Crash, st.integers(0, 4), st.booleans()),
    min_size=1,
    max_size=8,
)


async def pids(sup: Pid[Supervisor]) -> dict[object, object]:
    children = await supervisor.which_children(sup)
    return {child.id: child.pid for child in reversed(children)}


async def check(sup: Pid[Supervisor], spec: otp.SupervisorSpec) -> None:
    children = await pids(sup)
    assert list(children) == [child.id for child in spec.children]
    for child in spec.children:
        pid = children[child.id]
        assert isinstance(pid, Pid)
        assert process.is_alive(pid)
        assert await class_of(pid) is child.start.target
        assert await supervisor.get_childspec(sup, child.id) == child
        if child.id != "slow":
            assert await args_of(pid) == child.start.args
    everybody = {sup, *children.values()}
    assert {pid for pid in process.processes() if pid not in everybody} == set()


async def storm(first: otp.SupervisorSpec, steps: list[Swap | Crash]) -> None:
    async with Node():
        sup = await supervisor.start_link(Supervisor, first)
        spec = first
        doomed: list[object] = []
        for step in steps:
            before = await pids(sup)
            if isinstance(step, Swap):
                result = await swap_under_fire(sup, step.spec, doomed)
                spec = step.spec
                for child in result.children:
                    if not doomed and child.outcome in ("kept", "updated", "migrated"):
                        assert child.pid is before[child.id]
                doomed = []
            elif before:
                victim = list(before.values())[step.place % len(before)]
                if step.during:
                    doomed.append(victim)
                else:
                    kill(victim)
                    await settled()
                    await trio.sleep(10)
            await check(sup, spec)


async def swap_under_fire(
    sup: Pid[Supervisor], spec: otp.SupervisorSpec, doomed: list[object]
) -> supervisor.SwapResult:
    """Swap, and kill who is doomed while that goes on."""
    results: list[supervisor.SwapResult] = []

    async def do() -> None:
        results.append(await supervisor.swap(sup, spec))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(do)
        await trio.sleep(0.5)
        for victim in doomed:
            kill(victim)
    await trio.sleep(10)
    return results[0]


def kill(victim: object) -> None:
    assert isinstance(victim, Pid)
    process.exit(victim, Kill())


@pytest.mark.slow
@settings(max_examples=60)
@given(specs(), STEPS)
def test_after_every_storm_all_is_as_specified(
    first: otp.SupervisorSpec, steps: list[Swap | Crash]
) -> None:
    trio.run(storm, first, steps, clock=MockClock(autojump_threshold=0))
