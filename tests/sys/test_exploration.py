from __future__ import annotations

from contextlib import suppress
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import pytest
import trio
from trio.lowlevel import checkpoint

import otp
from otp import gen_server, gen_statem, process, sys
from otp.testing import Cancelling, cancel_everywhere, explore, wait_until_idle
from tests.testing.worlds import all_exited, cancelled_world, rest, together, world

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from otp import Pid

    Start: TypeAlias = Callable[[], Awaitable[Pid[Any]]]


class Counter(otp.GenServer):
    """Counts, and takes its time for everything."""

    def __init__(self, log: list[object]) -> None:
        self.count = 0
        self.log = log

    @otp.call
    async def add(self) -> int:
        await checkpoint()
        self.count += 1
        self.log.append(self.count)
        return self.count

    @otp.cast
    async def work(self) -> None:
        await trio.sleep(1)

    @otp.cast
    async def crash(self) -> None:
        raise RuntimeError("asked to")

    async def code_change(self, old_version: object, extra: object) -> None:
        del old_version
        await checkpoint()
        self.count += 100
        if extra == "slow":
            await trio.sleep(1)
        if isinstance(extra, trio.Event):
            await extra.wait()
        if extra == "fail":
            raise RuntimeError("asked to")

    async def terminate(self, reason: otp.ExitReason) -> None:
        await checkpoint()
        self.log.append(reason)


class NewCounter(Counter):
    """The next version."""


class Machine(gen_statem.GenStatem[str, Any]):
    """A machine that does nothing."""

    async def init(self) -> gen_statem.NextState[str]:
        return gen_statem.NextState("on")

    async def handle_event(self, state: str, event: object) -> None:
        del state, event
        await checkpoint()


async def start_server() -> Pid[Any]:
    return await gen_server.start(Counter, [])


async def start_machine() -> Pid[Any]:
    return await gen_statem.start(Machine)


async def start_manager() -> Pid[Any]:
    return await otp.gen_event.start(otp.EventManager[Any])


async def start_supervisor() -> Pid[Any]:
    made = await otp.supervisor.start_link(otp.Supervisor, otp.one_for_one())
    process.unlink(made)
    return made


any_kind = pytest.mark.parametrize(
    "start", [start_server, start_machine, start_manager, start_supervisor]
)


async def is_suspended(pid: Pid[Any]) -> bool:
    return (await sys.get_status(pid, timeout=inf)).suspended


# ------------------------------------------------------------------- state and turns


def test_nothing_is_done_while_suspended_and_everything_afterwards() -> None:
    async def body() -> None:
        log: list[object] = []
        counter = await gen_server.start(Counter, log)

        async def ask() -> None:
            for _ in range(2):
                await Counter.add(counter)

        async def pause() -> None:
            await sys.suspend(counter)
            done = len(log)
            for _ in range(4):
                await checkpoint()
                assert len(log) == done
            state = cast("dict[str, object]", await sys.get_state(counter))
            assert state["count"] == done
            await sys.resume(counter)

        await together(ask, pause, ask)
        assert log == [1, 2, 3, 4]
        await sys.stop(counter)

    explore(world(body), runs=50)


def test_no_update_is_lost_to_one_who_replaces_the_state() -> None:
    def more(state: dict[str, Any]) -> dict[str, Any]:
        return state | {"count": state["count"] + 100}

    async def body() -> None:
        counter = await gen_server.start(Counter, [])

        async def ask() -> None:
            for _ in range(2):
                await Counter.add(counter)

        async def replace() -> None:
            await sys.replace_state(counter, more)

        await together(ask, replace, ask, replace)
        assert await Counter.add(counter) == 205
        await sys.stop(counter)

    explore(world(body), runs=50)


