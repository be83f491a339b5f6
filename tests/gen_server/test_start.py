"""The start of a server: what init may return, and what is left when it fails."""

from __future__ import annotations

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from otp import (
    AlreadyStartedError,
    Bounded,
    Crash,
    Down,
    Exit,
    Exited,
    Fail,
    GenServer,
    Ignore,
    Kill,
    Killed,
    Name,
    NoProcessError,
    NoReply,
    Normal,
    NotAProcessError,
    Reason,
    Shutdown,
    StartError,
    StartIgnored,
    StartTimeoutError,
    Stop,
    Timeout,
    gen_server,
    process,
)
from otp.gen_server import BadReturnError, Options
from otp.kernel import current_node
from otp.proc_lib import CrashReport
from tests.kernel.support import (
    collected_reports,
    exit_reason_of,
    flush,
    in_process,
    on_node,
)

from .servers import Counter, Scripted, giving, raising

ERROR = ValueError("x")
NAME = Name[Counter]("counter")


@on_node
async def test_the_arguments_of_the_start_are_those_of_the_class() -> None:
    assert await Counter.get(await gen_server.start(Counter)) == 0
    assert await Counter.get(await gen_server.start(Counter, 3)) == 3
    assert await Counter.get(await gen_server.start_link(Counter, start=5)) == 5


@in_process
async def test_a_linked_server_is_linked_and_a_plain_one_is_not() -> None:
    linked = await gen_server.start_link(Counter)
    plain = await gen_server.start(Counter)
    me = process.info(process.self())
    info = process.info(linked)

    assert me is not None
    assert me.links == (linked,)
    assert info is not None
    assert info.parent is process.self()
    assert info.origin is Counter
    process.exit(plain, Kill())
    await wait_all_tasks_blocked()


@in_process
async def test_a_monitored_server_is_monitored() -> None:
    pid, ref = await gen_server.start_monitor(Counter)
    process.exit(pid, Kill())

    assert await flush() == [Down(ref, pid, Killed())]


@on_node
async def test_only_a_process_can_start_a_monitored_server() -> None:
    with pytest.raises(NotAProcessError):
        await gen_server.start_monitor(Counter)

    assert process.processes() == []


@on_node
async def test_a_server_is_a_gen_server() -> None:
    with pytest.raises(TypeError, match="<class 'int'> is no GenServer class"):
        await gen_server.start(int, 3)
    with pytest.raises(TypeError, match="is no GenServer class"):
        await gen_server.start_link(lambda: Counter(1))


@on_node
async def test_the_starter_waits_for_init() -> None:
    async def slow(_server: Scripted) -> None:
        await trio.sleep(3)

    before = trio.current_time()
    await gen_server.start(Scripted, init=slow)

    assert trio.current_time() == before + 3


@on_node
async def test_the_class_is_made_in_the_new_process() -> None:
    class Where(GenServer):
        def __init__(self) -> None:
            makers.append(process.self())

    makers: list[object] = []
    pid = await gen_server.start(Where)

    assert makers == [pid]


# -------------------------------------------------------------- what init returns


@on_node
async def test_init_may_ask_for_an_idle_time() -> None:
    log: list[object] = []
    await gen_server.start(Scripted, log, init=giving(NoReply(timeout=2)))
    await trio.sleep(1.9)
    assert log == []
    await trio.sleep(10)

    assert log == [Timeout()]


@on_node
async def test_init_may_ask_for_a_continuation() -> None:
    log: list[object] = []

    def init(server: Scripted) -> NoReply:
        process.send(process.self(), "mail")
        server.log.append("init")
        return NoReply(continue_="x")

    await gen_server.start(Scripted, log, init=init)
    await wait_all_tasks_blocked()

    assert log == ["init", ("continue", "x"), "mail"]


