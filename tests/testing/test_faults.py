"""Faults go wrong as asked, and nothing else does."""

from __future__ import annotations

from math import inf

import pytest
import trio

import otp
from otp import (
    dynamic_supervisor,
    gen_server,
    process,
    registry,
    supervisor,
    sys,
    timer,
)
from otp.global_ import names
from otp.kernel import current_node
from otp.testing import (
    Captured,
    InjectedError,
    Probe,
    crash,
    crash_on,
    delay_messages,
    drop_messages,
    exit as send_exit,
    fail_starts,
    kill,
    pid_of,
    suspend,
    wait_until_idle,
)
from tests.kernel.support import collected_reports, idle, on_node, trapping_idle
from tests.testing.shop import (
    ENDS,
    SHOP,
    STOCK,
    Clerk,
    Room,
    Shop,
    Stock,
    collector,
    open_shop,
    sleeper,
)

ANN = ("shop", "room", "ann")


async def things() -> list[str]:
    return await Stock.all(STOCK)


# --------------------------------------------------------------------------- targets


@on_node
async def test_a_process_is_found_by_pid_name_class_and_path() -> None:
    shop = await open_shop()
    stock = process.whereis(STOCK)
    room = pid_of(("shop", "room"))
    plain = process.spawn(sleeper)

    assert stock is not None
    assert pid_of(stock) is stock
    assert pid_of(STOCK) is stock
    assert pid_of("stock") is stock
    assert pid_of(Stock) is stock
    assert pid_of((shop, "stock")) is stock
    assert pid_of((SHOP, "stock")) is stock
    assert pid_of((Shop, "stock")) is stock
    assert pid_of(sleeper) is plain
    children = {child.id: child.pid for child in await supervisor.which_children(room)}
    assert pid_of(ANN) is children["ann"]
    assert pid_of((room, "bob")) is children["bob"]
    assert pid_of(Clerk) is children["ann"]


class Desk:
    async def work(self) -> None:
        await process.receive()


@on_node
async def test_a_process_is_found_by_the_method_that_it_runs() -> None:
    desk, other = Desk(), Desk()
    pid = process.spawn(desk.work)
    process.spawn(other.work)

    assert pid_of(desk.work) is pid
    kill(other.work)
    await wait_until_idle()
    assert process.is_alive(pid)


@on_node
async def test_a_process_is_found_by_the_name_of_a_registry() -> None:
    name: otp.Via[Stock] = otp.Via(names, "stock")
    with drop_messages(name) as fault:
        pid = await gen_server.start_named(name, Stock)
        Stock.add(name, "lost")
        assert pid_of(name) is pid
        assert fault.hits == 1
    assert await Stock.count(name) == 0


@on_node
async def test_a_target_on_another_node_is_found_there() -> None:
    async with otp.Node("west") as west:
        pid = west.spawn(sleeper)
        west.register("far", pid.process)  # type: ignore[arg-type]

        assert pid_of(otp.Name("far").at("west")) is pid
        assert pid_of(pid) is pid
    with pytest.raises(otp.NoProcessError):
        pid_of("far")
    with pytest.raises(otp.NodeDownError):
        pid_of(otp.Name("far").at("west"))


@on_node
async def test_who_is_not_there_is_said_with_how_far_the_path_leads() -> None:
    await open_shop()

    for target, note in {
        ("shop", "attic"): "shop has the children 'stock', 'room'",
        ("shop", "room", "eve"): "shop/room has the children 'ann', 'bob'",
        ("shop", "stock", "x"): "shop/stock is no supervisor",
        ("mall", "shop"): "there is no process mall",
    }.items():
        with pytest.raises(otp.NoProcessError) as caught:
            pid_of(target)
        assert caught.value.__notes__ == [note]
    with pytest.raises(otp.NoProcessError, match="there is no process nobody"):
        kill("nobody")


