"""Probes: processes that a test can ask what they were sent."""

from __future__ import annotations

from math import nan
from typing import Any

import pytest
import trio

import otp
from otp import gen_event, gen_server, process, timer
from otp.testing import ExpectationError, Probe, wait_until_idle
from tests.kernel.support import idle, on_node, trapping_idle


class Cache(otp.GenServer):
    def __init__(self) -> None:
        self.values: dict[str, int] = {}

    @otp.call
    async def get(self, key: str) -> int | None:
        return self.values.get(key)

    @otp.call_noreply
    async def get_later(self, from_: otp.From[int], key: str) -> None:
        timer.send_after(1, self.pid, (from_, key))

    @otp.cast
    async def put(self, key: str, value: int) -> None:
        self.values[key] = value

    @otp.cast
    async def crash(self) -> None:
        raise ValueError("oh")


async def who_calls() -> otp.Pid:
    return process.self()


def text_of(caught: pytest.ExceptionInfo[ExpectationError]) -> str:
    return str(caught.value)


@on_node
async def test_a_test_that_is_no_process_can_expect_a_message() -> None:
    async with Probe() as probe:
        process.send(probe.pid, "hello")

        assert await probe.expect("hello") == "hello"
        assert probe.messages == ()


@on_node
async def test_a_probe_is_waited_for_in_virtual_seconds() -> None:
    async with Probe() as probe:
        timer.send_after(50, probe.pid, "late")
        before = trio.current_time()

        await probe.expect("late", within=60)

        assert trio.current_time() - before == 50


@on_node
async def test_what_is_expected_may_be_a_value_a_class_or_a_function() -> None:
    async with Probe() as probe:
        for message in (1, "two", 3.0):
            process.send(probe.pid, message)

        assert await probe.expect(float) == 3.0
        assert await probe.expect(lambda m: m == "two") == "two"
        assert await probe.expect(1) == 1


class Ambiguous:
    """Compares like an array: with no truth."""

    def __eq__(self, other: object) -> Any:
        return self

    def __bool__(self) -> bool:
        raise ValueError("ambiguous")

    __hash__ = object.__hash__


class Incomparable:
    def __eq__(self, other: object) -> bool:
        raise RuntimeError("incomparable")

    __hash__ = object.__hash__


@on_node
@pytest.mark.parametrize("strange", [Ambiguous(), Incomparable(), nan])
async def test_a_value_that_cannot_be_compared_fits_itself_alone(
    strange: object,
) -> None:
    async with Probe() as probe:
        for message in (strange, ("a", strange), ("a", 1)):
            process.send(probe.pid, message)

        assert await probe.expect(("a", 1)) == ("a", 1)
        assert await probe.expect(strange) is strange


@on_node
async def test_messages_that_do_not_fit_stay_in_their_order() -> None:
    async with Probe() as probe:
        for message in ("a", "b", "c", "d"):
            process.send(probe.pid, message)

        await probe.expect("c")

        assert probe.messages == ("a", "b", "d")
        assert [await probe.receive() for _ in range(3)] == ["a", "b", "d"]


@on_node
async def test_a_failure_says_what_came_instead() -> None:
    async with Probe() as probe:
        process.send(probe.pid, "ping")
        gen_server.cast(probe.pid, "flush")
        Cache.put(probe.pid, "key", 1)

        with pytest.raises(ExpectationError) as caught:
            await probe.expect("pong")

        assert text_of(caught) == (
            f"<probe {probe.pid!r}> expected 'pong' within 1 s, and got\n"
            "  'ping'\n"
            "  cast 'flush'\n"
            "  cast put('key', 1)"
        )
        assert caught.value.messages[0] == "ping"


@on_node
async def test_a_failure_says_that_nothing_came() -> None:
    async with Probe() as probe:
        with pytest.raises(ExpectationError, match="expected an instance of int wi"):
            await probe.expect(int)
        with pytest.raises(ExpectationError, match="a message within 0 s, and got not"):
            await probe.receive(within=0)


@on_node
async def test_of_very_many_messages_a_failure_shows_the_first() -> None:
    async with Probe() as probe:
        for n in range(100):
            process.send(probe.pid, n)

        with pytest.raises(ExpectationError, match="and 80 more"):
            await probe.expect("pong", within=0)


