from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import otp
from otp import application, process
from otp.application import CONTROLLER, ApplicationInfo
from tests.application.tracing import Traced, Worker, worker_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from otp.application import Dependency
    from tests.application.tracing import Trace


def running() -> list[str]:
    return [info.name for info in application.which_applications()]


def loaded() -> list[str]:
    return [info.name for info in application.loaded_applications()]


# --------------------------------------------------------------- without applications


async def test_to_look_and_to_ask_starts_nothing() -> None:
    async with otp.Node():
        assert application.which_applications() == []
        assert application.loaded_applications() == []
        assert application.get_env("a", "k", 1) == 1
        assert application.get_all_env("a") == {}
        assert application.get_application() is None
        assert application.get_own_env("k", 1) == 1
        with pytest.raises(application.NotLoadedError):
            application.unload("a")
        with pytest.raises(application.NotStartedError):
            await application.stop("a")
        with pytest.raises(application.NotLoadedError):
            application.get_supervisor("a")

        assert process.whereis(CONTROLLER) is None


async def test_outside_of_a_node_there_are_no_applications(trace: Trace) -> None:
    with pytest.raises(otp.NoNodeError):
        application.which_applications()
    with pytest.raises(otp.NoNodeError):
        await application.start(Traced("a", trace))


async def test_each_node_has_applications_of_its_own(trace: Trace) -> None:
    async with otp.Node():
        await application.start(Traced("a", trace))
        async with otp.Node():
            assert running() == []
            await application.start(Traced("b", trace))
            assert running() == ["b"]

        assert running() == ["a"]


async def test_a_process_that_was_given_the_name_is_not_taken_for_the_controller() -> (
    None
):
    async with otp.Node():
        process.register(CONTROLLER, process.spawn(process.receive))

        assert application.which_applications() == []
        with pytest.raises(otp.NameTakenError):
            application.load(Traced("a", []))


# ---------------------------------------------------------------------------- loading


async def test_an_application_is_loaded_once(trace: Trace) -> None:
    async with otp.Node():
        app = Traced("a", trace)
        application.load(app)

        with pytest.raises(application.AlreadyLoadedError) as caught:
            application.load(app)

        assert caught.value.application == "a"
        assert loaded() == ["a"]


async def test_lists_show_name_description_and_version(trace: Trace) -> None:
    app = Traced("a", trace)
    app.description, app.version = "the first", "1.2"
    async with otp.Node():
        await application.start(app)

        line = ApplicationInfo("a", "the first", "1.2")
        assert application.which_applications() == [line]
        assert application.loaded_applications() == [line]
        assert application.get_spec("a").version == "1.2"


async def test_the_lists_have_the_latest_running_first_and_the_loaded_in_order(
    trace: Trace,
) -> None:
    async with otp.Node():
        for name in "abc":
            application.load(Traced(name, trace))
        for name in "cba":
            await application.start(name)

        assert running() == ["a", "b", "c"]
        assert loaded() == ["a", "b", "c"]


async def test_included_applications_are_loaded_and_unloaded_with_their_owner(
    trace: Trace,
) -> None:
    inner = Traced("inner", trace, env={"k": 1})
    middle = Traced("middle", trace)
    middle.included_applications = [inner]
    app = Traced("a", trace)
    app.included_applications = [middle]
    async with otp.Node():
        application.load(app)
        assert sorted(loaded()) == ["a", "inner", "middle"]
        assert application.get_env("inner", "k") == 1

        application.unload("a")
        assert loaded() == []


async def test_an_included_application_that_runs_stays_loaded(trace: Trace) -> None:
    app = Traced("a", trace)
    app.included_applications = [Traced("inner", trace), Traced("gone", trace)]
    async with otp.Node():
        application.load(app)
        await application.start("inner")
        application.unload("gone")

        application.unload("a")

        assert loaded() == ["inner"]


async def test_an_included_application_that_nobody_knows_is_an_error(
    trace: Trace,
) -> None:
    app = Traced("a", trace)
    app.included_applications = ["zzz"]
    async with otp.Node():
        with pytest.raises(application.MissingDependencyError):
            application.load(app)

        assert loaded() == []