@on_node
async def test_what_is_no_target_is_refused() -> None:
    pid = process.spawn(sleeper)
    kill(pid)

    with pytest.raises(TypeError, match="by its pid, its name, its class or its path"):
        kill(5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="a supervisor and the ids of children"):
        kill(("shop",))
    with pytest.raises(ValueError, match="name"):
        drop_messages("")
    with pytest.raises(otp.NoProcessError):
        drop_messages(pid)


# ------------------------------------------------------------- what is over at once


@on_node
async def test_who_is_killed_is_dead_and_comes_back() -> None:
    await open_shop()
    first = pid_of("stock")

    kill("stock")
    assert not process.is_alive(first)
    await wait_until_idle()

    assert pid_of("stock") is not first
    assert ENDS == []


@on_node
async def test_a_class_means_all_of_its_processes() -> None:
    pids = [await gen_server.start(Clerk) for _ in range(3)]

    kill(Clerk)

    assert not any(map(process.is_alive, pids))


@on_node
async def test_an_exit_signal_is_sent_with_its_reason() -> None:
    async with Probe() as probe:
        pid = process.spawn(idle)
        probe.watch(pid)

        send_exit(pid, otp.Reason("tired"))

        await probe.expect_down(pid, reason=otp.Reason("tired"))
    with pytest.raises(TypeError):
        send_exit(pid, "tired")  # type: ignore[arg-type]


@on_node
async def test_a_crash_of_a_server_is_one_of_its_own_code() -> None:
    async with Probe() as probe:
        await open_shop()
        stock = pid_of("stock")
        probe.watch(stock)
        error = ValueError("oh")

        with collected_reports() as reports:
            crash("stock", error)
            await probe.expect_down(stock, reason=otp.Crash(error))
            await wait_until_idle()

    assert [otp.Crash(error)] == ENDS
    names = [type(report).__name__ for report in reports]
    assert names[:3] == ["ServerReport", "CrashReport", "SupervisorReport"]
    assert reports[1].error() is error
    assert pid_of("stock") is not stock


@on_node
async def test_a_crash_comes_after_the_messages_that_are_there() -> None:
    async with Probe() as probe:
        pid = await gen_server.start(Stock)
        probe.watch(pid)
        await sys.suspend(pid)
        await sys.resume(pid)
        Stock.add(pid, "a")
        crash(pid)

        await probe.expect_down(pid, reason=InjectedError)


@on_node
async def test_a_supervisor_that_crashes_stops_its_children() -> None:
    shop = await open_shop()
    stock = pid_of("stock")
    async with Probe() as probe:
        probe.watch(shop)
        crash(shop, ValueError)

        await probe.expect_down(shop, reason=ValueError)

    assert not process.is_alive(stock)
    assert [otp.Shutdown()] == ENDS


@on_node
async def test_a_plain_process_crashes_where_it_receives() -> None:
    caught: list[Exception] = []

    async def careful() -> None:
        try:
            await process.receive(int)
        except ValueError as error:
            caught.append(error)
            process.send(probe.pid, await process.receive())

    async with Probe() as probe:
        pid = process.spawn(careful)
        await wait_until_idle()
        error = ValueError()
        crash(pid, error)
        await wait_until_idle()
        assert caught == [error]

        process.send(pid, "goes on")
        await probe.expect("goes on")


@on_node
async def test_a_plain_process_that_does_not_catch_it_is_reported() -> None:
    found: list[object] = []
    async with Probe() as probe:
        pid = process.spawn(collector, found)
        probe.watch(pid)
        await wait_until_idle()

        with collected_reports() as reports:
            crash(pid)
            await probe.expect_down(pid, reason=InjectedError)

    assert [type(report).__name__ for report in reports] == ["ProcessReport"]


