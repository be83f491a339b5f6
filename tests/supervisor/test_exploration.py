"""Laws of supervisors that hold in whatever order things happen."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import trio
import trio.testing
from trio.lowlevel import checkpoint

import otp
from otp import CallError, OTPError, process, supervisor
from otp.supervisor import RunningError
from otp.testing import Cancelling, cancel_everywhere, explore
from tests.testing.worlds import Crew, in_world, mail, start_is_cancelled, together

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from otp import SupervisorSpec


class Worker(otp.GenServer):
    """Does nothing, and takes a few steps to begin and to end."""

    def __init__(self, slow: int = 1) -> None:
        self._slow = slow

    async def init(self) -> None:
        process.trap_exit(True)
        for _ in range(self._slow):
            await checkpoint()

    async def terminate(self, reason: otp.ExitReason) -> None:
        del reason
        await checkpoint()

    @otp.call
    async def ping(self) -> str:
        return "pong"

    @otp.cast
    async def crash(self) -> None:
        raise ZeroDivisionError


class NextWorker(Worker):
    """The next version of the same."""

    async def code_change(self, old: object, extra: object) -> None:
        del old, extra
        await checkpoint()

    @otp.call
    async def ping(self) -> str:
        return "next pong"


NAMES = [otp.Name[Worker](name) for name in ("a", "b", "c")]
ROOT = otp.Name[otp.Supervisor]("root")


def three(make: Callable[..., SupervisorSpec]) -> SupervisorSpec:
    return make(
        *(
            otp.child_spec(Worker).named(name).override(id=name.name, shutdown=1)
            for name in NAMES
        ),
        max_restarts=100,
    )


async def check_family(root: otp.Pid[Any], expected: list[str]) -> None:
    """Check that the children are those, alive, and nobody else lives."""
    await trio.testing.wait_all_tasks_blocked()
    children = await supervisor.which_children(root)
    assert [child.id for child in reversed(children)] == expected
    pids = [child.pid for child in children]
    for child in children:
        assert isinstance(child.pid, otp.Pid)
        assert process.is_alive(child.pid)
        assert process.whereis(otp.Name(str(child.id))) in (child.pid, None)
    assert set(process.processes()) == {root, *pids}


STRATEGIES = [otp.one_for_one, otp.one_for_all, otp.rest_for_one]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_all_are_there_again_after_crashes_at_any_time(
    strategy: Callable[..., SupervisorSpec],
) -> None:
    async def scenario() -> None:
        root = await supervisor.start_named(ROOT, otp.Supervisor, three(strategy))

        async def kill(name: otp.Name[Worker]) -> None:
            pid = process.whereis(name)
            if pid is not None:
                process.exit(pid, otp.Kill())
            await checkpoint()
            Worker.crash(name)

        crew = Crew()
        crew.start(kill, NAMES[0])
        crew.start(kill, NAMES[1])
        await crew.wait()

        await check_family(root, ["a", "b", "c"])

    explore(in_world(scenario), runs=100)


def test_children_are_started_in_order_and_one_at_a_time() -> None:
    async def scenario() -> None:
        events: list[str] = []

        class Noted(Worker):
            def __init__(self, name: str) -> None:
                super().__init__()
                self._name = name

            async def init(self) -> None:
                events.append(f"begin {self._name}")
                await super().init()
                events.append(f"started {self._name}")

            async def terminate(self, reason: otp.ExitReason) -> None:
                await super().terminate(reason)
                events.append(f"stopped {self._name}")

        spec = otp.one_for_all(
            *(otp.child_spec(Noted, n).override(id=n, shutdown=1) for n in "abc")
        )
        root = await supervisor.start_link(otp.Supervisor, spec)
        starts = [f"{what} {n}" for n in "abc" for what in ("begin", "started")]
        assert events == starts
        events.clear()

        [a, *_] = reversed(await supervisor.which_children(root))
        assert isinstance(a.pid, otp.Pid)
        process.exit(a.pid, otp.Kill())
        await trio.testing.wait_all_tasks_blocked()

        assert events == ["stopped c", "stopped b", *starts]

    explore(in_world(scenario), runs=100)


def test_what_is_asked_meanwhile_is_done_before_or_after_a_restart() -> None:
    async def scenario() -> None:
        root = await supervisor.start_named(
            ROOT, otp.Supervisor, three(otp.one_for_all)
        )

        async def crash() -> None:
            Worker.crash(NAMES[1])

        async def remove() -> None:
            while True:
                # As in Erlang, a restart of all starts those as well that were ended.
                await supervisor.terminate_child(root, "a")
                with suppress(RunningError):
                    return await supervisor.delete_child(root, "a")

        async def add() -> None:
            spec = otp.child_spec(Worker, 2).override(id="d")
            await supervisor.start_child(root, spec)

        await together(crash, remove, add)

        await check_family(root, ["b", "c", "d"])

    explore(in_world(scenario), runs=150)


def test_a_child_that_is_terminated_and_restarted_is_there_once() -> None:
    async def scenario() -> None:
        root = await supervisor.start_named(
            ROOT, otp.Supervisor, three(otp.one_for_one)
        )

        async def again() -> None:
            await supervisor.terminate_child(root, "b")
            while process.whereis(NAMES[1]) is None:
                # As in Erlang, one that is killed while it starts stays down.
                with suppress(OTPError):
                    await supervisor.restart_child(root, "b")

        async def kill() -> None:
            pid = process.whereis(NAMES[1])
            if pid is not None:
                process.exit(pid, otp.Kill())

        await together(again, kill, again)

        await check_family(root, ["a", "b", "c"])

    explore(in_world(scenario), runs=150)


def test_two_who_add_the_same_child_add_it_once() -> None:
    async def scenario() -> None:
        root = await supervisor.start_link(otp.Supervisor, otp.one_for_one())
        outcomes: list[str] = []

        async def add() -> None:
            try:
                await supervisor.start_child(root, otp.child_spec(Worker))
            except OTPError as error:
                outcomes.append(type(error).__name__)
            else:
                outcomes.append("added")

        await together(add, add)

        assert sorted(outcomes) == ["AlreadyStartedError", "added"]

    explore(in_world(scenario), runs=100)


def test_nobody_is_left_of_a_tree_that_ends_at_any_time() -> None:
    async def scenario() -> None:
        async def start() -> None:
            process.trap_exit(True)
            with suppress(OTPError):
                await supervisor.start_named(
                    ROOT, otp.Supervisor, three(otp.one_for_one)
                )
            await trio.sleep_forever()

        starter = process.spawn(start)

        async def stop() -> None:
            for _ in range(4):
                await checkpoint()
            root = process.whereis(ROOT)
            process.exit(starter if root is None else root, otp.Kill())

        await together(stop)
        await trio.sleep(10)

        left = [pid for pid in process.processes() if pid is not starter]
        if process.whereis(ROOT) is None:
            assert left == []

    explore(in_world(scenario), runs=200)


def test_a_supervisor_that_gives_up_takes_all_with_it() -> None:
    async def scenario() -> None:
        spec = otp.one_for_one(
            *(otp.child_spec(Worker).named(n).override(id=n.name) for n in NAMES),
            max_restarts=1,
        )
        root = await supervisor.start_link(otp.Supervisor, spec)

        async def crash(n: int) -> None:
            pid = process.whereis(NAMES[n])
            if pid is not None:
                process.exit(pid, otp.Kill())

        async def ask() -> None:
            with suppress(CallError):
                await supervisor.which_children(root)
            assert mail() == []

        crew = Crew()
        crew.start(crash, 0)
        crew.start(crash, 1)
        crew.start(ask)
        await crew.wait()
        await trio.sleep(10)

        assert process.processes() == []

    explore(in_world(scenario), runs=150)


def test_a_swap_comes_before_or_after_a_crash() -> None:
    async def scenario() -> None:
        root = await supervisor.start_named(
            ROOT, otp.Supervisor, three(otp.one_for_one)
        )
        new = otp.one_for_one(
            otp.child_spec(NextWorker).named(NAMES[1]).override(id="b"),
            otp.child_spec(Worker).override(id="d"),
            max_restarts=100,
        )

        async def swap() -> None:
            await supervisor.swap(root, new)

        async def kill() -> None:
            pid = process.whereis(NAMES[1])
            if pid is not None:
                process.exit(pid, otp.Kill())
            Worker.crash(NAMES[0])

        async def ask() -> None:
            with suppress(CallError):
                assert await Worker.ping(NAMES[1]) in ("pong", "next pong")

        await together(swap, kill, ask)

        await check_family(root, ["b", "d"])
        assert await Worker.ping(NAMES[1]) == "next pong"

    explore(in_world(scenario), runs=200)


def test_two_swaps_come_one_after_the_other() -> None:
    async def scenario() -> None:
        root = await supervisor.start_named(
            ROOT, otp.Supervisor, three(otp.one_for_one)
        )
        one = otp.one_for_one(otp.child_spec(Worker).override(id="x"))
        other = otp.one_for_one(otp.child_spec(Worker).override(id="y"))

        async def swap(new: SupervisorSpec) -> None:
            await supervisor.swap(root, new)

        crew = Crew()
        crew.start(swap, one)
        crew.start(swap, other)
        await crew.wait()

        [child] = await supervisor.which_children(root)
        await check_family(root, [str(child.id)])

    explore(in_world(scenario), runs=100)


async def add_child(root: otp.Pid[otp.Supervisor]) -> None:
    await supervisor.start_child(root, otp.child_spec(Worker, 3).override(id="d"))


async def end_child(root: otp.Pid[otp.Supervisor]) -> None:
    await supervisor.terminate_child(root, "b")


async def swap_children(root: otp.Pid[otp.Supervisor]) -> None:
    await supervisor.swap(
        root, otp.one_for_one(otp.child_spec(NextWorker).override(id="b"))
    )


@pytest.mark.parametrize("request_", [add_child, end_child, swap_children])
def test_who_is_cancelled_leaves_a_supervisor_that_works(
    request_: Callable[[otp.Pid[otp.Supervisor]], Awaitable[None]],
) -> None:
    async def scenario(cancelling: Cancelling) -> None:
        async with otp.Node():
            root = await supervisor.start_named(
                ROOT, otp.Supervisor, three(otp.one_for_one)
            )

            async def client() -> None:
                with cancelling:
                    await request_(root)
                await trio.testing.wait_all_tasks_blocked()
                assert mail() == []
                await supervisor.swap(root, three(otp.one_for_one))
                for child in await supervisor.which_children(root):
                    if child.pid is None:
                        await supervisor.restart_child(root, child.id)

            await together(client)
            await check_family(root, ["a", "b", "c"])

    assert cancel_everywhere(scenario, schedules=3) >= 10


def test_the_start_of_a_tree_can_be_cancelled_everywhere() -> None:
    async def start() -> otp.Pid[otp.Supervisor]:
        spec = three(otp.rest_for_one)
        return await supervisor.start_named(ROOT, otp.Supervisor, spec)

    scenario = start_is_cancelled(ROOT, start, partial(trio.sleep, 10))

    assert cancel_everywhere(scenario, schedules=5) >= 20


def test_the_stop_of_a_tree_can_be_cancelled_everywhere() -> None:
    async def scenario(cancelling: Cancelling) -> None:
        async with otp.Node():
            root = await supervisor.start_link(otp.Supervisor, three(otp.one_for_all))

            async def stopper() -> None:
                with cancelling:
                    await supervisor.stop(root)
                await trio.sleep(10)
                assert mail() == []
                if process.is_alive(root):
                    assert len(await supervisor.which_children(root)) == 3
                else:
                    assert process.processes() == [process.self()]

            await together(stopper)

    assert cancel_everywhere(scenario, schedules=3) >= 10
