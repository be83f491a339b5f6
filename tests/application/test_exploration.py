from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import pytest
import trio
from trio.lowlevel import checkpoint

import otp
from otp import Application, application, process
from otp.application import (
    ApplicationAlreadyStartedError,
    ApplicationError,
    ApplicationStartError,
    ApplicationTerminatedError,
    NotStartedError,
)
from otp.kernel import nodes
from otp.supervisor import Supervisor, one_for_one
from otp.testing import Cancelling, cancel_everywhere, explore, wait_until_idle
from tests.testing.worlds import all_exited, cancelled_world, together, world

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence


class Worker(otp.GenServer):
    """Takes its time to start and to end, and says when."""

    def __init__(self, name: str, said: list[str]) -> None:
        self.name = name
        self.said = said

    async def init(self) -> None:
        process.trap_exit(True)
        # It belongs to the application, and ends with it.
        process.spawn(trio.sleep_forever)
        await checkpoint()
        self.said.append(f"{self.name} up")

    @otp.cast
    async def crash(self) -> None:
        raise RuntimeError("asked to")

    @otp.cast
    async def end(self) -> otp.Stop:
        return otp.Stop(otp.Normal())

    async def terminate(self, reason: otp.ExitReason) -> None:
        del reason
        await checkpoint()
        self.said.append(f"{self.name} down")


class Told(Application):
    """An application with one worker, whose end is the end of it all."""

    start_phases = (("warm up", None),)

    def __init__(
        self, name: str, said: list[str], needs: Sequence[Application] = ()
    ) -> None:
        self.name = name
        self.said = said
        self.applications = needs
        self.worker = otp.Name[Worker](f"{name}_worker")

    def start(self) -> otp.ChildSpec[Supervisor]:
        worker = otp.child_spec(Worker, self.name, self.said)
        worker = worker.named(self.worker).override(
            restart="transient", significant=True
        )
        spec = one_for_one(worker, max_restarts=0, auto_shutdown="any_significant")
        return otp.child_spec(Supervisor, spec)

    async def start_phase(self, phase: str, argument: object) -> None:
        del phase, argument
        await checkpoint()
        assert process.whereis(self.worker) is not None

    async def stop(self) -> None:
        await checkpoint()
        self.said.append(f"{self.name} stopped")

    def check(self) -> bool:
        """Check that all is there of a running application, and nothing of another."""
        runs = self.name in running()
        if runs:
            assert application.get_supervisor(self.name) is not None
            assert self.said[-1] == f"{self.name} up"
        else:
            assert process.whereis(self.worker) is None
            assert self.said[-1:] in (
                [],
                [f"{self.name} stopped"],
                [f"{self.name} down"],
            )
        return runs


def running() -> list[str]:
    return [one.name for one in application.which_applications()]


def no_world() -> None:
    """Let there be a controller, which stays."""
    application.set_env("none", "key", 1)


async def stopped(*apps: Application) -> None:
    """Stop what runs of *apps*, when all that goes on is over."""
    await wait_until_idle()
    for app in apps:
        with suppress(NotStartedError):
            await application.stop(app)
    assert running() == []


async def answer(asked: Awaitable[object], answers: list[object]) -> None:
    """Note what comes of *asked*: its value, or the class of its error."""
    try:
        answers.append(await asked)
    except ApplicationError as error:
        answers.append(type(error))


# --------------------------------------------------------------------- one of them


def test_starts_and_stops_at_once_leave_it_up_or_down_and_nothing_between() -> None:
    seen: set[tuple[object, ...]] = set()

    async def body() -> None:
        app = Told("one", [])
        answers: list[object] = []

        async def start_and_stop() -> None:
            await answer(application.start(app), answers)
            await answer(application.stop(app), answers)

        await together(start_and_stop, start_and_stop)
        runs = app.check()

        assert len(answers) == 4
        lives = ["one up", "one down", "one stopped"]
        assert app.said == (lives * 2)[: len(app.said)]
        assert len(app.said) % 3 == (1 if runs else 0)
        assert set(answers) <= {None, NotStartedError, ApplicationAlreadyStartedError}
        seen.add((runs, app.said.count("one up")))
        await stopped(app)

    explore(world(body, prepare=no_world), runs=60)

    assert seen >= {(False, 1), (False, 2)}


@pytest.mark.parametrize("crash", [True, False])
def test_a_stop_and_an_end_by_itself_are_one_end(*, crash: bool) -> None:
    seen: set[object] = set()

    async def body() -> None:
        app = Told("one", [])
        await application.start(app)
        answers: list[object] = []

        async def end() -> None:
            if crash:
                Worker.crash(app.worker)
            else:
                Worker.end(app.worker)
            await checkpoint()

        async def stop() -> None:
            await answer(application.stop(app), answers)

        await together(end, stop)
        await wait_until_idle()
        seen.update(answers)

        assert app.said == ["one up", "one down", "one stopped"]
        assert running() == []

    explore(world(body, prepare=no_world), runs=60)

    assert seen == {None, NotStartedError}