@on_node
async def test_a_plain_process_that_sleeps_is_dead_of_the_error() -> None:
    ended: list[str] = []

    async def sleep() -> None:
        try:
            await trio.sleep_forever()
        finally:
            ended.append("cleaned up")

    async with Probe() as probe:
        pid = process.spawn(sleep)
        probe.link(pid)
        await wait_until_idle()

        with collected_reports() as reports:
            crash(pid, ValueError)
            await probe.expect_exit(pid, reason=ValueError)

    assert ended == ["cleaned up"]
    assert [type(report).__name__ for report in reports] == ["ProcessReport"]


@on_node
async def test_a_process_that_lets_itself_crash_does() -> None:
    async def suicidal() -> None:
        crash(process.self(), KeyError)

    async with Probe() as probe:
        pid = process.spawn(suicidal)
        probe.watch(pid)
        await probe.expect_down(pid, reason=KeyError)


@on_node
async def test_one_of_a_kind_can_let_all_of_them_crash() -> None:
    async def sect() -> None:
        await process.receive()
        crash(sect)

    pids = [process.spawn(sect) for _ in range(3)]
    process.send(pids[1], "go")
    await wait_until_idle()

    assert not any(map(process.is_alive, pids))


@on_node
@pytest.mark.parametrize("error", ["oh", 5, KeyboardInterrupt, object])
async def test_only_an_exception_can_be_crashed_with(error: object) -> None:
    pid = process.spawn(idle)

    with pytest.raises(TypeError, match="crashes with an exception"):
        crash(pid, error)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="crashes with an exception"):
        crash_on(pid, error=error)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="crashes with an exception"):
        fail_starts(pid, error=error)  # type: ignore[arg-type]


# ---------------------------------------------------------------- dropped messages


@on_node
async def test_a_dropped_cast_is_not_heard_of() -> None:
    pid = await gen_server.start(Stock)
    with drop_messages(pid) as fault:
        Stock.add(pid, "a")
        process.send(pid, "b")
        assert fault.hits == 2
    Stock.add(pid, "c")

    assert await Stock.all(pid) == ["c"]
    assert fault.messages[1] == "b"


@on_node
async def test_the_caller_of_a_dropped_call_waits_in_vain() -> None:
    pid = await gen_server.start(Stock)
    before = trio.current_time()

    with drop_messages(pid, Stock.count), pytest.raises(otp.CallTimeoutError):
        await Stock.count(pid)

    assert trio.current_time() - before == 5
    assert await Stock.count(pid) == 0
    assert pid.process is not None
    assert not pid.process.owed


@on_node
async def test_the_caller_of_a_dropped_call_hears_of_the_end() -> None:
    pid = await gen_server.start(Stock)
    timer.kill_after(1, pid)

    with drop_messages(pid), pytest.raises(otp.ServerExitedError):
        await Stock.count(pid)


@on_node
async def test_a_cancelled_caller_of_a_dropped_call_leaves_nothing() -> None:
    pid = await gen_server.start(Stock)

    with drop_messages(pid), trio.move_on_after(1) as scope:
        await Stock.count(pid)

    assert scope.cancelled_caught
    assert pid.process is not None
    assert not pid.process.owed


@on_node
async def test_only_what_matches_is_dropped() -> None:
    pid = await gen_server.start(Stock)

    with (
        drop_messages(pid, Stock.add),
        drop_messages(pid, "b"),
        drop_messages(pid, int),
    ):
        Stock.add(pid, "a")
        gen_server.cast(pid, "b")
        gen_server.cast(pid, "c")
        process.send(pid, 1)
        process.send(pid, "d")

        assert await Stock.all(pid) == ["cast c", "info d"]


@on_node
async def test_as_many_are_dropped_as_were_asked_for() -> None:
    pid = await gen_server.start(Stock)

    fault = drop_messages(pid, times=2)
    for thing in "abcd":
        Stock.add(pid, thing)

    assert await Stock.all(pid) == ["c", "d"]
    assert not fault.active
    assert fault.hits == 2


