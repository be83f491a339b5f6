"""The probes of starts."""

from __future__ import annotations

import pytest
import trio

from otp import (
    AlreadyStartedError,
    Exit,
    Fail,
    Ignore,
    Name,
    Normal,
    Reason,
    StartError,
    StartIgnored,
    StartTimeoutError,
    Stop,
    gen_server,
    proc_lib,
    process,
)
from tests.kernel.support import flush

from .erlang import Raised, probe, started
from .server import Server, giving, raising

NAME = Name[Server]("gsn")


async def failing_start(value: object) -> object:
    """Start a linked server whose init returns *value*, and what it leaves."""
    process.trap_exit(True)
    with pytest.raises(StartError) as failure:
        await gen_server.start_link(Server, init=giving(value))
    return (started(failure.value), await flush())


@probe("proc_lib:start_link child dies before ack")
async def test_a_death_before_the_word_fails_the_start() -> object:
    async def child() -> None:
        raise Exit(Reason("oops"))

    process.trap_exit(True)
    with pytest.raises(StartError) as failure:
        await proc_lib.start_link(child)
    return (started(failure.value), await flush())


@probe("proc_lib:start child returns without ack")
async def test_to_return_without_the_word_fails_the_start() -> object:
    async def child() -> None:
        pass

    with pytest.raises(StartError) as failure:
        await proc_lib.start(child)
    return started(failure.value)


@probe("proc_lib:start timeout")
async def test_a_start_may_take_too_long() -> object:
    with pytest.raises(StartTimeoutError) as failure:
        await proc_lib.start(trio.sleep, 1, timeout=0.02)
    return started(failure.value)


@probe("start_link init {stop,R}: leftovers")
async def test_a_start_that_stops_leaves_nothing() -> object:
    return await failing_start(Stop(Reason("bad")))


@probe("start_link init {stop,normal}")
async def test_a_start_that_stops_normally_is_a_failure_too() -> object:
    return await failing_start(Stop(Normal()))


@probe("start_link init {error,R}")
async def test_a_start_that_fails_leaves_nothing() -> object:
    return await failing_start(Fail(Reason("bad")))


@probe("start_link init ignore: leftovers")
async def test_a_start_that_is_ignored_leaves_nothing() -> object:
    process.trap_exit(True)
    with pytest.raises(StartIgnored):
        await gen_server.start_link(Server, init=giving(Ignore()))
    return ("ignore", await flush())


@probe("start_link init raise, not trapping")
async def test_a_failed_start_takes_a_linked_starter_along() -> object:
    await gen_server.start_link(Server, init=raising(Raised("boom")))
    return "alive"


@probe("start init raise")
async def test_an_exception_in_init_is_the_reason() -> object:
    with pytest.raises(StartError) as failure:
        await gen_server.start(Server, init=raising(Raised("boom")))
    return started(failure.value)


@probe("start init exit")
async def test_an_exit_in_init_is_the_reason() -> object:
    with pytest.raises(StartError) as failure:
        await gen_server.start(Server, init=raising(Exit(Reason("boom"))))
    return started(failure.value)


@probe("start init bad return")
async def test_init_may_not_return_anything() -> object:
    with pytest.raises(StartError) as failure:
        await gen_server.start(Server, init=giving("foo"))
    return started(failure.value)


@probe("start init timeout")
async def test_init_may_take_too_long() -> object:
    async def sleep(_server: Server) -> None:
        await trio.sleep(0.5)

    options = gen_server.Options(timeout=0.02)
    with pytest.raises(StartTimeoutError) as failure:
        await options.start(Server, init=sleep)
    return started(failure.value)


@probe("start name taken")
async def test_a_name_is_taken_by_its_first_bearer() -> object:
    await gen_server.start_named(NAME, Server)
    with pytest.raises(AlreadyStartedError) as failure:
        await gen_server.start_named(NAME, Server)
    await gen_server.stop(NAME)
    return started(failure.value)


@probe("name free at once after failed init")
async def test_the_name_of_a_failed_start_is_free_at_once() -> object:
    process.trap_exit(True)
    results: list[object] = []
    for _ in range(2):
        with pytest.raises(StartError) as failure:
            await gen_server.start_named(NAME, Server, init=giving(Stop(Reason("no"))))
        results.append(started(failure.value))
    return (*results, process.whereis(NAME))


@probe("start_monitor")
async def test_a_monitored_start_is_heard_of_at_its_end() -> object:
    pid, _ = await gen_server.start_monitor(Server)
    await gen_server.stop(pid, Reason("bye"))
    return await flush()


@probe("start_monitor failing init")
async def test_a_monitored_start_that_fails_leaves_no_message() -> object:
    with pytest.raises(StartError) as failure:
        await gen_server.start_monitor(Server, init=giving(Stop(Reason("x"))))
    return (started(failure.value), await flush())