@in_process
async def test_init_may_ask_not_to_be_started() -> None:
    process.trap_exit(True)
    with collected_reports() as reports, pytest.raises(StartIgnored) as caught:
        await gen_server.start_link(Scripted, init=giving(Ignore()))

    assert caught.value.reason == Normal()
    assert str(caught.value) == "Scripted asked not to be started"
    assert await flush() == []
    assert reports == []


@in_process
async def test_init_may_stop_which_is_reported_unless_it_is_quiet() -> None:
    process.trap_exit(True)
    for reason in (Reason("x"), Normal(), Shutdown()):
        with collected_reports() as reports, pytest.raises(StartError) as caught:
            await gen_server.start_link(Scripted, init=giving(Stop(reason)))

        assert caught.value.reason == reason
        assert [type(report) for report in reports] == (
            [CrashReport] if reason == Reason("x") else []
        )
    assert await flush() == []


@in_process
async def test_init_may_fail_quietly() -> None:
    async def starter() -> None:
        with pytest.raises(StartError) as caught:
            await gen_server.start_link(Scripted, init=giving(Fail(Reason("x"))))
        reasons.append(caught.value.reason)

    reasons: list[object] = []
    with collected_reports() as reports:
        # Not even a starter that does not trap exits dies of it.
        assert await exit_reason_of(starter) == Normal()
    assert reasons == [Reason("x")]
    assert reports == []


@pytest.mark.parametrize("result", ["foo", 0, False, (), Exit, Stop])
@on_node
async def test_init_may_not_return_anything_else(result: object) -> None:
    with collected_reports() as reports, pytest.raises(StartError) as caught:
        await gen_server.start(Scripted, init=giving(result))

    reason = caught.value.reason
    assert isinstance(reason, Crash)
    assert isinstance(reason.error, BadReturnError)
    assert str(reason.error) == f"Scripted.init() returned {result!r}"
    assert caught.value.__cause__ is reason.error
    assert [type(report) for report in reports] == [CrashReport]


@in_process
async def test_an_exception_in_init_is_the_reason_and_the_cause() -> None:
    process.trap_exit(True)
    with collected_reports() as reports, pytest.raises(StartError) as caught:
        await gen_server.start_link(Scripted, init=raising(ERROR))

    assert caught.value.reason == Crash(ERROR)
    assert caught.value.__cause__ is ERROR
    assert caught.value.what is Scripted
    assert await flush() == []
    (report,) = reports
    assert isinstance(report, CrashReport)
    assert (report.reason, report.origin) == (Crash(ERROR), Scripted)


@on_node
async def test_an_exception_of_the_class_itself_fails_the_start_too() -> None:
    with pytest.raises(StartError) as caught:
        await gen_server.start(Counter, 1, 2)  # type: ignore[call-arg]

    assert isinstance(caught.value.__cause__, TypeError)


@on_node
async def test_an_exit_in_init_is_the_reason() -> None:
    with pytest.raises(StartError) as caught:
        await gen_server.start(Scripted, init=raising(Exit(Reason("x"))))

    assert caught.value.reason == Reason("x")
    assert caught.value.__cause__ is None


@on_node
async def test_a_crash_in_init_kills_a_starter_that_does_not_trap() -> None:
    async def starter() -> None:
        await gen_server.start_link(Scripted, init=raising(ERROR))

    assert await exit_reason_of(starter) == Crash(ERROR)


@on_node
async def test_a_starter_dies_with_a_server_that_has_not_started() -> None:
    log: list[object] = []

    async def slow(server: Scripted) -> None:
        server.log.append(process.self())
        await trio.sleep_forever()

    async def starter() -> None:
        await gen_server.start_link(Scripted, log, init=slow)

    pid = process.spawn(starter)
    await wait_all_tasks_blocked()
    process.exit(pid, Kill())
    await wait_all_tasks_blocked()

    assert len(log) == 1
    assert process.processes() == []


# ------------------------------------------------------------------------ options