@on_node
async def test_system_messages_exits_and_downs_are_never_dropped() -> None:
    async with Probe() as probe, Probe() as other:
        pid = await gen_server.start(Stock)
        worker = process.spawn(trapping_idle)
        probe.watch(worker)
        probe.link(worker)
        with drop_messages(pid), drop_messages(probe.pid):
            assert isinstance(await sys.get_state(pid), dict | Stock)
            other.send(probe.pid, "lost")
            kill(worker)

            await probe.expect_down(worker)
            await probe.expect_exit(worker)
            await probe.expect_nothing()
            await sys.stop(pid)


@on_node
async def test_what_a_process_sends_to_itself_is_never_dropped() -> None:
    async def talk_to_itself() -> None:
        process.send(process.self(), "hello")
        process.send(probe.pid, await process.receive())

    async with Probe() as probe:
        with drop_messages(talk_to_itself):
            process.spawn(talk_to_itself)
            await probe.expect("hello")


@on_node
async def test_a_fault_by_name_outlives_a_restart() -> None:
    await open_shop()
    with drop_messages("stock") as fault:
        Stock.add(STOCK, "a")
        kill("stock")
        await wait_until_idle()
        Stock.add(STOCK, "b")
        await wait_until_idle()
        assert fault.hits == 2

    assert await things() == []


@on_node
async def test_a_fault_by_pid_does_not() -> None:
    await open_shop()
    with drop_messages(pid_of("stock")) as fault:
        kill("stock")
        await wait_until_idle()
        Stock.add(STOCK, "b")
        assert await things() == ["b"]
        assert fault.hits == 0


@on_node
async def test_a_fault_by_path_outlives_a_restart_of_the_whole_branch() -> None:
    await open_shop()
    with drop_messages(ANN, Clerk.hello, times=2) as fault:
        for _ in range(2):
            with pytest.raises(otp.CallTimeoutError):
                await Clerk.hello(pid_of(ANN))
            kill(("shop", "room"))
            await wait_until_idle()

        assert await Clerk.hello(pid_of(ANN)) == "hello"
        assert await Clerk.hello(pid_of(("shop", "room", "bob"))) == "hello"
    assert fault.hits == 2


@on_node
async def test_a_fault_may_wait_for_a_process_that_is_not_there_yet() -> None:
    with drop_messages("stock", "lost") as fault:
        await open_shop()
        process.send(STOCK, "lost")
        process.send(STOCK, "found")
        assert await things() == ["info found"]
    assert fault.hits == 1


@on_node
async def test_a_process_may_get_the_name_of_a_fault_later() -> None:
    found: list[object] = []
    pid = process.spawn(collector, found)
    with drop_messages("late"):
        process.send(pid, 1)
        process.register("late", pid)
        process.send(pid, 2)
        await wait_until_idle()

    assert found == [1]


@on_node
async def test_a_bounded_mailbox_keeps_its_limit() -> None:
    found: list[object] = []

    async def busy() -> None:
        await trio.sleep(1)
        await collector(found)

    pid = process.spawn(busy, mailbox=otp.Bounded(2))
    with drop_messages(pid, "x") as fault:
        for message in ("a", "x", "b", "c"):
            process.send(pid, message)
        assert fault.hits == 1
    process.send(pid, "d")
    await trio.sleep(2)

    assert found == ["a", "b"]


@on_node
async def test_nothing_is_left_of_a_fault_that_is_undone() -> None:
    node = current_node()
    bounded = process.spawn(idle, mailbox=otp.Bounded(2))
    plain = process.spawn(idle)
    kinds = [type(pid.process.mailbox) for pid in (bounded, plain) if pid.process]

    faults = [drop_messages(bounded), delay_messages(plain, 1), fail_starts("x")]
    changed = [type(pid.process.mailbox) for pid in (bounded, plain) if pid.process]
    for fault in faults:
        fault.undo()
        fault.undo()

    assert changed != kinds
    after = [type(pid.process.mailbox) for pid in (bounded, plain) if pid.process]
    assert after == kinds
    assert node.instruments == []


