"""Laws of processes that hold in whatever order things happen."""

from __future__ import annotations

import trio
import trio.testing
from trio.lowlevel import checkpoint

import otp
from otp import (
    Down,
    Exited,
    NameTakenError,
    ReceiveTimeoutError,
    process,
    timer,
)
from otp.testing import Cancelling, DepthFirst, cancel_everywhere, explore
from tests.kernel.support import idle
from tests.testing.worlds import Crew, in_world, mail, together


async def ends_soon() -> None:
    await checkpoint()


def test_a_link_to_one_that_ends_is_answered_once() -> None:
    async def scenario() -> None:
        other = process.spawn(ends_soon)

        async def link() -> None:
            process.trap_exit(True)
            process.link(other)
            message = await process.receive()
            assert isinstance(message, Exited)
            assert message.pid is other
            assert message.reason in (otp.Normal(), otp.NoProc())
            assert mail() == []

        await together(link)

    assert explore(in_world(scenario), DepthFirst(reduce=True), runs=2000).complete


def test_each_monitor_is_answered_once() -> None:
    async def scenario() -> None:
        other = process.spawn(ends_soon)

        async def watch() -> None:
            refs = [process.monitor(other)]
            await checkpoint()
            refs.append(process.monitor(other))
            await process.wait_exited(other)
            downs = mail()
            assert [down.ref for down in downs if isinstance(down, Down)] == refs

        await together(watch, watch)

    explore(in_world(scenario), runs=200)


def test_nothing_comes_of_a_monitor_that_was_taken_back_with_a_flush() -> None:
    async def scenario() -> None:
        other = process.spawn(ends_soon)

        async def watch() -> None:
            ref = process.monitor(other)
            await checkpoint()
            process.demonitor(ref, flush=True)
            await process.wait_exited(other)
            assert mail() == []

        await together(watch)

    assert explore(in_world(scenario), DepthFirst(), runs=2000).complete


def test_a_name_is_given_to_one_at_a_time() -> None:
    async def scenario() -> None:
        holders: list[otp.Pid] = []
        most = 0

        async def hold() -> None:
            nonlocal most
            try:
                process.register("the one", process.self())
            except NameTakenError:
                return
            holders.append(process.self())
            most = max(most, len(holders))
            await checkpoint()
            assert process.whereis("the one") is process.self()
            holders.remove(process.self())

        await together(hold, hold, hold)

        assert most == 1
        assert process.whereis("the one") is None

    explore(in_world(scenario), runs=200)


def test_who_hears_of_a_death_finds_the_name_free() -> None:
    async def scenario() -> None:
        async def hold() -> None:
            process.register("the one", process.self())
            await idle()

        async def follow() -> None:
            process.monitor(holder)
            await process.receive(Down)
            process.register("the one", process.self())

        async def kill() -> None:
            await checkpoint()
            process.exit(holder, otp.Kill())

        crew = Crew()
        holder = crew.start(hold)
        crew.start(follow)
        crew.start(kill)
        await crew.wait()

    explore(in_world(scenario), runs=200)


def test_all_who_watch_hear_the_same_reason() -> None:
    async def scenario() -> None:
        heard: list[otp.ExitReason] = []

        async def victim() -> None:
            await checkpoint()
            raise otp.Exit(otp.Shutdown("own"))

        target = process.spawn(victim)

        async def watch() -> None:
            ref = process.monitor(target)
            while True:
                message = await process.receive()
                if isinstance(message, Down) and message.ref == ref:
                    heard.append(message.reason)
                    return

        async def link() -> None:
            process.trap_exit(True)
            process.link(target)
            message = await process.receive(Exited)
            heard.append(message.reason)

        async def kill() -> None:
            process.exit(target, otp.Kill())

        await together(watch, link, kill, watch)

        known = [reason for reason in heard if reason != otp.NoProc()]
        assert len(set(known)) <= 1
        assert set(known) <= {otp.Killed(), otp.Shutdown("own")}

    explore(in_world(scenario), runs=300)


def test_messages_from_one_to_another_come_in_order() -> None:
    async def scenario() -> None:
        got: list[object] = []

        async def collect() -> None:
            while len(got) < 6:
                got.append(await process.receive())

        crew = Crew()
        to = crew.start(collect)

        async def send(name: str) -> None:
            for n in range(3):
                process.send(to, (name, n))
                await checkpoint()

        crew.start(send, "a")
        crew.start(send, "b")
        await crew.wait()

        for name in "ab":
            assert [m for m in got if m[0] == name] == [(name, n) for n in range(3)]  # type: ignore[index]

    explore(in_world(scenario), runs=200)


