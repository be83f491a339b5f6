"""A breaker that many processes share is one breaker, and loses no permit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

import otp
from otp import (
    Backoff,
    CircuitOpenError,
    InvalidSpecError,
    Name,
    Pid,
    gen_statem,
    process,
    registry,
    supervisor,
)
from otp.circuit_breaker import (
    BreakerEvent,
    BreakerServer,
    BreakerSpec,
    CallEnded,
    CallRejected,
    SharedBreaker,
    StateChanged,
    shared,
)
from otp.testing import wait_until_idle
from tests.circuit_breaker.nodes import in_node

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


ONE = BreakerSpec(consecutive_failures=1, open_for=10, half_open_calls=1)
BREAKER = Name[BreakerServer]("breaker")
BREAKERS = Name[otp.Registry[tuple[str, str], None]]("breakers")


async def give(value: int = 7) -> int:
    return value


async def fail(error: Exception) -> int:
    raise error


async def rejects(breaker: SharedBreaker) -> bool:
    try:
        await breaker.call(give)
    except CircuitOpenError:
        return True
    return False


def rejecting(breaker: SharedBreaker) -> Callable[[], Awaitable[bool]]:
    return lambda: rejects(breaker)


async def half_open(
    spec: BreakerSpec = ONE, **options: Any
) -> tuple[Pid[BreakerServer], SharedBreaker]:
    """Start a breaker, open it and wait until it is half-open."""
    server = await gen_statem.start_link(BreakerServer, spec, **options)
    breaker = shared(server)
    breaker.record()
    await trio.sleep(10)
    assert await breaker.state() == "half_open"
    return server, breaker


def spawn(fn: Callable[..., Awaitable[object]], *args: object) -> Pid:
    """Run *fn* in a process of its own, whose errors are of no interest."""

    async def run() -> None:
        try:
            await fn(*args)
        except Exception:  # noqa: BLE001 - for this very thing
            return

    return process.spawn(run)


@in_node
async def test_what_one_process_sees_opens_it_for_all() -> None:
    server = await gen_statem.start_link(BreakerServer, BreakerSpec())
    breaker = shared(server)
    for _ in range(5):
        await process.wait_exited(spawn(breaker.call, fail, OSError()))

    assert await rejects(shared(server))
    found = await breaker.statistics()
    assert (found.state, found.failures, found.rejected) == ("open", 5, 1)


@in_node
async def test_a_call_a_decorator_and_a_block_are_behind_it() -> None:
    breaker = shared(await gen_statem.start_link(BreakerServer, ONE))

    @breaker
    async def double(value: int) -> int:
        return 2 * value

    assert await breaker.call(give, value=3) == 3
    assert await double(3) == 6
    async with breaker:
        pass
    with pytest.raises(OSError):  # noqa: PT011 - as bare as it is raised
        async with breaker:
            raise OSError

    with pytest.raises(CircuitOpenError) as caught:
        await double(3)
    assert caught.value.retry_after == 10
    assert (await breaker.statistics()).successes == 3


@in_node
async def test_the_tests_of_errors_and_results_are_those_of_each_user() -> None:
    server = await gen_statem.start_link(BreakerServer, ONE)
    lenient = shared(server, failures=ConnectionError)
    strict = shared(server, bad_result=lambda value: value > 5)

    with pytest.raises(TimeoutError):
        await lenient.call(fail, TimeoutError())
    assert await lenient.call(give) == 7
    assert await lenient.state() == "closed"

    assert await strict.call(give) == 7
    assert await lenient.state() == "open"


@in_node
async def test_the_open_time_ends_by_itself() -> None:
    told: list[BreakerEvent] = []
    server = await gen_statem.start_link(
        BreakerServer, ONE, name="db", listeners=[told.append]
    )
    await trio.sleep(5)
    shared(server).record()
    await trio.sleep(100)

    assert told == [
        StateChanged("db", "closed", "open", "consecutive_failures", 5, 15),
        StateChanged("db", "open", "half_open", "time", 15, float("inf")),
    ]


@in_node
async def test_listeners_are_told_of_calls_too() -> None:
    told: list[BreakerEvent] = []
    server = await gen_statem.start_link(BreakerServer, ONE, listeners=[told.append])
    breaker = shared(server, bad_result=lambda result: result == 0)
    await trio.sleep(5)
    await breaker.call(trio.sleep, 2)
    async with breaker:
        await trio.sleep(1)
    await breaker.call(give, 0)
    await trio.sleep(4)
    assert await rejects(breaker)

    calls = [event for event in told if not isinstance(event, StateChanged)]
    assert calls == [
        CallEnded("", "success", 2, True, None),
        CallEnded("", "success", 1, True, None),
        CallEnded("", "failure", 0, True, None),
        CallRejected("", "open", 6),
    ]


@in_node
async def test_its_jitter_is_that_of_the_node() -> None:
    spec = BreakerSpec(consecutive_failures=1, open_for=Backoff(60, 1, 60, jitter=1))
    found: set[float | None] = set()
    for _ in range(2):
        breaker = shared(await gen_statem.start_link(BreakerServer, spec))
        breaker.record()
        found.add((await breaker.statistics()).retry_after)

    assert len(found) == 2
    assert 60 not in found


@pytest.mark.parametrize("permits", [1, 3])
@in_node
async def test_of_five_calls_at_once_exactly_so_many_reach_the_other_side(
    permits: int,
) -> None:
    spec = BreakerSpec(consecutive_failures=1, open_for=10, half_open_calls=permits)
    reached: list[Pid] = []

    async def backend() -> None:
        reached.append(process.self())
        await trio.sleep(1)

    server, breaker = await half_open(spec)
    pids = [spawn(shared(server).call, backend) for _ in range(5)]
    for pid in pids:
        await process.wait_exited(pid)

    found = await breaker.statistics()
    assert len(reached) == permits
    assert (found.state, found.rejected) == ("closed", 5 - permits)


@pytest.mark.parametrize("how", ["kill", "crash", "leave"])
@in_node
async def test_a_process_that_dies_in_its_call_gives_its_permit_back(how: str) -> None:
    server, breaker = await half_open()
    caller = process.spawn(breaker.call, trio.sleep_forever)
    await wait_all_tasks_blocked()
    assert (await breaker.statistics()).permits == 1
    match how:
        case "kill":
            process.exit(caller, otp.Kill())
        case "crash":
            process.exit(caller, otp.Reason("bad"))
        case _:
            process.exit(caller, otp.Shutdown())
    await process.wait_exited(caller)

    found = await breaker.statistics()
    assert (found.state, found.permits) == ("half_open", 0)
    assert await breaker.call(give) == 7
    assert await breaker.state() == "closed"
    assert monitors(server) == 0


@in_node
async def test_a_process_that_is_dead_when_its_question_is_read_holds_no_permit() -> (
    None
):
    server, breaker = await half_open()
    await otp.sys.suspend(server)
    caller = process.spawn(breaker.call, give)
    await wait_all_tasks_blocked()
    process.exit(caller, otp.Kill())
    await process.wait_exited(caller)
    await otp.sys.resume(server)

    found = await breaker.statistics()
    assert (found.state, found.permits) == ("half_open", 0)
    assert monitors(server) == 0


@in_node
async def test_a_call_that_is_cancelled_gives_its_permit_back() -> None:
    server, breaker = await half_open()
    with trio.move_on_after(1):
        await breaker.call(trio.sleep_forever)

    found = await breaker.statistics()
    assert (found.state, found.permits, found.neutral) == ("half_open", 0, 1)
    assert monitors(server) == 0


@in_node
async def test_who_does_not_wait_for_the_answer_holds_no_permit() -> None:
    server, _ = await half_open()
    await otp.sys.suspend(server)
    breaker = shared(server, timeout=1)
    with pytest.raises(otp.CallTimeoutError):
        await breaker.call(give)
    await otp.sys.resume(server)

    found = await breaker.statistics()
    assert (found.permits, found.admitted) == (0, 2 - 1)


@in_node
async def test_a_server_that_does_not_answer_is_waited_for_so_long_and_no_longer() -> (
    None
):
    server = await gen_statem.start_link(BreakerServer)
    await otp.sys.suspend(server)
    breaker = shared(server, timeout=1)

    for ask in (breaker.state, breaker.statistics, breaker.isolate, rejecting(breaker)):
        before = trio.current_time()
        with pytest.raises(otp.CallTimeoutError):
            await ask()
        assert trio.current_time() == before + 1


@in_node
async def test_a_process_is_watched_for_as_long_as_it_has_a_permit() -> None:
    server, breaker = await half_open()
    watched: list[int] = []

    async def look() -> None:
        await trio.sleep(1)
        watched.append(monitors(server))

    async def client() -> None:
        await breaker.call(look)
        assert await breaker.state() == "closed"
        watched.append(monitors(server))

    await process.wait_exited(process.spawn(client))

    assert watched == [1, 0]


@in_node
async def test_a_task_that_is_no_process_is_not_watched() -> None:
    server, breaker = await half_open()
    async with breaker:
        assert (await breaker.statistics()).permits == 1
        assert monitors(server) == 0

    assert await breaker.state() == "closed"


@in_node
async def test_a_hanging_trial_is_a_failure_when_its_time_is_over() -> None:
    server, breaker = await half_open()
    caller = process.spawn(breaker.call, trio.sleep_forever)
    await trio.sleep(60)

    assert await breaker.state() == "open"
    assert monitors(server) == 0
    process.exit(caller, otp.Kill())


@in_node
async def test_nothing_is_kept_of_permits_that_are_void() -> None:
    server, breaker = await half_open()
    caller = process.spawn(breaker.call, trio.sleep_forever)
    await wait_all_tasks_blocked()
    assert len(await permits(server)) == 1

    await breaker.close()
    process.exit(caller, otp.Kill())
    await process.wait_exited(caller)

    assert await permits(server) == {}


@in_node
async def test_a_permit_of_no_process_is_void_when_somebody_closes_it() -> None:
    _, breaker = await half_open()
    async with breaker:
        await breaker.close()

    found = await breaker.statistics()
    assert (found.state, found.late, found.permits) == ("closed", 1, 0)


def test_it_says_what_it_is() -> None:
    assert repr(shared(BREAKER)) == f"<breaker shared by {BREAKER!r}>"


@in_node
async def test_permits_are_void_when_somebody_closes_it() -> None:
    server, breaker = await half_open()
    caller = spawn(breaker.call, trio.sleep, 5)
    await wait_all_tasks_blocked()
    await breaker.close()
    await process.wait_exited(caller)

    found = await breaker.statistics()
    assert (found.state, found.late) == ("closed", 1)
    assert monitors(server) == 0


@in_node
async def test_it_is_steered_from_outside() -> None:
    breaker = shared(await gen_statem.start_link(BreakerServer, ONE))
    seen: list[str] = []
    for step in (
        breaker.open,
        breaker.close,
        breaker.disable,
        breaker.isolate,
        breaker.enable,
    ):
        await step()
        seen.append(await breaker.state())

    assert seen == ["open", "closed", "disabled", "isolated", "closed"]


@in_node
async def test_a_breaker_in_a_tree_is_closed_again_after_a_restart() -> None:
    class Root(otp.Supervisor):
        def children(self) -> otp.SupervisorSpec:
            spec = otp.child_spec(BreakerServer, ONE, name="db")
            return otp.one_for_one(spec.named(BREAKER))

    await supervisor.start_link(Root)
    breaker = shared(BREAKER)
    breaker.record()
    assert await rejects(breaker)
    old = process.whereis(BREAKER)
    assert old is not None
    process.exit(old, otp.Kill())
    await process.wait_exited(old)
    await wait_until_idle()

    assert process.whereis(BREAKER) is not old
    assert await breaker.call(give) == 7


@in_node
async def test_its_name_is_that_of_the_process_if_it_is_given_none() -> None:
    await gen_statem.start_named(BREAKER, BreakerServer)
    await shared(BREAKER).isolate()
    with pytest.raises(CircuitOpenError, match="circuit 'breaker' is isolated"):
        await shared(BREAKER).call(give)

    nameless = shared(await gen_statem.start_link(BreakerServer))
    await nameless.isolate()
    with pytest.raises(CircuitOpenError, match="the circuit is isolated"):
        await nameless.call(give)


@in_node
async def test_an_outcome_is_not_told_to_the_next_one_of_the_name() -> None:
    old = await gen_statem.start_named(BREAKER, BreakerServer, ONE)
    breaker = shared(BREAKER)

    async def fails_late() -> None:
        await trio.sleep(1)
        raise OSError

    caller = spawn(breaker.call, fails_late)
    await wait_all_tasks_blocked()
    await gen_statem.stop(old)
    await gen_statem.start_named(BREAKER, BreakerServer, ONE)
    await process.wait_exited(caller)

    assert await breaker.state() == "closed"
    assert (await breaker.statistics()).admitted == 0


@in_node
async def test_it_is_found_in_a_registry_under_any_key() -> None:
    await registry.start_link(BREAKERS, keys="unique")
    for host in ("a", "b"):
        via = registry.via(BREAKERS, ("http", host))
        await gen_statem.start_named(via, BreakerServer, ONE)
    one, other = (shared(registry.via(BREAKERS, ("http", host))) for host in "ab")
    one.record()

    assert [await one.state(), await other.state()] == ["open", "closed"]


@in_node
async def test_without_a_server_a_call_is_not_made_and_an_outcome_is_lost() -> None:
    breaker = shared(BREAKER)
    breaker.record()

    with pytest.raises(otp.NoProcessError, match="breaker"):
        await breaker.call(give)
    with pytest.raises(otp.NoProcessError):
        await breaker.statistics()


@in_node
async def test_tools_see_how_it_stands() -> None:
    server = await gen_statem.start_link(BreakerServer, ONE, name="db")
    shared(server).record()

    seen: Any = await otp.sys.get_state(server)
    state, data = seen
    assert state == "open"
    assert repr(data["breaker"]) == "<breaker 'db' open: 1 failures in a row>"
    status = str(await otp.sys.get_status(server))
    assert "BreakerSpec(" in status
    assert "openings=1" in status


@in_node
async def test_messages_that_it_does_not_know_do_it_no_harm() -> None:
    server = await gen_statem.start_link(BreakerServer, ONE)
    process.send(server, "hello")
    process.send(server, otp.Down(otp.Ref(), server, otp.Normal()))
    gen_statem.cast(server, "hello")
    with pytest.raises(otp.UnknownRequestError, match="not asked for 'hello'"):
        await gen_statem.call(server, "hello")

    assert await shared(server).state() == "closed"


@pytest.mark.parametrize(
    ("server", "options", "error"),
    [
        ("breaker", {}, TypeError),
        (BREAKER, {"failures": 3}, InvalidSpecError),
        (BREAKER, {"bad_result": 3}, TypeError),
        (BREAKER, {"timeout": -1}, ValueError),
    ],
)
def test_what_cannot_be_shared_is_refused(
    server: Any, options: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        shared(server, **options)


@in_node
async def test_a_server_is_made_from_a_specification() -> None:
    wrong: Any = 5
    with pytest.raises(otp.StartError, match=r"BreakerSpec\(\.\.\.\), not from 5"):
        await gen_statem.start(BreakerServer, wrong)


async def test_only_an_outcome_can_be_recorded() -> None:
    wrong: Any = "ok"
    with pytest.raises(InvalidSpecError, match="an outcome is"):
        shared(BREAKER).record(wrong)


async def permits(server: Pid) -> dict[object, object]:
    """Return what the server keeps of the permits that are out."""
    seen: Any = await otp.sys.get_state(server)
    found: dict[object, object] = seen[1]["permits"]
    return found


def monitors(server: Pid) -> int:
    """Return how many processes the server watches."""
    info = process.info(server)
    assert info is not None
    return len(info.monitors)