@on_node
async def test_to_undo_what_is_over_leaves_other_faults_alone() -> None:
    async with Probe() as probe:
        with drop_messages(probe.pid, times=1):
            process.send(probe.pid, "lost")
            other = drop_messages(probe.pid)
        process.send(probe.pid, "lost, too")

        await probe.expect_nothing()
        assert other.hits == 1


# ---------------------------------------------------------------- delayed messages


class Till(otp.GenServer):
    def __init__(self) -> None:
        self.money = 0

    @otp.call
    async def pay(self, money: int) -> int:
        self.money += money
        return self.money


@on_node
async def test_delayed_messages_come_later_and_in_order() -> None:
    async with Probe() as probe:
        with delay_messages(probe.pid, 3) as fault:
            for message in ("a", "b", "c"):
                process.send(probe.pid, message)
            await probe.expect_nothing(2.9)
            await trio.sleep(0.2)
            assert probe.messages == ("a", "b", "c")
        assert fault.hits == 3


@on_node
async def test_what_is_not_delayed_overtakes() -> None:
    async with Probe() as probe:
        delay_messages(probe.pid, 3, int)
        process.send(probe.pid, 1)
        process.send(probe.pid, "first")

        assert await probe.receive(within=10) == "first"
        assert await probe.receive(within=10) == 1


@on_node
async def test_a_delayed_call_is_answered_late() -> None:
    pid = await gen_server.start(Stock)
    before = trio.current_time()
    with delay_messages(pid, 3):
        assert await Stock.count(pid) == 0
    assert trio.current_time() - before == 3


@on_node
async def test_a_call_that_is_delayed_for_too_long_is_obeyed_all_the_same() -> None:
    """As in reality: whoever tries again has it done twice."""
    pid = await gen_server.start(Till)
    with delay_messages(pid, 10, times=1), pytest.raises(otp.CallTimeoutError):
        await Till.pay(pid, 5)
    assert await Till.pay(pid, 5) == 5
    await trio.sleep(10)

    assert await Till.pay(pid, 0) == 10


@on_node
async def test_a_call_that_was_given_up_meanwhile_is_obeyed_all_the_same() -> None:
    pid = await gen_server.start(Till)
    with suspend(pid), trio.move_on_after(1):
        await Till.pay(pid, 5)

    assert await Till.pay(pid, 0) == 5


@on_node
async def test_the_caller_of_a_delayed_call_hears_of_the_end() -> None:
    pid = await gen_server.start(Stock)
    timer.kill_after(1, pid)
    before = trio.current_time()
    with delay_messages(pid, 3), pytest.raises(otp.ServerExitedError):
        await Stock.count(pid)
    assert trio.current_time() - before == 1


@on_node
async def test_what_is_on_its_way_arrives_although_the_fault_is_undone() -> None:
    async with Probe() as probe:
        with delay_messages(probe.pid, 3):
            process.send(probe.pid, "late")
        process.send(probe.pid, "early")

        assert await probe.receive() == "early"
        assert await probe.receive(within=5) == "late"


@on_node
async def test_a_delayed_message_to_the_dead_is_a_dead_letter() -> None:
    pid = process.spawn(idle)
    with delay_messages(pid, 3):
        process.send(pid, "late")
        kill(pid)
    await trio.sleep(5)


@on_node
async def test_a_late_message_to_a_full_mailbox_is_refused_when_it_comes() -> None:
    pid = process.spawn(idle, mailbox=otp.Bounded(1, "fail_sender"))
    with Captured() as captured:
        delay_messages(pid, 2)
        process.send(pid, 1)
        process.send(pid, 2)
        with pytest.raises(otp.MailboxFullError):
            await gen_server.call(pid, 3)

    assert [(d.message, d.why) for d in captured.dead_letters[:1]] == [
        (2, "mailbox full")
    ]