@on_node
async def test_a_failure_is_a_failed_assertion() -> None:
    assert issubclass(ExpectationError, AssertionError)


@on_node
async def test_a_probe_can_stand_in_for_a_server() -> None:
    found: list[int | None] = []

    async def client(server: otp.Pid[Cache]) -> None:
        found.append(await Cache.get(server, "key"))

    async with Probe() as probe:
        process.spawn(client, probe.pid)
        request = await probe.expect(Cache.get)
        assert request.args == ("key",)
        gen_server.reply(request, 7)
        await probe.expect_nothing()

    assert found == [7]


@on_node
async def test_the_clauses_of_a_server_are_told_apart() -> None:
    async with Probe() as probe:
        Cache.crash(probe.pid)
        Cache.put(probe.pid, "a", value=1)
        Cache.put(probe.pid, "b", 2)

        await probe.expect(Cache.put)
        await probe.expect(Cache.put)

        with pytest.raises(ExpectationError, match=r"a cast of Cache\.put within"):
            await probe.expect(Cache.put)
        with pytest.raises(ExpectationError, match=r"a call of Cache\.get within"):
            await probe.expect(Cache.get)
        await probe.expect(Cache.crash)


@on_node
async def test_calls_and_casts_of_plain_messages_fit_by_what_they_carry() -> None:
    async with Probe() as probe:
        gen_server.cast(probe.pid, "flush")
        gen_server.send_request(probe.pid, 5)

        assert await probe.expect("flush") == "flush"
        request = await probe.expect(5)
        assert isinstance(request, otp.From)


@on_node
async def test_events_fit_by_what_they_carry() -> None:
    async with Probe() as probe:
        gen_event.notify(probe.pid, "fire")
        process.spawn(gen_event.sync_notify, probe.pid, "smoke")
        await wait_until_idle()

        assert await probe.expect("fire") == "fire"
        request = await probe.expect("smoke")
        assert isinstance(request, otp.From)


@on_node
async def test_a_probe_with_a_name_is_found_by_it() -> None:
    name = otp.Name[Cache]("cache")
    async with Probe(name) as probe:
        Cache.put(name, "a", 1)

        await probe.expect(Cache.put)
    assert process.whereis(name) is None


@on_node
async def test_a_name_that_is_taken_leaves_no_probe() -> None:
    async with Probe("mine"):
        before = process.processes()

        with pytest.raises(otp.NameTakenError):
            Probe("mine")

        assert process.processes() == before


@on_node
async def test_a_function_runs_in_the_process_of_the_probe() -> None:
    async with Probe() as probe:
        assert await probe.run(who_calls) is probe.pid


@on_node
async def test_a_call_comes_from_the_probe() -> None:
    async with Probe() as probe:
        server = await probe.run(gen_server.start_link, Cache)
        Cache.put(server, "a", 1)

        assert await probe.run(Cache.get, server, "a") == 1
        info = process.info(server)
        assert info is not None
        assert info.links == (probe.pid,)
        assert info.parent is probe.pid
    assert not process.is_alive(server)


class Curious(otp.GenServer):
    @otp.call
    async def ask(self, whom: otp.Pid) -> str:
        return str(await gen_server.call(whom, "who are you?"))


@on_node
async def test_who_calls_as_a_probe_may_be_asked_something_meanwhile() -> None:
    async with Probe() as probe, trio.open_nursery() as nursery:
        answers: list[str] = []

        async def ask() -> None:
            answers.append(await probe.run(Curious.ask, server, probe.pid))

        server = await gen_server.start(Curious)
        nursery.start_soon(ask)
        request = await probe.expect("who are you?")
        assert isinstance(request, otp.From)
        gen_server.reply(request, "a probe")
        await probe.expect_nothing()

        assert answers == ["a probe"]


@on_node
async def test_two_cannot_wait_for_messages_at_once() -> None:
    async with Probe() as probe, trio.open_nursery() as nursery:
        nursery.start_soon(probe.expect, "a")
        await wait_until_idle()
        with pytest.raises(RuntimeError, match="another task already receives"):
            await probe.expect("b")
        process.send(probe.pid, "a")