# ----------------------------------------------------------------- starting, stopping


class Plain(Traced):
    name = "plain"

    def __init__(self) -> None:
        super().__init__("plain", [])


async def test_a_class_stands_for_the_loaded_instance(trace: Trace) -> None:
    async with otp.Node():
        await application.start(Plain)
        await application.stop(Plain)
        application.unload(Plain)
        fake = Traced("plain", trace)
        application.load(fake)

        await application.start(Plain)

        assert trace == [("start", "plain"), ("child_up", "plain")]


async def test_a_second_instance_of_a_name_is_refused(trace: Trace) -> None:
    async with otp.Node():
        app = Traced("a", trace)
        await application.start(app)
        await application.stop(app)
        await application.start(app)
        await application.stop(app)

        with pytest.raises(application.AlreadyLoadedError):
            await application.start(Traced("a", trace))


async def test_ensure_started_starts_only_if_need_be(trace: Trace) -> None:
    async with otp.Node():
        await application.ensure_started(Traced("a", trace))
        await application.ensure_started("a")

        assert trace == [("start", "a"), ("child_up", "a")]


async def test_ensure_started_does_not_start_what_is_needed(trace: Trace) -> None:
    async with otp.Node():
        application.load(Traced("b", trace))

        with pytest.raises(application.NotStartedError) as caught:
            await application.ensure_started(Traced("a", trace, needs=["b"]))

        assert caught.value.needed_by == "a"


async def test_an_optional_application_need_not_be_started(trace: Trace) -> None:
    app = Traced("a", trace)
    app.optional_applications = ["zzz", Plain]
    async with otp.Node():
        await application.start(app)

        assert running() == ["a"]


async def test_ensure_all_started_takes_several(trace: Trace) -> None:
    async with otp.Node():
        apps = [Traced("a", trace), Traced("b", trace, needs=[Plain])]

        assert await application.ensure_all_started(apps) == ["a", "plain", "b"]
        assert await application.ensure_all_started([]) == []


async def test_what_is_started_meanwhile_by_others_is_not_counted(
    trace: Trace,
) -> None:
    class Helping(Traced):
        def start(self) -> otp.ChildSpec[otp.Supervisor]:
            process.spawn(application.ensure_started, "b")
            return super().start()

        async def start_phase(self, phase: str, argument: object) -> None:
            await super().start_phase(phase, argument)
            await application.ensure_started("b")

    async with otp.Node():
        helping = Helping("a", trace, phases=[("wait", None)])
        apps = [helping, Traced("b", trace)]

        assert await application.ensure_all_started(apps) == ["a"]
        assert running() == ["a", "b"]


async def test_taking_back_leaves_alone_what_ran_before_or_is_down_already(
    trace: Trace,
) -> None:
    class Failing(Traced):
        def start(self) -> otp.ChildSpec[otp.Supervisor]:
            raise otp.StartError("c", otp.Reason("nope"))

        async def start_phase(self, phase: str, argument: object) -> None:
            """Have none."""

    class Stopping(Traced):
        async def prep_stop(self) -> None:
            await application.stop("b")

    async with otp.Node():
        await application.start(Traced("a", trace))
        apps: list[Dependency] = [
            "a",
            Traced("b", trace),
            Stopping("d", trace),
            Failing("c", trace),
        ]

        with pytest.raises(application.ApplicationStartError):
            await application.ensure_all_started(apps)

        assert running() == ["a"]


async def test_a_missing_or_circular_dependency_is_found_before_anything_is_started(
    trace: Trace,
) -> None:
    async with otp.Node():
        first = Traced("first", trace)
        with pytest.raises(application.MissingDependencyError):
            await application.ensure_all_started(
                [first, Traced("a", trace, needs=["zzz"])]
            )
        application.load(Traced("b", trace, needs=["c"]))
        application.load(Traced("c", trace, needs=["b"]))
        with pytest.raises(application.CircularDependencyError):
            await application.ensure_all_started([first, "b"])

        assert trace == []