@on_node
async def test_a_late_message_is_counted_once() -> None:
    async with Probe() as probe:
        counted: list[object] = []
        first = drop_messages(probe.pid, counted.append)
        delay_messages(probe.pid, 2, times=1)
        process.send(probe.pid, "late")
        await probe.expect("late", within=5)

        assert counted == ["late"]
        assert first.hits == 0


@on_node
async def test_a_message_comes_by_all_faults() -> None:
    async with Probe() as probe:
        with delay_messages(probe.pid, 3) as delay, drop_messages(probe.pid, 2) as drop:
            for n in (1, 2, 3):
                process.send(probe.pid, n)
            await trio.sleep(5)

            assert probe.messages == (1, 3)
            assert (delay.hits, drop.hits) == (3, 1)


# ------------------------------------------------------------------------- suspended


@on_node
async def test_who_is_suspended_gets_its_messages_afterwards() -> None:
    async with Probe() as probe:
        with suspend(probe.pid):
            process.send(probe.pid, 1)
            process.send(probe.pid, 2)
            await probe.expect_nothing(60)
        process.send(probe.pid, 3)

        assert probe.messages == (1, 2, 3)


@on_node
async def test_a_call_to_who_is_suspended_is_answered_if_it_goes_on_in_time() -> None:
    await open_shop()
    fault = suspend("stock")

    async def resume() -> None:
        await trio.sleep(3)
        fault.undo()

    process.spawn(resume)
    assert await Stock.count(STOCK) == 0

    with suspend("stock"), pytest.raises(otp.CallTimeoutError):
        await Stock.count(STOCK)


@on_node
async def test_what_waits_for_who_is_suspended_is_lost_with_it() -> None:
    await open_shop()
    with suspend("stock"):
        Stock.add(STOCK, "a")
        kill("stock")
        await wait_until_idle()
        Stock.add(STOCK, "b")

    assert await things() == ["b"]


# -------------------------------------------------------------------- the n-th message


@on_node
async def test_a_server_crashes_on_the_nth_message() -> None:
    await open_shop()
    first = pid_of("stock")
    fault = crash_on("stock", Stock.add, nth=3)

    for thing in "abcd":
        Stock.add(STOCK, thing)
    await wait_until_idle()

    assert pid_of("stock") is not first
    assert fault.hits == 1
    assert fault.messages == [("$gen_cast", "add", "c")]
    [reason] = ENDS
    assert isinstance(reason, otp.Crash)


@on_node
async def test_the_caller_hears_of_a_crash_on_its_call() -> None:
    await open_shop()
    crash_on("stock", Stock.count, error=KeyError)

    Stock.add(STOCK, "a")
    with pytest.raises(otp.ServerExitedError) as caught:
        await Stock.count(STOCK)

    assert isinstance(caught.value.__cause__, KeyError)
    await wait_until_idle()
    assert await Stock.count(STOCK) == 0


@on_node
async def test_the_messages_before_are_handled_first() -> None:
    seen: list[object] = []

    class Slow(otp.GenServer):
        async def handle_info(self, message: object) -> None:
            await trio.sleep(1)
            seen.append(message)

    pid = await gen_server.start(Slow)
    crash_on(pid, nth=3)
    for n in (1, 2, 3, 4):
        process.send(pid, n)
    await process.wait_exited(pid)

    assert seen == [1, 2]


@on_node
async def test_messages_are_counted_on_after_a_restart() -> None:
    await open_shop()
    fault = crash_on("stock", Stock.add, nth=2, times=2)

    for thing in "abcde":
        Stock.add(STOCK, thing)
        await wait_until_idle()

    assert fault.hits == 2
    assert not fault.active
    assert await things() == ["e"]