@on_node
async def test_what_a_function_raises_is_raised_in_the_test() -> None:
    async def fail() -> None:
        raise KeyError("x")

    async def leave() -> None:
        raise otp.Exit(otp.Normal())

    async with Probe() as probe:
        with pytest.raises(KeyError):
            await probe.run(fail)
        with pytest.raises(otp.Exit):
            await probe.run(leave)
        assert process.is_alive(probe.pid)


@on_node
async def test_an_exit_out_of_a_nursery_is_raised_in_the_test_too() -> None:
    async def end() -> None:
        raise otp.Exit(otp.Reason("over"))

    async def in_nursery() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(end)

    async with Probe() as probe:
        with pytest.raises(BaseExceptionGroup) as caught:
            await probe.run(in_nursery)

        assert isinstance(caught.value.exceptions[0], otp.Exit)
        assert process.is_alive(probe.pid)


@on_node
async def test_who_gives_up_a_function_stops_it() -> None:
    ended: list[str] = []

    async def work() -> None:
        try:
            await trio.sleep_forever()
        finally:
            ended.append("ended")

    async with Probe() as probe:
        with trio.move_on_after(1):
            await probe.run(work)
        process.send(probe.pid, "next")

        await probe.expect("next")
        assert ended == ["ended"]


@on_node
async def test_who_is_cancelled_takes_no_message() -> None:
    async with Probe() as probe:
        process.send(probe.pid, "a")
        with trio.CancelScope() as scope:
            scope.cancel()
            await probe.expect("a")
        await wait_until_idle()

        assert scope.cancelled_caught
        assert probe.messages == ("a",)


@on_node
async def test_a_probe_that_is_killed_fails_who_waits_for_it() -> None:
    probe = Probe()
    timer.kill_after(1, probe.pid)

    with pytest.raises(otp.ServerExitedError):
        await probe.run(trio.sleep_forever)
    with pytest.raises(otp.ServerExitedError):
        await probe.expect("anything")
    assert probe.messages == ()


@on_node
async def test_an_end_can_be_expected() -> None:
    async with Probe() as probe:
        pid = process.spawn(idle)
        ref = probe.watch(pid)

        process.exit(pid, otp.Kill())

        down = await probe.expect_down(pid, reason=otp.Killed())
        assert down == otp.Down(ref, pid, otp.Killed())


@on_node
async def test_who_is_watched_by_a_name_is_expected_by_name_pid_or_reference() -> None:
    async with Probe() as probe:
        for _ in range(3):
            pid = process.spawn(idle)
            process.register("worker", pid)
            ref = probe.watch(otp.Name("worker"))
            process.exit(pid, otp.Kill())
            which = (pid, otp.Name[object]("worker"), ref)[_]
            await probe.expect_down(which)


@on_node
async def test_who_is_watched_by_a_name_may_be_waited_for_by_its_pid() -> None:
    async with Probe() as probe:
        pid = process.spawn(idle)
        process.register("worker", pid)
        probe.watch(otp.Name("worker"))
        timer.kill_after(0.5, pid)

        await probe.expect_down(pid)


@on_node
async def test_who_is_not_there_is_down_at_once() -> None:
    async with Probe() as probe:
        probe.watch(otp.Name("nobody"))

        await probe.expect_down(otp.Name("nobody"), reason=otp.NoProc, within=0)


@on_node
async def test_the_reason_of_an_end_may_be_of_a_kind() -> None:
    async with Probe() as probe:
        for wanted in (otp.Crash, ValueError, lambda r: r != otp.Normal()):
            server = await gen_server.start(Cache)
            probe.watch(server)
            Cache.crash(server)
            await probe.expect_down(server, reason=wanted)


@on_node
async def test_another_reason_than_the_one_expected_fails_at_once() -> None:
    async with Probe() as probe:
        pid = process.spawn(idle)
        probe.watch(pid)
        process.exit(pid, otp.Shutdown())
        before = trio.current_time()

        with pytest.raises(ExpectationError) as caught:
            await probe.expect_down(pid, reason=ValueError)

        assert text_of(caught) == (
            f"{pid} ended with Shutdown(detail=None), and not with ValueError"
        )
        assert trio.current_time() == before


@on_node
async def test_an_end_that_nobody_watches_is_not_waited_for() -> None:
    async with Probe() as probe:
        pid = process.spawn(idle)
        probe.unwatch(probe.watch(pid))

        with pytest.raises(ExpectationError, match=r"does not watch .* probe.watch"):
            await probe.expect_down(pid)