def test_a_message_that_is_not_taken_in_time_is_kept() -> None:
    async def scenario() -> None:
        async def wait() -> None:
            try:
                found = await process.receive(timeout=1)
            except ReceiveTimeoutError:
                found = await process.receive()
            assert found == "late"
            assert mail() == []

        crew = Crew()
        receiver = crew.start(wait)

        async def send() -> None:
            await trio.sleep(1)
            process.send(receiver, "late")

        crew.start(send)
        await crew.wait()

    explore(in_world(scenario), jumps=2, runs=300)


def test_selective_receive_keeps_what_does_not_fit() -> None:
    async def scenario() -> None:
        async def receive() -> None:
            assert await process.receive(str) == "text"
            assert [await process.receive(), await process.receive()] == [1, 2]

        crew = Crew()
        receiver = crew.start(receive)

        async def numbers() -> None:
            process.send(receiver, 1)
            await checkpoint()
            process.send(receiver, 2)

        async def text() -> None:
            process.send(receiver, "text")

        crew.start(numbers)
        crew.start(text)
        await crew.wait()

    explore(in_world(scenario), DepthFirst(reduce=True), runs=300)


def test_a_timer_that_is_cancelled_in_time_sends_nothing() -> None:
    async def scenario() -> None:
        async def body() -> None:
            ref = timer.send_after(1, process.self(), "ring")
            await checkpoint()
            await trio.sleep(0.5)
            await checkpoint()
            left = timer.cancel_timer(ref)
            await trio.sleep(5)
            assert mail() == ([] if left is not None else ["ring"])

        await together(body, body)

    explore(in_world(scenario), jumps=3, runs=300)


def test_children_that_are_linked_do_not_outlive_their_parent() -> None:
    async def scenario() -> None:
        async def parent() -> None:
            for _ in range(3):
                process.spawn_link(idle)
                await checkpoint()
            await idle()

        async def kill() -> None:
            await checkpoint()
            process.exit(pid, otp.Kill())

        pid = process.spawn(parent)
        await together(kill)
        await trio.testing.wait_all_tasks_blocked()

        assert process.processes() == []

    explore(in_world(scenario), runs=200)


def test_a_node_ends_with_those_that_are_started_meanwhile() -> None:
    async def scenario() -> None:
        async def breed(n: int) -> None:
            process.trap_exit(True)
            if n:
                process.spawn(breed, n - 1)
            await checkpoint()

        process.spawn(breed, 3)
        await checkpoint()

    explore(in_world(scenario), runs=200)


def test_an_alias_for_one_answer_takes_one() -> None:
    async def scenario() -> None:
        async def ask() -> None:
            alias = process.alias(until="reply")
            for n in range(2):
                process.spawn(answer, alias, n)
            await process.receive()
            await trio.sleep(1)
            assert mail() == []

        async def answer(alias: otp.Alias, n: int) -> None:
            process.send(alias, n)
            await checkpoint()

        await together(ask)

    explore(in_world(scenario), runs=100)


def test_who_is_asked_to_exit_twice_ends_once() -> None:
    async def scenario() -> None:
        victim = process.spawn(idle)
        downs: list[object] = []

        async def watch() -> None:
            process.monitor(victim)
            downs.append(await process.receive())
            await trio.sleep(1)
            assert mail() == []

        async def end(reason: otp.ExitReason) -> None:
            process.exit(victim, reason)
            await checkpoint()

        crew = Crew()
        crew.start(watch)
        crew.start(end, otp.Shutdown())
        crew.start(end, otp.Kill())
        await crew.wait()

        assert len(downs) == 1

    explore(in_world(scenario), runs=200)


def test_a_receive_that_is_cancelled_loses_nothing() -> None:
    async def scenario(cancelling: Cancelling) -> None:
        async def body() -> None:
            me = process.self()
            process.spawn(send, me)
            found: list[object] = []
            with cancelling:
                found.append(await process.receive())
            await trio.testing.wait_all_tasks_blocked()
            assert [*found, *mail()] == ["hello"]

        async def send(to: otp.Pid) -> None:
            await checkpoint()
            process.send(to, "hello")

        await in_world(lambda: together(body))()

    cancel_everywhere(scenario, schedules=5)


def test_waiting_for_an_end_can_be_cancelled() -> None:
    async def scenario(cancelling: Cancelling) -> None:
        async def body() -> None:
            pid = process.spawn(ends_soon)
            with cancelling:
                await process.wait_exited(pid, timeout=5)
            await trio.testing.wait_all_tasks_blocked()
            assert mail() == []
            assert process.info(process.self()).monitors == ()  # type: ignore[union-attr]

        await in_world(lambda: together(body))()

    cancel_everywhere(scenario, schedules=5)


def test_a_node_can_be_cancelled_while_it_begins_and_ends() -> None:
    async def scenario(cancelling: Cancelling) -> None:
        node = otp.Node()
        with cancelling:
            async with node:
                process.spawn(idle)
                process.spawn(ends_soon)
                await checkpoint()
        assert node.processes == {}
        assert node.names == {}

    cancel_everywhere(scenario, schedules=5)
