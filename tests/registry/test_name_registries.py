"""What `otp.abc.NameRegistry` promises, for every registry of names that there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest
import trio

import otp
from otp import (
    AlreadyStartedError,
    Down,
    Exit,
    GenServer,
    Kill,
    Killed,
    NoProc,
    NoProcessError,
    Reason,
    StartError,
    Via,
    call,
    cast as clause_cast,
    gen_server,
    global_,
    process,
    registry,
    supervisor,
    sys,
    timer,
)
from tests.kernel.support import (
    assert_nothing_left,
    cancel_at_every_step,
    cancel_at_step,
    dead_pid,
    flush,
    idle,
    in_process,
)

from .support import REG, another, kill, settled, start

if TYPE_CHECKING:
    from collections.abc import Hashable

    from otp import ExitReason, Pid
    from otp.abc import NameRegistry


class Customers:
    """A registry that somebody else has written: a dictionary without the dead."""

    def __init__(self) -> None:
        self._pids: dict[Hashable, Pid] = {}

    def register_name(self, key: Hashable, pid: Pid, /) -> bool:
        if self.whereis_name(key) is not None or not process.is_alive(pid):
            return False
        self._pids[key] = pid
        return True

    def unregister_name(self, key: Hashable, /) -> None:
        self._pids.pop(key, None)

    def whereis_name(self, key: Hashable, /) -> Pid | None:
        pid = self._pids.get(key)
        return pid if pid is not None and process.is_alive(pid) else None

    def send(self, key: Hashable, message: object, /) -> Pid:
        pid = self.whereis_name(key)
        if pid is None:
            raise NoProcessError(Via(self, key))
        process.send(pid, message)
        return pid


async def registered() -> NameRegistry:
    await start(partitions=2)
    return registry.via(REG, "k").registry


async def everywhere() -> NameRegistry:
    return global_.names


async def customers() -> NameRegistry:
    return Customers()


EVERY = pytest.mark.parametrize("make", [registered, everywhere, customers])


class Server(GenServer):
    """Counts, or does not start."""

    def __init__(self, end: ExitReason | None = None, *, slow: bool = False) -> None:
        self.count = 0
        self.end = end
        self.slow = slow

    async def init(self) -> None:
        if self.slow:
            await trio.sleep_forever()
        if self.end is not None:
            raise Exit(self.end)

    @call
    async def incr(self) -> int:
        self.count += 1
        return self.count

    @call
    async def me(self) -> Pid:
        return process.self()

    @clause_cast
    async def reset(self) -> None:
        self.count = 0

    async def handle_info(self, message: object) -> None:
        self.count = cast("int", message)


async def ask(via: Via[Server], n: int) -> list[int]:
    return [await Server.incr(via) for _ in range(n)]


# -------------------------------------------------------------- the four questions


@EVERY
@in_process
async def test_a_name_leads_to_who_has_it(make: Any) -> None:
    names: NameRegistry = await make()
    pid = another()

    assert names.whereis_name("k") is None
    assert names.register_name("k", pid) is True
    assert names.whereis_name("k") is pid


@EVERY
@in_process
async def test_a_name_is_given_once(make: Any) -> None:
    names: NameRegistry = await make()
    first, second = another(), another()
    names.register_name("k", first)

    assert names.register_name("k", second) is False
    assert names.register_name("k", first) is False
    assert names.whereis_name("k") is first


@EVERY
@in_process
async def test_a_name_is_free_when_it_is_given_back(make: Any) -> None:
    names: NameRegistry = await make()
    first, second = another(), another()
    names.register_name("k", first)
    names.unregister_name("k")
    names.unregister_name("k")

    assert names.whereis_name("k") is None
    assert names.register_name("k", second) is True


@EVERY
@in_process
async def test_a_name_is_free_when_its_bearer_is_dead(make: Any) -> None:
    names: NameRegistry = await make()
    first, second = another(), another()
    names.register_name("k", first)
    process.exit(first, Kill())

    assert names.whereis_name("k") is None
    assert names.register_name("k", second) is True
    await settled()
    assert names.whereis_name("k") is second


@EVERY
@in_process
async def test_the_dead_get_no_names(make: Any) -> None:
    names: NameRegistry = await make()

    assert names.register_name("k", await dead_pid()) is False
    assert names.whereis_name("k") is None


@EVERY
@in_process
async def test_what_is_sent_to_a_name_is_sent_to_its_bearer(make: Any) -> None:
    names: NameRegistry = await make()
    names.register_name("k", process.self())

    assert names.send("k", "hello") is process.self()
    assert await flush(0) == ["hello"]


@EVERY
@in_process
async def test_nothing_is_sent_to_a_name_that_nobody_has(make: Any) -> None:
    names: NameRegistry = await make()
    with pytest.raises(NoProcessError, match="there is no process"):
        names.send("k", "hello")


@EVERY
@in_process
async def test_names_are_anything_hashable(make: Any) -> None:
    names: NameRegistry = await make()
    for key in (1, None, ("a", 2), frozenset({3}), b"x"):
        pid = another()
        assert names.register_name(key, pid)
        assert names.whereis_name(key) is pid


# ------------------------------------------------------------- names as addresses


@EVERY
@in_process
async def test_a_server_is_reached_by_its_name(make: Any) -> None:
    via = Via[Server](await make(), "k")
    pid = await gen_server.start_named(via, Server)

    assert process.whereis(via) is pid
    assert await ask(via, 2) == [1, 2]
    Server.reset(via)
    assert await ask(via, 1) == [1]
    process.send(via, 10)
    assert await ask(via, 1) == [11]
    timer.send_after(1, via, 20)
    await trio.sleep(2)
    assert await ask(via, 1) == [21]
    assert await gen_server.wait_response(Server.incr.send_request(via)) == 22
    assert (await sys.get_status(via)).pid is pid
    await gen_server.stop(via)
    assert process.whereis(via) is None


@EVERY
@in_process
async def test_a_name_is_taken_before_the_first_line_runs(make: Any) -> None:
    names: NameRegistry = await make()
    seen: list[object] = []

    class Curious(Server):
        def __init__(self) -> None:
            super().__init__()
            seen.append(names.whereis_name("k") is process.self())

    await gen_server.start_named(Via[Curious](names, "k"), Curious)

    assert seen == [True]


@EVERY
@in_process
async def test_who_comes_second_is_told_who_has_the_name(make: Any) -> None:
    via = Via[Server](await make(), "k")
    pid = await gen_server.start_named(via, Server)
    before = process.processes()
    with pytest.raises(AlreadyStartedError) as caught:
        await gen_server.start_named(via, Server)

    assert caught.value.pid is pid
    assert process.processes() == before


@EVERY
@in_process
async def test_a_start_that_fails_leaves_no_name(make: Any) -> None:
    process.trap_exit(True)
    via = Via[Server](await make(), "k")
    before = process.processes()
    for reason in (Reason("no"), otp.Normal()):
        with pytest.raises(StartError) as caught:
            await gen_server.start_named(via, Server, reason)
        assert caught.value.reason == reason
        assert process.whereis(via) is None

    assert process.processes() == before
    assert await flush(0) == []
    await gen_server.start_named(via, Server)


@EVERY
@in_process
async def test_a_start_that_takes_too_long_leaves_no_name(make: Any) -> None:
    via = Via[Server](await make(), "k")
    with pytest.raises(otp.StartTimeoutError):
        await gen_server.Options(name=via, timeout=1).start(Server, slow=True)

    assert process.whereis(via) is None


@EVERY
async def test_a_start_that_is_cancelled_anywhere_leaves_no_name(
    make: Any, autojump_clock: trio.testing.MockClock
) -> None:
    del autojump_clock

    async def trial(step: int) -> list[Pid[Server]]:
        started: list[list[Pid[Server]]] = []

        async def run() -> None:
            via = Via[Server](await make(), "k")
            before = len(process.processes())
            options = gen_server.Options(name=via)
            pids = await cancel_at_step(step, lambda: options.start(Server))
            assert process.whereis(via) is (pids[0] if pids else None)
            assert len(process.processes()) == before + len(pids)
            started.append(pids)

        async with otp.Node() as node:
            await process.wait_exited(process.spawn(run))
        assert_nothing_left(node)
        return started[0]

    assert await cancel_at_every_step(trial) >= 1


@EVERY
@in_process
async def test_a_supervised_server_has_the_name_again_after_a_restart(
    make: Any,
) -> None:
    process.trap_exit(True)
    via = Via[Server](await make(), "k")
    spec = otp.one_for_one(otp.child_spec(Server).named(via))
    await supervisor.start_link(otp.Supervisor, spec)
    first = await Server.me(via)
    await kill(first)

    assert await Server.me(via) is not first


@EVERY
@in_process
async def test_a_monitor_is_about_who_has_the_name_now(make: Any) -> None:
    via = Via[Server](await make(), "k")
    pid = await gen_server.Options(name=via).start(Server)
    ref = process.monitor(via)
    await kill(pid)
    late = process.monitor(via)

    assert await flush(0) == [Down(ref, via, Killed()), Down(late, via, NoProc())]


@EVERY
@in_process
async def test_a_timer_looks_the_name_up_when_its_time_has_come(make: Any) -> None:
    names: NameRegistry = await make()
    via = Via[object](names, "k")
    timer.send_after(1, via, "nobody")
    timer.send_after(3, via, "me")
    await trio.sleep(2)
    names.register_name("k", process.self())

    assert await flush(2) == ["me"]


@EVERY
@in_process
async def test_a_name_that_nobody_has_leads_nowhere(make: Any) -> None:
    via = Via[Server](await make(), "k")

    assert process.whereis(via) is None
    with pytest.raises(NoProcessError) as caught:
        await Server.incr(via)
    assert caught.value.server is via
    with pytest.raises(NoProcessError):
        process.send(via, "hello")
    with pytest.raises(NoProcessError):
        await gen_server.stop(via)
    with pytest.raises(NoProcessError):
        await gen_server.wait_response(Server.incr.send_request(via))
    Server.reset(via)
    assert await process.wait_exited(via) == NoProc()


@EVERY
@in_process
async def test_who_becomes_a_server_may_say_its_name(make: Any) -> None:
    names: NameRegistry = await make()
    via = Via[Server](names, "k")

    async def become() -> None:
        names.register_name("k", process.self())
        await gen_server.enter_loop(Server(), name=via)

    process.spawn(become)
    await settled()

    assert await ask(via, 1) == [1]


@EVERY
@in_process
async def test_who_does_not_have_the_name_does_not_become_that_server(
    make: Any,
) -> None:
    names: NameRegistry = await make()
    names.register_name("k", process.spawn(idle))
    with pytest.raises(NoProcessError):
        await gen_server.enter_loop(Server(), name=Via[Server](names, "k"))