@on_node
async def test_init_may_take_too_long() -> None:
    async def slow(_server: Scripted) -> None:
        await trio.sleep(3)

    before = trio.current_time()
    with pytest.raises(StartTimeoutError, match="not up after 2 s") as caught:
        await Options(timeout=2).start(Scripted, init=slow)

    assert caught.value.reason == Reason("timeout")
    assert trio.current_time() == before + 2
    assert process.processes() == []
    await wait_all_tasks_blocked()
    assert current_node().statistics().ghosts == 0


@in_process
async def test_a_linked_start_that_takes_too_long_leaves_nothing() -> None:
    async def slow(_server: Scripted) -> None:
        await trio.sleep(3)

    with pytest.raises(StartTimeoutError):
        await Options(timeout=2).start_link(Scripted, init=slow)
    process.trap_exit(True)
    with pytest.raises(StartTimeoutError):
        await Options(timeout=2).start_link(Scripted, init=slow)
    with pytest.raises(StartTimeoutError):
        await Options(timeout=2).start_monitor(Scripted, init=slow)

    assert await flush(10) == []


@pytest.mark.parametrize("timeout", [-1, float("nan")])
def test_the_time_for_the_start_is_not_negative(timeout: float) -> None:
    with pytest.raises(ValueError, match="a time-out is"):
        Options(timeout=timeout)


@on_node
async def test_a_server_may_have_a_bounded_mailbox() -> None:
    pid = await Options(mailbox=Bounded(1)).start(Counter)

    assert await Counter.get(pid) == 0
    assert pid.process is not None
    assert type(pid.process.mailbox).__name__ == "BoundedMailbox"


@on_node
async def test_the_name_is_taken_before_init_and_free_after_a_failure() -> None:
    seen: list[object] = []

    def init(_server: Scripted) -> None:
        seen.append(process.whereis("name") is process.self())
        raise ERROR

    for _ in range(2):
        with pytest.raises(StartError):
            await Options(name=Name[object]("name")).start(Scripted, init=init)
        assert process.whereis("name") is None

    assert seen == [True, True]


@on_node
async def test_a_taken_name_starts_nothing() -> None:
    pid = await gen_server.start_named(NAME, Counter)
    with pytest.raises(AlreadyStartedError, match="is already started") as caught:
        await gen_server.start_named(NAME, Counter)

    assert caught.value.pid is pid
    assert caught.value.reason == Reason(("already_started", pid))
    assert process.processes() == [pid]
    assert current_node().statistics().started == 1


# ---------------------------------------------------------------------- enter_loop


@in_process
async def test_a_process_may_become_a_server() -> None:
    async def body() -> None:
        process.register(NAME, process.self())
        await gen_server.enter_loop(Counter(7), name=NAME)

    pid = process.spawn_link(body)
    await wait_all_tasks_blocked()

    assert await Counter.incr(NAME) == 8
    await gen_server.stop(pid)


@in_process
async def test_what_becomes_a_server_may_have_something_follow() -> None:
    log: list[object] = []

    async def body() -> None:
        await gen_server.enter_loop(Scripted(log), NoReply(continue_="x"))

    process.spawn(body)
    await wait_all_tasks_blocked()

    assert log == [("continue", "x")]


@in_process
async def test_the_parent_of_what_becomes_a_server_can_end_it_by_the_link() -> None:
    process.trap_exit(True)

    async def body() -> None:
        await gen_server.enter_loop(Counter())

    pid = process.spawn_link(body)
    await wait_all_tasks_blocked()
    process.exit(pid, Shutdown())

    assert await flush() == [Exited(pid, Shutdown())]


@on_node
async def test_who_becomes_a_server_has_the_name_it_says() -> None:
    with pytest.raises(NotAProcessError):
        await gen_server.enter_loop(Counter())

    async def body() -> None:
        with pytest.raises(NoProcessError):
            await gen_server.enter_loop(Counter(), name=NAME)

    assert await exit_reason_of(body) == Normal()