@on_node
async def test_a_monitor_made_in_a_function_of_the_probe_counts() -> None:
    async def watch(pid: otp.Pid) -> otp.Ref:
        return process.monitor(pid)

    async with Probe() as probe:
        pid = process.spawn(idle)
        await probe.run(watch, pid)

        with pytest.raises(ExpectationError, match=r"expected the end of .* nothing"):
            await probe.expect_down(pid)


@on_node
async def test_an_exit_signal_can_be_expected() -> None:
    async with Probe() as probe:
        pid = process.spawn(idle)
        probe.link(pid)

        process.exit(pid, otp.Reason("tired"))

        signal = await probe.expect_exit(pid, reason=otp.Reason("tired"))
        assert signal == otp.Exited(pid, otp.Reason("tired"))


@on_node
async def test_an_exit_signal_of_an_unlinked_process_does_not_come() -> None:
    async with Probe() as probe:
        pid = process.spawn(idle)
        probe.link(pid)
        probe.unlink(pid)

        process.exit(pid, otp.Kill())

        with pytest.raises(ExpectationError, match="expected an exit signal of"):
            await probe.expect_exit(pid)


@on_node
async def test_a_probe_that_does_not_trap_exits_dies_of_them() -> None:
    probe = Probe(trap_exit=False)
    pid = process.spawn(idle)
    probe.link(pid)
    with pytest.raises(ExpectationError, match="does not trap exits"):
        await probe.expect_exit(pid)

    process.exit(pid, otp.Kill())

    assert not process.is_alive(probe.pid)


@on_node
async def test_nothing_can_be_expected_for_a_time() -> None:
    async with Probe() as probe:
        timer.send_after(10, probe.pid, "late")
        before = trio.current_time()

        await probe.expect_nothing()
        assert trio.current_time() == before
        await probe.expect_nothing(5)
        assert trio.current_time() == before + 5

        with pytest.raises(ExpectationError, match=r"nothing for 60 s, and got\n  'la"):
            await probe.expect_nothing(60)
        assert trio.current_time() == before + 10


@on_node
async def test_nothing_means_also_nothing_from_before() -> None:
    async with Probe() as probe:
        process.send(probe.pid, "a")
        process.send(probe.pid, "b")

        with pytest.raises(ExpectationError, match="'a'\n  'b'"):
            await probe.expect_nothing(5)


@on_node
async def test_nothing_waits_for_those_who_are_about_to_send() -> None:
    async def answer() -> None:
        await trio.lowlevel.checkpoint()
        process.send(probe.pid, "soon")

    async with Probe() as probe:
        process.spawn(answer)
        with pytest.raises(ExpectationError, match="soon"):
            await probe.expect_nothing()


@on_node
async def test_messages_can_be_forgotten() -> None:
    async with Probe() as probe:
        process.send(probe.pid, "a")
        probe.clear()
        process.send(probe.pid, "b")

        assert probe.messages == ("b",)


@on_node
async def test_a_probe_sends_as_itself() -> None:
    async with Probe() as one, Probe() as other:
        one.send(other.pid, one.act(process.self))

        await other.expect(one.pid)


@on_node
async def test_the_end_of_a_probe_is_an_orderly_one() -> None:
    async with Probe() as watcher:
        probe = Probe()
        watcher.link(probe.pid)
        await probe.stop()
        await probe.stop()

        await watcher.expect_exit(probe.pid, reason=otp.Shutdown())


@on_node
async def test_a_probe_that_nobody_stops_ends_with_its_node() -> None:
    Probe()
    process.spawn(trapping_idle)


async def test_a_probe_needs_a_node() -> None:
    with pytest.raises(otp.NoNodeError):
        Probe()


@on_node
async def test_what_makes_no_sense_is_refused() -> None:
    async with Probe() as probe:
        with pytest.raises(ValueError, match="0 seconds or more"):
            await probe.expect("a", within=-1)
        with pytest.raises(ValueError, match="0 seconds or more"):
            await probe.expect_nothing(float("nan"))
        with pytest.raises(TypeError, match="a name or none, not 5"):
            Probe(5)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="a reason is expected as a value"):
            await probe.expect_down(probe.pid, reason="normal")  # type: ignore[arg-type]