@on_node
async def test_a_crash_again_and_again_is_too_much_for_the_supervisor() -> None:
    shop = await open_shop()
    async with Probe() as probe:
        probe.watch(shop)
        crash_on("stock", times=inf)
        for _ in range(4):
            process.send(STOCK, "x")
            await wait_until_idle()

        await probe.expect_down(shop, reason=otp.Shutdown())


@on_node
async def test_a_plain_process_crashes_when_it_takes_the_message() -> None:
    found: list[object] = []

    async def picky() -> None:
        found.append(await process.receive(str))
        found.append(await process.receive(int))

    async with Probe() as probe:
        pid = process.spawn(picky)
        probe.watch(pid)
        crash_on(pid, 5)
        process.send(pid, 5)
        await probe.expect_nothing()
        process.send(pid, "a")

        await probe.expect_down(pid, reason=InjectedError)
    assert found == ["a"]


@on_node
async def test_a_full_mailbox_does_not_crash_who_sends_to_it() -> None:
    found: list[object] = []

    async def busy() -> None:
        await trio.sleep(1)
        await collector(found)

    async with Probe() as probe:
        pid = process.spawn(busy, mailbox=otp.Bounded(2, "drop_oldest"))
        probe.watch(pid)
        crash_on(pid, nth=2)
        for n in range(5):
            process.send(pid, n)

        await probe.expect_down(pid, reason=InjectedError, within=5)
    assert found == []


@on_node
async def test_a_call_to_a_plain_process_that_crashes_on_it_is_answered() -> None:
    found: list[object] = []
    pid = process.spawn(collector, found)
    crash_on(pid)

    with pytest.raises(otp.ServerExitedError):
        await gen_server.call(pid, "hello")


@on_node
async def test_messages_are_counted_from_one() -> None:
    pid = process.spawn(idle)
    for nth in (0, -1, 1.5, True):
        with pytest.raises(otp.InvalidSpecError, match="counted from 1"):
            crash_on(pid, nth=nth)  # type: ignore[arg-type]
    for times in (0, 1.5, -inf):
        with pytest.raises(otp.InvalidSpecError, match="1 or more times"):
            drop_messages(pid, times=times)
    with pytest.raises(ValueError, match="0 seconds or more"):
        delay_messages(pid, -1)


# -------------------------------------------------------------------- starts that fail


@on_node
async def test_the_next_starts_of_a_class_fail() -> None:
    fault = fail_starts(Stock, times=2, error=KeyError)

    for _ in range(2):
        with pytest.raises(otp.StartError) as caught:
            await gen_server.start(Stock)
        assert isinstance(caught.value.__cause__, KeyError)
    await gen_server.start(Stock)

    assert fault.hits == 2


@on_node
async def test_a_start_fails_with_a_crash_report_or_quietly_with_a_reason() -> None:
    fail_starts(Stock)
    with collected_reports() as reports, pytest.raises(otp.StartError):
        await gen_server.start(Stock)
    assert [type(report).__name__ for report in reports] == ["CrashReport"]

    fail_starts(Stock, reason=otp.Reason("port in use"))
    with collected_reports() as reports, pytest.raises(otp.StartError) as caught:
        await gen_server.start(Stock)
    assert reports == []
    assert caught.value.reason == otp.Reason("port in use")


@on_node
async def test_the_start_of_who_has_a_via_name_fails() -> None:
    registry_name = otp.Name[otp.Registry[str, None]]("desks")
    via: otp.Via[Stock] = registry.via(registry_name, "stock")
    with fail_starts(via) as fault:
        other = process.spawn(sleeper)
        await registry.start_link(registry_name, keys="unique")
        with pytest.raises(otp.StartError):
            await gen_server.start_named(via, Stock)

    assert fault.hits == 1
    assert process.is_alive(other)