@pytest.mark.parametrize("extra", ["quick", "fail"])
def test_a_change_of_code_is_done_at_once_or_not_at_all(extra: str) -> None:
    async def body() -> None:
        log: list[object] = []
        counter = await gen_server.start(Counter, log)

        async def ask() -> None:
            for _ in range(2):
                await Counter.add(counter)

        async def change() -> None:
            await sys.suspend(counter)
            with suppress(sys.CallbackFailedError):
                await sys.change_code(counter, NewCounter, extra=extra)
            await sys.resume(counter)

        await together(ask, change, ask)
        status = await sys.get_status(counter)
        assert status.module is (Counter if extra == "fail" else NewCounter)
        steps = [cast("int", each) % 100 for each in log]
        assert steps == [1, 2, 3, 4]
        assert extra == "quick" or log == steps
        await sys.stop(counter)

    explore(world(body), runs=50)


def test_code_is_changed_while_suspended_or_it_is_refused() -> None:
    seen: set[object] = set()

    async def body() -> None:
        counter = await gen_server.start(Counter, [])

        async def change() -> None:
            await sys.suspend(counter)
            try:
                await sys.change_code(counter, NewCounter)
                seen.add("done")
            except sys.NotSuspendedError:
                seen.add("not suspended")
            await sys.resume(counter)

        await together(change, change)
        assert not await is_suspended(counter)
        await sys.stop(counter)

    explore(world(body), runs=60)

    assert seen == {"done", "not suspended"}


# ------------------------------------------------------------------------------- ends


def test_it_ends_once_whoever_ends_it_and_everybody_hears_of_it() -> None:
    seen: set[object] = set()

    async def body() -> None:
        log: list[object] = []
        counter = await gen_server.start(Counter, log)
        answers: list[object] = []

        async def stop() -> None:
            try:
                await sys.stop(counter)
                seen.add("stopped")
            except (otp.ServerExitedError, otp.NoProcessError) as error:
                seen.add(type(error))

        async def crash() -> None:
            Counter.crash(counter)
            await checkpoint()

        async def suspend() -> None:
            with suppress(otp.CallError):
                await sys.suspend(counter)

        await together(stop, partial(ask, counter, answers), crash, suspend, stop)
        await all_exited(counter)
        assert len(answers) == 2
        ends = [each for each in log if not isinstance(each, int)]
        assert len(ends) == 1
        assert log[-1] is ends[0]

    async def ask(counter: Pid[Counter], answers: list[object]) -> None:
        for _ in range(2):
            try:
                answers.append(await Counter.add(counter))
            except (otp.ServerExitedError, otp.NoProcessError) as error:
                answers.append(type(error))

    explore(world(body), runs=60)

    assert seen == {"stopped", otp.ServerExitedError, otp.NoProcessError}


# -------------------------------------------------------------------------- time-outs


def test_what_was_asked_too_late_is_not_done() -> None:
    seen: set[bool] = set()

    async def body() -> None:
        counter = await gen_server.start(Counter, [])
        suspended: list[bool] = []

        async def suspend() -> None:
            try:
                await sys.suspend(counter, timeout=1)
                suspended.append(True)
            except otp.CallTimeoutError:
                suspended.append(False)

        Counter.work(counter)
        await together(suspend)
        await rest()
        assert suspended == [await is_suspended(counter)]
        seen.update(suspended)
        await sys.stop(counter)

    explore(world(body), runs=50, jumps=2)

    assert seen == {True, False}


def test_a_change_of_code_that_takes_too_long_is_taken_back() -> None:
    seen: set[bool] = set()

    async def body() -> None:
        log: list[object] = []
        counter = await gen_server.start(Counter, log)
        await sys.suspend(counter, timeout=inf)
        done: list[bool] = []

        async def change() -> None:
            try:
                await sys.change_code(counter, NewCounter, extra="slow", timeout=1)
                done.append(True)
            except otp.CallTimeoutError:
                done.append(False)

        await together(change)
        await rest()
        status = await sys.get_status(counter, timeout=inf)
        assert status.module is (NewCounter if done == [True] else Counter)
        assert status.suspended
        await sys.resume(counter, timeout=inf)
        state = cast("dict[str, object]", await sys.get_state(counter, timeout=inf))
        assert state["count"] == (100 if done == [True] else 0)
        seen.update(done)
        await sys.stop(counter)

    explore(world(body), runs=50, jumps=2)

    assert seen == {True, False}


