"""The types of the tools for tests. Read by the checkers, never run."""

from __future__ import annotations

from math import inf
from typing import Any, assert_type

import otp
from otp import ChildSpec, Down, Exited, From, GenServer, Name, Pid, Ref, gen_server
from otp.kernel import Report
from otp.reports import CrashReport
from otp.testing import (
    Captured,
    Fault,
    Leak,
    MessageFault,
    Probe,
    Snapshot,
    crash,
    crash_on,
    delay_messages,
    drop_messages,
    exit as send_exit,
    fail_starts,
    kill,
    leaks,
    no_leaks,
    pid_of,
    shielded_child,
    snapshot,
    stuck_child,
    suspend,
    wait_until_idle,
)


class Cache(GenServer):
    def __init__(self, size: int) -> None:
        self.size = size

    @otp.call
    async def get(self, key: str) -> int:
        return self.size + len(key)

    @otp.cast
    async def put(self, key: str, value: int) -> None: ...


CACHE = Name[Cache]("cache")


def is_short(message: str) -> bool:
    """Tell something about a message."""
    return len(message) < 10


async def what_is_expected_says_what_comes(probe: Probe) -> None:
    assert_type(await probe.expect(int), int)
    assert_type(await probe.expect(Down), Down)
    assert_type(await probe.expect(Cache.get), From[int])
    assert_type(await probe.expect(is_short), Any)
    assert_type(await probe.expect("hello"), str)
    await probe.expect(("a", 1), within=inf)
    assert_type(await probe.receive(within=1), object)
    assert_type(await probe.expect_nothing(5), None)
    assert_type(probe.messages, tuple[object, ...])
    await probe.expect(int, within="1")  # type: ignore[call-overload]
    await probe.expect(int, 5)  # type: ignore[call-overload]
    await probe.expect_nothing("5")  # type: ignore[arg-type]


async def an_end_is_expected_with_a_reason(probe: Probe, pid: Pid[Cache]) -> None:
    assert_type(probe.watch(CACHE), Ref)
    assert_type(await probe.expect_down(pid), Down)
    assert_type(await probe.expect_down(CACHE, reason=otp.Normal()), Down)
    assert_type(await probe.expect_down(probe.watch(pid), reason=otp.Crash), Down)
    assert_type(await probe.expect_exit(pid, reason=ValueError), Exited)
    await probe.expect_exit(pid, reason=lambda reason: reason != otp.Normal())
    await probe.expect_down(pid, reason="normal")  # type: ignore[arg-type]
    await probe.expect_down(pid, reason=int)  # type: ignore[arg-type]
    await probe.expect_exit(CACHE)  # type: ignore[arg-type]
    probe.link(CACHE)  # type: ignore[arg-type]
    probe.watch("cache")  # type: ignore[arg-type]


async def what_runs_in_a_probe_keeps_its_types(probe: Probe, pid: Pid[Cache]) -> None:
    assert_type(await probe.run(Cache.get, pid, "key"), int)
    assert_type(probe.act(is_short, "x"), bool)
    assert_type(await probe.run(gen_server.start_link, Cache, 10), Pid[Cache])
    await probe.run(Cache.get, pid, 5)  # type: ignore[arg-type]
    await probe.run(Cache.get, pid)  # type: ignore[call-arg]
    probe.act(is_short, 5)  # type: ignore[arg-type]


async def a_probe_stands_in_for_any_process(probe: Probe) -> None:
    assert_type(probe.pid, Pid[Any])
    Cache.put(probe.pid, "key", 1)
    async with Probe(CACHE) as named, Probe("cache", trap_exit=False):
        assert_type(named, Probe)
    Probe(5)  # type: ignore[arg-type]
    Probe(True, True)  # type: ignore[arg-type, call-arg]


def faults_are_for_targets(pid: Pid[Cache]) -> None:
    for target in (pid, CACHE, "cache", ("root", "cache"), Cache, is_short):
        kill(target)
    send_exit(pid, otp.Shutdown())
    crash(CACHE, ValueError)
    crash(CACHE, ValueError("oh"))
    assert_type(pid_of("cache"), Pid[Any])
    kill(5)  # type: ignore[arg-type]
    kill(["root", "cache"])  # type: ignore[arg-type]
    send_exit(pid)  # type: ignore[call-arg]
    send_exit(pid, "normal")  # type: ignore[arg-type]
    crash(CACHE, KeyboardInterrupt)  # type: ignore[arg-type]


def faults_that_last_are_context_managers(pid: Pid[Cache]) -> None:
    with drop_messages(pid, Cache.get, times=3) as fault:
        assert_type(fault, MessageFault)
    assert_type(fault.hits, int)
    assert_type(fault.messages, list[object])
    assert_type(delay_messages(pid, 3, int), MessageFault)
    assert_type(suspend(pid), MessageFault)
    assert_type(crash_on(pid, nth=3, times=inf, error=KeyError), MessageFault)
    assert_type(fail_starts(Cache, 2, reason=otp.Normal()), Fault)
    drop_messages(pid, times="3")  # type: ignore[arg-type]
    delay_messages(pid)  # type: ignore[call-arg]
    crash_on(pid, nth=1.5)  # type: ignore[arg-type]
    fail_starts(Cache, error="oh")  # type: ignore[arg-type]
    fail_starts(Cache, reason=ValueError)  # type: ignore[arg-type]
    suspend()  # type: ignore[call-arg]


def doubles_are_children() -> None:
    assert_type(stuck_child("a", shutdown=1), ChildSpec[object])
    assert_type(shielded_child(lingers=1), ChildSpec[object])
    otp.one_for_one(stuck_child(), shielded_child())
    stuck_child(lingers=1)  # type: ignore[call-arg]


async def what_is_left_over_has_a_kind() -> None:
    before = snapshot()
    assert_type(before, Snapshot)
    assert_type(leaks(before), list[Leak])
    async with no_leaks() as also_before:
        assert_type(also_before, Snapshot)
    await wait_until_idle()
    leaks()  # type: ignore[call-arg]
    Leak("thing", 1, "x")  # type: ignore[arg-type]


def reports_are_found_by_their_class() -> None:
    with Captured() as captured:
        assert_type(captured, Captured)
    assert_type(captured.of(CrashReport), list[CrashReport])
    assert_type(captured.reports, list[Report])
    assert_type(captured.dead_letters, list[otp.DeadLetter])
    captured.of(int)  # type: ignore[type-var]