@on_node
async def test_a_child_by_path_is_not_its_sibling_of_the_same_class() -> None:
    await open_shop()
    fault = fail_starts(("shop", "room", "bob"), times=2)
    before = pid_of(ANN)

    kill(ANN)
    await wait_until_idle()

    assert fault.hits == 2
    assert pid_of(ANN) is not before
    assert await Clerk.hello(pid_of(("shop", "room", "bob"))) == "hello"


@on_node
async def test_a_grandchild_fails_in_the_first_start_of_its_tree() -> None:
    fail_starts(("shop", "room", "bob"))

    with pytest.raises(otp.StartError) as caught:
        await open_shop()

    assert "room" in str(caught.value)
    await open_shop()


@on_node
async def test_too_many_failing_starts_end_the_supervisor() -> None:
    shop = await open_shop()
    async with Probe() as probe:
        probe.watch(shop)
        fault = fail_starts("stock", times=inf)

        kill("stock")

        await probe.expect_down(shop, reason=otp.Shutdown())
    assert fault.hits == 3


@on_node
async def test_a_supervisor_can_fail_to_start() -> None:
    with fail_starts(Room), pytest.raises(otp.StartError):
        await open_shop()


@on_node
async def test_a_plain_process_that_fails_to_start_crashes_at_once() -> None:
    async with Probe() as probe:
        fail_starts(idle, error=ValueError)
        pid = process.spawn(idle)
        probe.watch(pid)
        await probe.expect_down(pid, reason=ValueError)

        fail_starts(idle, reason=otp.Shutdown())
        pid = process.spawn(idle)
        probe.watch(pid)
        await probe.expect_down(pid, reason=otp.Shutdown())


@on_node
async def test_a_start_fails_with_one_thing_only() -> None:
    with pytest.raises(otp.InvalidSpecError, match="an error or with a reason"):
        fail_starts(Stock, error=ValueError, reason=otp.Normal())
    with pytest.raises(TypeError):
        fail_starts(Stock, reason="x")  # type: ignore[arg-type]
    with pytest.raises(otp.InvalidSpecError, match="by name, path or class"):
        fail_starts(process.spawn(idle))


@on_node
async def test_other_starts_are_left_alone() -> None:
    with fail_starts(("shop", "attic")), fail_starts("nobody"):
        await open_shop()
        kill("stock")
        await wait_until_idle()
        assert process.is_alive(pid_of("stock"))


@on_node
async def test_a_fault_that_is_undone_before_a_start_does_nothing() -> None:
    fault = fail_starts(idle)
    pid = process.spawn(idle)
    fault.undo()
    await wait_until_idle()

    assert process.is_alive(pid)
    assert fault.hits == 0
    assert current_node().instruments == []


@on_node
async def test_who_is_killed_before_it_runs_is_no_failing_start() -> None:
    with fail_starts(idle) as fault:
        kill(process.spawn(idle))
        await wait_until_idle()
        assert fault.hits == 0


@on_node
async def test_the_name_of_a_start_that_fails_is_free() -> None:
    fail_starts("stock")
    with pytest.raises(otp.StartError):
        await gen_server.start_named(STOCK, Stock)
    await gen_server.start_named(STOCK, Stock)


@on_node
async def test_a_child_of_a_dynamic_supervisor_can_fail_to_start() -> None:
    root = await dynamic_supervisor.start_link(otp.DynamicSupervisor)
    fail_starts(Clerk)
    with pytest.raises(otp.StartError):
        await dynamic_supervisor.start_child(root, otp.child_spec(Clerk))
    pid = await dynamic_supervisor.start_child(root, otp.child_spec(Clerk))
    assert await Clerk.hello(pid) == "hello"


@on_node
async def test_a_fault_says_what_it_is() -> None:
    fault = drop_messages(("shop", "stock"))
    assert repr(fault) == "<Drop shop/stock, in force, 0 hits>"
    fault.undo()
    assert repr(fault) == "<Drop shop/stock, over, 0 hits>"
    assert repr(fail_starts(Stock)) == "<FailStarts Stock, in force, 0 hits>"
