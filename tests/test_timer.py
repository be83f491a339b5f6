"""Timers: what they do, when, and what stops them."""

from __future__ import annotations

from math import inf, nan
from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from otp import (
    Exited,
    Kill,
    Killed,
    Name,
    Reason,
    Shutdown,
    Timeout,
    Via,
    process,
    timer,
)
from otp.kernel import current_node
from tests.kernel.support import (
    Recorder,
    Registry,
    dead_pid,
    flush,
    idle,
    in_process,
    on_node,
    running_timers,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from otp import Pid
    from otp.timer import TimerRef


async def times(seconds: float) -> list[tuple[float, object]]:
    """Return what comes within *seconds*, and when."""
    start = trio.current_time()
    found: list[tuple[float, object]] = []
    with trio.move_on_after(seconds):
        while True:
            message = await process.receive()
            found.append((round(trio.current_time() - start, 6), message))
    return found


@in_process
async def test_a_message_comes_when_its_time_has_come_and_never_early() -> None:
    timer.send_after(2, process.self(), "b")
    timer.send_after(1.5, process.self(), "a")
    timer.send_at(trio.current_time() + 3, process.self(), "c")

    assert await times(10) == [(1.5, "a"), (2, "b"), (3, "c")]
    assert running_timers(current_node()) == 0


@in_process
async def test_a_started_timer_sends_its_own_reference() -> None:
    ref = timer.start_timer(1, process.self(), "x")

    assert await flush(2) == [Timeout(ref, "x")]


@in_process
async def test_a_timer_can_be_read_and_stopped() -> None:
    ref = timer.send_after(5, process.self(), "x")
    await trio.sleep(2)

    assert timer.read_timer(ref) == pytest.approx(3)
    assert timer.cancel_timer(ref) == pytest.approx(3)
    assert timer.read_timer(ref) is None
    assert timer.cancel_timer(ref) is None
    assert await flush(10) == []
    assert running_timers(current_node()) == 0


@in_process
async def test_a_timer_that_has_fired_cannot_be_stopped() -> None:
    ref = timer.send_after(1, process.self(), "x")
    await trio.sleep(2)

    assert timer.read_timer(ref) is None
    assert timer.cancel_timer(ref) is None
    assert await flush() == ["x"]


@in_process
async def test_a_stopped_timer_does_not_hold_up_an_earlier_one() -> None:
    refs = [timer.send_after(n, process.self(), n) for n in range(1, 100)]
    for ref in refs[::2]:
        timer.cancel_timer(ref)

    assert [message for _, message in await times(200)] == list(range(2, 100, 2))


@in_process
async def test_a_new_timer_may_be_due_before_all_others() -> None:
    timer.send_after(100, process.self(), "late")
    await wait_all_tasks_blocked()
    timer.send_after(1, process.self(), "soon")

    assert await times(10) == [(1, "soon")]


@in_process
async def test_a_timer_for_ever_never_fires() -> None:
    ref = timer.send_after(inf, process.self(), "x")

    assert await flush(1e6) == []
    assert timer.cancel_timer(ref) == inf


@pytest.mark.parametrize("seconds", [-1, -0.001, nan])
@on_node
async def test_a_timer_does_not_run_backwards(seconds: float) -> None:
    me = process.self()
    starts: list[Callable[[], TimerRef]] = [
        lambda: timer.send_after(seconds, me, "x"),
        lambda: timer.start_timer(seconds, me, "x"),
        lambda: timer.exit_after(seconds, me),
        lambda: timer.kill_after(seconds, me),
        lambda: timer.apply_after(seconds, idle),
    ]
    for start in starts:
        with pytest.raises(ValueError, match="a timer runs 0 seconds or more"):
            start()


@pytest.mark.parametrize("seconds", [0, -1, nan])
@on_node
async def test_an_interval_has_a_length(seconds: float) -> None:
    starts: list[Callable[[], TimerRef]] = [
        lambda: timer.send_interval(seconds, process.self(), "x"),
        lambda: timer.apply_interval(seconds, idle),
        lambda: timer.apply_repeatedly(seconds, idle),
    ]
    for start in starts:
        with pytest.raises(ValueError, match="an interval is a positive number"):
            start()


@on_node
async def test_what_is_no_address_is_refused_at_the_start() -> None:
    wrong: Pid = "name"  # type: ignore[assignment]
    starts: list[Callable[[], TimerRef]] = [
        lambda: timer.send_after(1, wrong, "x"),
        lambda: timer.send_at(1, wrong, "x"),
        lambda: timer.start_timer(1, wrong, "x"),
        lambda: timer.send_interval(1, wrong, "x"),
    ]
    for start in starts:
        with pytest.raises(TypeError, match="addressed by a Pid, a Name or a Via"):
            start()
    assert running_timers(current_node()) == 0


def test_without_a_node_there_are_no_timers() -> None:
    with pytest.raises(RuntimeError):
        timer.send_after(1, Name[object]("x"), "x")


@in_process
async def test_a_name_is_looked_up_when_the_time_has_come() -> None:
    timer.send_after(1, Name[object]("late"), "x")
    process.register("late", process.self())

    assert await flush(2) == ["x"]


@in_process
async def test_a_timer_may_send_to_an_alias() -> None:
    alias = process.alias(until="reply")
    timer.send_after(1, alias, "x")
    timer.send_after(2, alias, "y")

    assert await flush(3) == ["x"]


@on_node
async def test_what_reaches_nobody_is_a_dead_letter_of_the_node() -> None:
    class Broken(Registry):
        def whereis_name(self, key: Hashable, /) -> Pid | None:
            raise OSError(key)

    recorder = Recorder()
    current_node().instruments.append(recorder)
    pid = await dead_pid()
    timer.send_after(1, pid, 1)
    timer.send_after(2, Name[object]("nobody"), 2)
    timer.send_after(3, Name[object]("x").at("nowhere"), 3)
    timer.send_after(4, Via[object](Broken(), "k"), 4)
    await trio.sleep(5)

    assert [(letter.message, letter.why) for letter in recorder.letters] == [
        (1, "dead"),
        (2, "dead"),
        (3, "dead"),
        (4, "OSError('k')"),
    ]


# ---------------------------------------------------------------- exits and calls


@in_process
async def test_an_exit_signal_comes_from_who_started_the_timer() -> None:
    async def body() -> None:
        process.trap_exit(True)
        process.send(me, await process.receive())

    me = process.self()
    pid = process.spawn(body)
    await wait_all_tasks_blocked()
    timer.exit_after(1, pid)

    assert await flush(2) == [Exited(me, Shutdown())]


@in_process
async def test_an_exit_signal_may_have_any_reason() -> None:
    pid, other = process.spawn(idle), process.spawn(idle)
    timer.exit_after(1, pid, Reason("x"))
    timer.kill_after(2, other)

    assert await process.wait_exited(pid) == Reason("x")
    assert await process.wait_exited(other) == Killed()
    with pytest.raises(TypeError, match="is not an exit reason"):
        timer.exit_after(1, pid, "x")  # type: ignore[arg-type]


@in_process
async def test_an_exit_signal_to_the_dead_has_no_effect() -> None:
    timer.exit_after(1, await dead_pid(), Kill())
    await trio.sleep(2)


@in_process
async def test_a_function_runs_later_in_a_process_of_its_own() -> None:
    me = process.self()

    async def body(word: str) -> None:
        process.send(me, (process.self() is me, process.ancestors(), word))

    timer.apply_after(1, body, "x")

    assert await times(2) == [(1, (False, (current_node().root.pid,), "x"))]


# --------------------------------------------------------------------- intervals


@in_process
async def test_an_interval_sends_again_and_again_without_drift() -> None:
    ref = timer.send_interval(0.1, process.self(), "tick")
    ticks = await times(1.05)
    left = timer.cancel_timer(ref)

    assert ticks == [(round(n / 10, 6), "tick") for n in range(1, 11)]
    assert left is not None
    assert await flush(1) == []


@in_process
async def test_an_interval_ends_with_whom_it_sends_to() -> None:
    pid = process.spawn(trio.sleep, 2.5)
    ref = timer.send_interval(1, pid, "tick")
    await trio.sleep(10)

    assert timer.read_timer(ref) is None
    assert running_timers(current_node()) == 0


@in_process
async def test_an_interval_to_a_name_goes_on_when_its_bearer_dies() -> None:
    name = Name[object]("name")
    timer.send_interval(1, name, "tick")
    pid = process.spawn(idle)
    process.register(name, pid)
    await trio.sleep(1.5)
    process.exit(pid, Kill())
    process.register(name, process.self())

    assert await times(2) == [(0.5, "tick"), (1.5, "tick")]


async def slow(runs: list[float], seconds: float) -> None:
    runs.append(trio.current_time())
    await trio.sleep(seconds)


@in_process
async def test_an_interval_of_runs_lets_them_overlap() -> None:
    runs: list[float] = []
    ref = timer.apply_interval(1, slow, runs, 2.5)
    await trio.sleep(4.1)
    timer.cancel_timer(ref)

    assert len(runs) == 4
    assert len(process.processes()) == 1 + 3


@in_process
async def test_repeated_runs_never_overlap() -> None:
    runs: list[float] = []
    start = trio.current_time()
    timer.apply_repeatedly(1, slow, runs, 2.5)
    await trio.sleep(9.1)

    assert [run - start for run in runs] == pytest.approx([1, 4, 7])


@on_node
async def test_an_interval_of_runs_ends_with_who_started_it() -> None:
    runs: list[float] = []

    async def body() -> None:
        timer.apply_interval(1, slow, runs, 0)
        timer.apply_repeatedly(1, slow, runs, 0)
        await trio.sleep(2.5)

    await process.wait_exited(process.spawn(body))
    await trio.sleep(10)

    assert len(runs) == 4
    assert running_timers(current_node()) == 0