# -------------------------------------------------------------------------- cancelled


@any_kind
def test_it_is_suspended_exactly_if_that_was_not_cancelled(start: Start) -> None:
    async def suspend(cancelling: Cancelling) -> None:
        pid = await start()
        done = False
        with cancelling:
            await sys.suspend(pid)
            done = True
        await wait_until_idle()
        assert await is_suspended(pid) == done
        await sys.stop(pid)

    assert cancel_everywhere(cancelled_world(suspend), schedules=5) > 3


@any_kind
def test_it_goes_on_exactly_if_that_was_not_cancelled(start: Start) -> None:
    async def resume(cancelling: Cancelling) -> None:
        pid = await start()
        await sys.suspend(pid)
        done = False
        with cancelling:
            await sys.resume(pid)
            done = True
        await wait_until_idle()
        assert await is_suspended(pid) != done
        await sys.stop(pid)

    assert cancel_everywhere(cancelled_world(resume), schedules=5) > 3


@pytest.mark.parametrize("extra", ["quick", "slow", "event"])
def test_a_change_of_code_that_is_cancelled_is_taken_back(extra: str) -> None:
    async def change(cancelling: Cancelling) -> None:
        counter = await gen_server.start(Counter, [])
        await sys.suspend(counter)
        event = trio.Event()

        async def set_event() -> None:
            for _ in range(3):
                await checkpoint()
            event.set()

        how = event if extra == "event" else extra
        done = False
        process.spawn(set_event)
        with cancelling:
            await sys.change_code(counter, NewCounter, extra=how)
            done = True
        # At once, too: nobody waits for what nobody wants any more.
        with trio.fail_after(0.5):
            status = await sys.get_status(counter)
        assert status.module is (NewCounter if done else Counter)
        await sys.resume(counter)
        assert await Counter.add(counter) == (101 if done else 1)
        await sys.stop(counter)

    assert cancel_everywhere(cancelled_world(change), schedules=5) > 5


@any_kind
def test_it_ends_although_who_told_it_to_is_cancelled(start: Start) -> None:
    async def stop(cancelling: Cancelling) -> None:
        pid = await start()
        with cancelling:
            await sys.stop(pid)
        await all_exited(pid)

    assert cancel_everywhere(cancelled_world(stop), schedules=5) > 3


def test_who_stops_in_vain_for_too_long_is_told_so_and_it_ends_later() -> None:
    seen: set[object] = set()

    async def body() -> None:
        counter = await gen_server.start(Counter, [])
        Counter.work(counter)

        async def stop() -> None:
            try:
                await sys.stop(counter, timeout=1)
                assert not process.is_alive(counter)
                seen.add("stopped")
            except (otp.CallTimeoutError, otp.CallError) as error:
                seen.add(type(error))

        await together(stop, stop)
        await all_exited(counter)

    explore(world(body), runs=60, jumps=2)

    assert seen >= {"stopped", otp.CallTimeoutError}


LINKED: list[Start] = [
    partial(gen_server.start_link, Counter, []),
    partial(gen_statem.start_link, Machine),
    partial(otp.gen_event.start_link, otp.EventManager[Any]),
    partial(otp.supervisor.start_link, otp.Supervisor, otp.one_for_one()),
]


@pytest.mark.parametrize("start", LINKED)
def test_one_that_is_suspended_or_about_to_be_ends_with_its_parent(
    start: Start,
) -> None:
    async def body() -> None:
        pids: list[Pid[Any]] = []

        async def own() -> None:
            pids.append(await start())
            await process.receive()

        async def suspend() -> None:
            with suppress(otp.CallError):
                await sys.suspend(pids[0])

        parent = process.spawn(own)
        await wait_until_idle()

        async def kill() -> None:
            process.exit(parent, otp.Kill())
            await checkpoint()

        await together(suspend, kill, suspend)
        await all_exited(*pids)

    explore(world(body), runs=40)
