"""What Erlang/OTP 27 does with applications, situation by situation.

Each test is one situation that was played through on OTP 27; it asserts what was seen
there, in the order in which it was seen. Errors that are values there are raised here.

What was seen there and cannot be here:

- ``start`` with the arguments ``[normal, ...]``: there are no distributed
  applications, so ``start`` is told no start type, and the traces have none;
- the state that ``start`` returns and ``prep_stop`` and ``stop`` get: it lives in the
  attributes of the application;
- ``stdlib`` and ``kernel`` in the list of running applications;
- the call in an error, ``{Module, start, Args}``: the exception has a traceback.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

import otp
from otp import application, process
from tests.application.tracing import Traced, Worker, ended_by, worker_of

if TYPE_CHECKING:
    from tests.application.tracing import Trace

SHUTDOWN = otp.Shutdown()
START_PHASES = [("one", "x"), ("two", "y")]


def running() -> list[str]:
    return [info.name for info in application.which_applications()]


def up(*names: str) -> Trace:
    return [event for name in names for event in (("start", name), ("child_up", name))]


def down(*names: str) -> Trace:
    return [
        event
        for name in names
        for event in (
            ("prep_stop", name),
            ("child_term", name, SHUTDOWN),
            ("stop", name),
        )
    ]


def load_chain(trace: Trace) -> None:
    application.load(Traced("a", trace))
    application.load(Traced("b", trace, needs=["a"]))
    application.load(Traced("c", trace, needs=["b"]))


def explode() -> object:
    raise ValueError("boom")


def fail() -> object:
    raise otp.StartError("probe", otp.Reason("nope"))


def decline() -> object:
    raise otp.Exit(otp.Normal())


async def test_start_with_a_dependency_that_is_not_started(trace: Trace) -> None:
    async with otp.Node():
        load_chain(trace)

        with pytest.raises(application.NotStartedError) as caught:
            await application.start("c")

    assert caught.value.application == "b"
    assert trace == []


async def test_start_of_an_unknown_application() -> None:
    async with otp.Node():
        with pytest.raises(application.UnknownApplicationError) as caught:
            await application.start("zzz")

    assert caught.value.application == "zzz"


async def test_ensure_all_started(trace: Trace) -> None:
    async with otp.Node():
        load_chain(trace)

        assert await application.ensure_all_started("c") == ["a", "b", "c"]
        assert trace == up("a", "b", "c")


async def test_ensure_all_started_again(trace: Trace) -> None:
    async with otp.Node():
        load_chain(trace)
        await application.ensure_all_started("c")
        trace.clear()

        assert await application.ensure_all_started("c") == []
        assert trace == []


async def test_start_again(trace: Trace) -> None:
    async with otp.Node():
        await application.start(Traced("a", trace))

        with pytest.raises(application.ApplicationAlreadyStartedError) as caught:
            await application.start("a")

    assert caught.value.application == "a"


async def test_stop_of_one_that_another_depends_on(trace: Trace) -> None:
    async with otp.Node():
        load_chain(trace)
        await application.ensure_all_started("c")
        trace.clear()

        await application.stop("a")

        assert running() == ["c", "b"]
        assert trace == down("a")


async def test_stop_in_the_order_that_was_asked_for(trace: Trace) -> None:
    async with otp.Node():
        load_chain(trace)
        await application.ensure_all_started("c")
        trace.clear()

        await application.stop("c")
        await application.stop("b")
        with pytest.raises(application.NotStartedError) as caught:
            await application.stop("b")

        assert caught.value.application == "b"
        assert trace == down("c", "b")


async def test_start_returns_an_error(trace: Trace) -> None:
    async with otp.Node():
        with pytest.raises(application.ApplicationStartError) as caught:
            await application.start(Traced("d", trace, behaviour=fail))

    assert caught.value.reason == otp.Reason("nope")
    assert not isinstance(caught.value, application.BadStartError)
    assert trace == [("start", "d")]


async def test_start_returns_garbage(trace: Trace) -> None:
    async with otp.Node():
        with pytest.raises(application.BadStartError) as caught:
            await application.start(Traced("d", trace, behaviour=lambda: "foo"))

    assert caught.value.reason == otp.Reason("foo")
    assert trace == [("start", "d")]


async def test_start_raises(trace: Trace) -> None:
    async with otp.Node():
        with pytest.raises(application.BadStartError) as caught:
            await application.start(Traced("d", trace, behaviour=explode))

    assert isinstance(caught.value.__cause__, ValueError)
    assert caught.value.reason == otp.Crash(caught.value.__cause__)
    assert trace == [("start", "d")]


async def test_start_exits_normally_as_a_transient_one(trace: Trace) -> None:
    async with otp.Node():
        with pytest.raises(application.ApplicationStartError) as caught:
            await application.start(Traced("d", trace, behaviour=decline), "transient")

        assert caught.value.reason == otp.Normal()
        assert caught.value.declined
        assert trace == [("start", "d")]
        assert running() == []


async def test_start_phases(trace: Trace) -> None:
    async with otp.Node():
        await application.start(Traced("e", trace, phases=START_PHASES))

        assert trace == [
            *up("e"),
            ("phase", "e", "one", "x"),
            ("phase", "e", "two", "y"),
        ]


async def test_stop(trace: Trace) -> None:
    async with otp.Node():
        await application.start(Traced("e", trace, phases=START_PHASES))
        trace.clear()

        await application.stop("e")

        assert trace == down("e")


async def test_the_tree_of_a_temporary_application_dies(trace: Trace) -> None:
    async with otp.Node():
        app = Traced("f", trace)
        await application.start(app, "temporary")

        process.exit(worker_of(app), otp.Kill())
        await wait_all_tasks_blocked()

        assert running() == []
        assert trace == [*up("f"), ("prep_stop", "f"), ("stop", "f")]


async def test_start_after_that(trace: Trace) -> None:
    async with otp.Node():
        app = Traced("f", trace)
        await application.start(app, "temporary")
        process.exit(worker_of(app), otp.Kill())
        await wait_all_tasks_blocked()
        trace.clear()

        await application.start("f")
        await application.stop("f")

        assert trace == [*up("f"), *down("f")]


async def test_env(trace: Trace) -> None:
    async with otp.Node():
        application.load(Traced("g", trace, env={"k": 1, "m": 2}))

        assert application.get_env("g", "k") == 1
        application.set_env("g", "k", 9)
        assert application.get_env("g", "k") == 9
        assert application.get_env("g", "zz") is None
        assert application.get_env("g", "zz", "dflt") == "dflt"
        assert application.get_all_env("g") == {"k": 9, "m": 2}
        application.unset_env("g", "k")
        assert application.get_env("g", "k") is None


async def test_unload_of_a_running_one(trace: Trace) -> None:
    async with otp.Node():
        await application.start(Traced("g", trace, env={"k": 1, "m": 2}))

        with pytest.raises(application.StillRunningError) as refused:
            application.unload("g")
        await application.stop("g")
        application.unload("g")
        with pytest.raises(application.NotLoadedError) as unknown:
            application.unload("g")

        assert refused.value.application == "g"
        assert unknown.value.application == "g"
        assert application.get_env("g", "m") is None
        assert trace == [*up("g"), *down("g")]


async def test_start_with_an_invalid_type(trace: Trace) -> None:
    async with otp.Node():
        application.load(Traced("h", trace))

        with pytest.raises(otp.InvalidSpecError) as caught:
            await application.start("h", "foo")  # type: ignore[arg-type]

    assert caught.value.kind == "invalid_restart_type"
    assert caught.value.value == "foo"


async def test_ensure_all_started_takes_back_what_it_started(trace: Trace) -> None:
    async with otp.Node():
        application.load(Traced("i", trace))
        application.load(Traced("j", trace, needs=["i"], behaviour=fail))

        with pytest.raises(application.ApplicationStartError) as caught:
            await application.ensure_all_started("j")

        assert caught.value.application == "j"
        assert caught.value.reason == otp.Reason("nope")
        assert running() == []
        assert trace == [*up("i"), ("start", "j"), *down("i")]


async def test_a_process_without_links_is_killed_with_its_application(
    trace: Trace,
) -> None:
    async with otp.Node():
        app = Traced("i", trace)
        await application.start(app)
        stray = await Worker.spawn(app.worker)
        ends: list[otp.ExitReason] = []

        async def watch() -> None:
            process.monitor(stray)
            ends.append((await process.receive(otp.Down)).reason)

        watcher = process.spawn(watch)
        await application.stop("i")
        await process.wait_exited(watcher)

        assert ends == [otp.Killed()]
        assert trace == [*up("i"), *down("i")]


async def test_a_permanent_application_dies_and_so_does_its_node(
    trace: Trace,
) -> None:
    async def live() -> None:
        async with otp.Node():
            app = Traced("k", trace)
            await application.start(app, "permanent")
            process.exit(worker_of(app), otp.Kill())
            await trio.sleep_forever()

    error = await ended_by(live)

    assert error.application == "k"
    assert error.reason == otp.Shutdown()