@pytest.mark.parametrize("place", ["tree", "phase"])
def test_a_start_that_fails_leaves_nothing_and_may_be_tried_again(place: str) -> None:
    async def body() -> None:
        class Failing(Told):
            broken = True

            def start(self) -> otp.ChildSpec[Supervisor]:
                if self.broken and place == "tree":
                    failing = otp.child_spec(Worker, "bad", self.said)
                    failing = failing.named(self.worker).override(id="again")
                    good = super().start().start.args or ()
                    spec = good[0]
                    assert isinstance(spec, otp.SupervisorSpec)
                    both = one_for_one(*spec.specs(), failing)
                    return otp.child_spec(Supervisor, both)
                return super().start()

            async def start_phase(self, phase: str, argument: object) -> None:
                await super().start_phase(phase, argument)
                if self.broken:
                    raise RuntimeError("asked to")

        app = Failing("one", [])
        answers: list[object] = []

        async def start() -> None:
            with suppress(ApplicationStartError):
                await application.start(app)
            answers.append(process.whereis(app.worker))

        async def stop() -> None:
            await answer(application.stop(app), answers)

        await together(start, start, stop)
        assert answers.count(None) == 2
        assert answers.count(NotStartedError) == 1
        assert running() == []
        app.broken = False
        await application.start(app)
        await stopped(app)

    explore(world(body, prepare=no_world), runs=50)


# ---------------------------------------------------------------- several of them


def test_what_is_needed_is_up_first_and_down_last() -> None:
    async def body() -> None:
        said: list[str] = []
        db = Told("db", said)
        web, post = Told("web", said, [db]), Told("post", said, [db])
        begun: list[list[str]] = []

        async def begin(app: Application) -> None:
            begun.append(await application.ensure_all_started(app))

        await together(partial(begin, web), partial(begin, post), partial(begin, web))
        assert running()[-1] == "db"
        assert sorted(running()) == ["db", "post", "web"]
        assert {name for names in begun for name in names} == {"db", "post", "web"}
        assert said.index("db up") < min(said.index("web up"), said.index("post up"))
        assert sorted(said) == ["db up", "post up", "web up"]
        await stopped(web, post, db)

    explore(world(body, prepare=no_world), runs=60)


def test_all_or_nothing_is_started_even_if_what_is_needed_is_stopped() -> None:
    seen: set[tuple[str, ...]] = set()

    async def body() -> None:
        said: list[str] = []
        db = Told("db", said)
        web = Told("web", said, [db])
        answers: list[object] = []

        async def begin() -> None:
            await answer(application.ensure_all_started(web), answers)

        async def stop() -> None:
            for _ in range(8):
                with suppress(NotStartedError):
                    await application.stop(db)
                    break
                await checkpoint()

        application.load(db)
        await together(begin, stop)
        assert answers in ([["db", "web"]], [NotStartedError])
        if answers == [NotStartedError]:
            assert running() == []
        seen.add(tuple(running()))
        await stopped(web, db)

    explore(world(body, prepare=no_world), runs=60)

    assert seen == {("web", "db"), ("web",), ()}


def test_what_was_started_for_one_that_fails_is_stopped_again() -> None:
    class Failing(Told):
        async def start_phase(self, phase: str, argument: object) -> None:
            await super().start_phase(phase, argument)
            raise RuntimeError("asked to")

    async def body() -> None:
        said: list[str] = []
        db = Told("db", said)
        web, post = Failing("web", said, [db]), Told("post", said, [db])
        answers: list[object] = []

        async def begin(app: Application) -> None:
            await answer(application.ensure_all_started(app), answers)

        await together(partial(begin, web), partial(begin, post))
        assert application.BadStartError in answers
        assert "web" not in running()
        assert "db" not in running() or len(answers) == 2
        if "db" in running():
            assert said.count("db up") == said.count("db stopped") + 1
        await stopped(post, db)
        assert said.count("db up") == said.count("db down") == said.count("db stopped")

    async def alone() -> None:
        said: list[str] = []
        db = Told("db", said)
        answers: list[object] = []
        web = Failing("web", said, [db])
        await together(
            partial(answer, application.ensure_all_started(web), answers),
        )
        assert running() == []
        assert said[-2:] == ["db down", "db stopped"]

    explore(world(body, prepare=no_world), runs=60)
    explore(world(alone, prepare=no_world), runs=20)


# ---------------------------------------------------------------------- the node


def lives(type_: application.StartType, way: str) -> Callable[[], Awaitable[None]]:
    """Return a test in which an application ends by itself, in some *way*."""

    async def live() -> None:
        said: list[str] = []
        app, other = Told("one", said), Told("other", said)
        async with otp.Node() as node:
            await application.start(other)
            with suppress(ApplicationError, otp.ServerExitedError):
                await application.start(app, type_)
                if way == "crash":
                    Worker.crash(app.worker)
                else:
                    Worker.end(app.worker)
                for _ in range(3):
                    await checkpoint()
                await application.stop(app)
            await wait_until_idle()
        assert not node.processes
        assert sorted(said) == sorted(
            f"{name} {what}"
            for name in ("one", "other")
            for what in ("up", "down", "stopped")
        )

    return live