async def test_the_start_type_is_checked_before_anything_else() -> None:
    async with otp.Node():
        with pytest.raises(otp.InvalidSpecError):
            await application.ensure_all_started("zzz", "foo")  # type: ignore[arg-type]


async def test_the_top_supervisor_can_be_found(trace: Trace) -> None:
    async with otp.Node():
        app = Traced("a", trace)
        application.load(app)
        assert application.get_supervisor("a") is None

        await application.start("a")

        top = application.get_supervisor("a")
        assert top is not None
        (child,) = await otp.supervisor.which_children(top)
        assert child.pid is worker_of(app)


# ------------------------------------------------------------------------ environment


async def test_a_process_reads_the_environment_of_its_own_application() -> None:
    found: list[object] = []

    class Reader(otp.GenServer):
        async def init(self) -> None:
            found.append(application.get_application())
            found.append(application.get_own_env("k"))
            found.append(application.get_own_env("zz", "none"))

    app = Traced("a", [], env={"k": 1})
    app.behaviour = lambda: otp.child_spec(
        otp.Supervisor, otp.one_for_one(otp.child_spec(Reader))
    )
    async with otp.Node():
        await application.start(app)

    assert found == ["a", 1, "none"]


async def test_a_process_belongs_to_the_application_of_who_spawned_it(
    trace: Trace,
) -> None:
    async with otp.Node():
        app = Traced("a", trace)
        await application.start(app)
        stray = await Worker.spawn(app.worker)

        assert application.get_application(worker_of(app)) == "a"
        assert application.get_application(stray) == "a"
        assert application.get_application(process.self()) is None


async def test_a_value_that_was_set_before_loading_can_win() -> None:
    async with otp.Node():
        application.set_env("a", "kept", 1, persistent=True)
        application.set_env("a", "lost", 1)
        application.set_env("a", "free", 1)

        application.load(Traced("a", [], env={"kept": 0, "lost": 0}))

        assert application.get_all_env("a") == {"kept": 1, "lost": 0, "free": 1}
        application.unset_env("a", "kept", persistent=True)
        assert application.get_env("a", "kept") is None


async def test_a_running_application_is_told_what_changed(trace: Trace) -> None:
    app = Traced("a", trace, env={"old": 1, "gone": 1, "same": 1})
    async with otp.Node():
        await application.start(app)
        trace.clear()

        application.replace_env("a", {"old": 2, "new": 3, "same": 1})
        application.replace_env("a", {"old": 2, "new": 3, "same": 1})

        assert trace == [("config_change", "a", {"old": 2}, {"new": 3}, ["gone"])]
        assert application.get_env("a", "old") == 2


async def test_one_that_does_not_run_is_not(trace: Trace) -> None:
    async with otp.Node():
        application.load(Traced("a", trace))

        application.replace_env("a", {"k": 1})

        assert application.get_env("a", "k") == 1
        assert trace == []
        with pytest.raises(application.NotLoadedError):
            application.replace_env("b", {})


async def test_what_config_change_raises_comes_out() -> None:
    class Strict(Traced):
        def config_change(
            self,
            changed: Mapping[str, object],
            new: Mapping[str, object],
            removed: Sequence[str],
        ) -> None:
            raise ValueError(f"no {changed}, {new} or {removed}")

    async with otp.Node():
        await application.start(Strict("a", []))

        with pytest.raises(ValueError, match=r"no \{\}, \{'k': 1\} or "):
            application.replace_env("a", {"k": 1})

        assert application.get_env("a", "k") == 1


def test_an_application_that_wants_nothing_hears_of_changes_in_silence() -> None:
    application.Application().config_change({}, {}, [])


async def test_callbacks_that_are_not_written_do_nothing() -> None:
    class Bare(application.Application):
        name = "bare"
        start_phases = (("one", 1),)

        def start(self) -> otp.ChildSpec[otp.Supervisor]:
            return otp.child_spec(otp.Supervisor, otp.one_for_one())

    async with otp.Node():
        await application.start(Bare)
        await application.stop(Bare)