def test_a_node_ends_with_a_permanent_application_that_nobody_stops() -> None:
    seen: set[bool] = set()

    async def body() -> None:
        try:
            await lives("permanent", "crash")()
        except BaseExceptionGroup as group:
            (error,) = group.exceptions
            assert isinstance(error, ApplicationTerminatedError)
            seen.add(True)
        else:
            seen.add(False)

    explore(body, runs=60)

    assert seen == {True, False}


def test_a_node_goes_on_after_a_temporary_application() -> None:
    explore(lives("temporary", "crash"), runs=60)


def test_a_node_that_ends_stops_what_is_up_and_what_is_on_its_way() -> None:
    seen: set[int] = set()

    async def body() -> None:
        said: list[str] = []
        db = Told("db", said)
        web = Told("web", said, [db])
        errors: list[BaseException] = []

        async def begin() -> None:
            try:
                await application.ensure_all_started(web)
            except (ApplicationError, otp.ServerExitedError) as error:
                errors.append(error)

        async with otp.Node() as node:
            node.spawn(begin)
            for _ in range(9):
                await checkpoint()
            up = running()
        assert not node.processes
        for name in ("db", "web"):
            mine = [what.split()[1] for what in said if what.startswith(name)]
            if name in up:
                assert mine == ["up", "down", "stopped"]
            else:
                # What is only on its way may be killed.
                assert mine in ([], ["up"], ["up", "down"], ["up", "down", "stopped"])
        seen.add(len(up))

    explore(body, runs=60)

    assert seen == {0, 1, 2}


# --------------------------------------------------------------------- cancelled


def test_a_start_that_is_cancelled_goes_on_or_never_begins() -> None:
    async def begin(cancelling: Cancelling) -> None:
        app = Told("one", [])
        with cancelling:
            await application.start(app)
        await wait_until_idle()
        assert app.check() or cancelling.cancelled
        await stopped(app)

    cancelled = cancelled_world(begin, prepare=no_world)
    assert cancel_everywhere(cancelled, schedules=5) > 20


def test_a_stop_that_is_cancelled_goes_on_to_its_end() -> None:
    async def end(cancelling: Cancelling) -> None:
        app = Told("one", [])
        await application.start(app)
        with cancelling:
            await application.stop(app)
        await wait_until_idle()
        assert not app.check()
        assert app.said == ["one up", "one down", "one stopped"]

    cancelled = cancelled_world(end, prepare=no_world)
    assert cancel_everywhere(cancelled, schedules=5) > 20


def test_all_that_was_begun_is_whole_if_starting_all_is_cancelled() -> None:
    async def begin(cancelling: Cancelling) -> None:
        said: list[str] = []
        db = Told("db", said)
        web = Told("web", said, [db])
        with cancelling:
            await application.ensure_all_started(web)
        await wait_until_idle()
        assert running() in ([], ["db"], ["web", "db"])
        for name in ("db", "web"):
            up = f"{name} up" in said
            assert up == (name in running())
        await stopped(web, db)

    cancelled = cancelled_world(begin, prepare=no_world)
    assert cancel_everywhere(cancelled, schedules=5) > 30


def test_nobody_waits_for_a_controller_or_a_master_that_is_killed() -> None:
    seen: set[object] = set()

    async def live(whom: str) -> None:
        app = Told("one", [])
        answers: list[object] = []

        async def start_and_stop() -> None:
            try:
                await application.start(app)
                await application.stop(app)
                answers.append("all")
            except (ApplicationError, otp.ServerExitedError) as error:
                answers.append(type(error))

        async with otp.Node() as node:
            asking = node.spawn(start_and_stop)
            for _ in range(9):
                await checkpoint()
            victims = {living.label: living.pid for living in node.processes.values()}
            if whom in victims:
                process.exit(victims[whom], otp.Kill())
            await all_exited(asking)
        assert not node.processes
        seen.update(answers)

    async def body(whom: str) -> None:
        with suppress(BaseExceptionGroup):
            await live(whom)

    explore(partial(body, "application controller"), runs=50)
    explore(partial(body, "application one"), runs=50)

    assert seen >= {"all", otp.ServerExitedError, ApplicationStartError}


def test_a_program_that_is_cancelled_anywhere_stops_what_is_up() -> None:
    class Ending(Told):
        """Wants to end when it is up."""

        async def start_phase(self, phase: str, argument: object) -> None:
            await super().start_phase(phase, argument)
            process.spawn(self.end)

        async def end(self) -> None:
            for _ in range(5):
                await checkpoint()
            application.stop_run(3)

    async def live(cancelling: Cancelling) -> None:
        said: list[str] = []
        db = Told("db", said)
        status = None
        with cancelling:
            status = await application.serve(Ending("web", said, [db]))
        assert status == 3 or cancelling.cancelled
        assert not nodes()
        if "web up" in said and "web stopped" in said:
            assert said.index("web stopped") < said.index("db down")
        if "web up" in said:
            # What is needed was up, and is stopped in order.
            assert said[-2:] == ["db down", "db stopped"]

    assert cancel_everywhere(live, schedules=2) > 60
