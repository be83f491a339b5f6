"""What can be asked of a running supervisor, and how it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import trio

from otp import (
    AlreadyStartedError,
    ChildSpec,
    Crash,
    Fail,
    Ignore,
    InvalidSpecError,
    Kill,
    Killed,
    Name,
    NoProcessError,
    Normal,
    OTPError,
    Pid,
    Reason,
    ServerExitedError,
    StartError,
    StartIgnored,
    Stop,
    UnknownRequestError,
    gen_server,
    process,
    supervisor,
    sys,
)
from otp.proc_lib import Started
from otp.supervisor import (
    ChildCounts,
    ChildInfo,
    ChildPresentError,
    NotFoundError,
    RestartingError,
    RunningError,
    StartChildError,
    StrategyError,
    Supervisor,
    SupervisorError,
    count_children,
    delete_child,
    get_childspec,
    one_for_one,
    restart_child,
    restart_child_with_info,
    start_child,
    start_child_with_info,
    start_dynamic_child,
    terminate_child,
    which_children,
)
from tests.kernel.support import in_process
from tests.supervisor.support import Actor, Stage, alive, settled, start, states

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

REFUSALS = (SupervisorError, StartError, InvalidSpecError)


async def refused(request: Awaitable[object]) -> OTPError:
    """Return what *request* is refused with."""
    with pytest.raises(REFUSALS) as caught:
        await request
    if not isinstance(caught.value, (AlreadyStartedError, StartIgnored)):
        text = str(caught.value)
        assert text[:1].islower()
        assert not text.endswith(".")
    return caught.value


@in_process
async def test_the_children_are_shown_newest_first() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a"), stage.child("b")))
    await start_child(sup, stage.child("c"))

    assert await which_children(sup) == [
        ChildInfo(id_, stage.pid(id_), "worker", (Actor,)) for id_ in "cba"
    ]


@in_process
async def test_the_children_are_counted() -> None:
    stage = Stage()
    sup = await start(
        one_for_one(
            stage.child("a"),
            stage.child("b", Ignore()),
            stage.child("c", type="supervisor"),
        )
    )

    counts = await count_children(sup)

    assert counts == ChildCounts(specs=3, active=2, supervisors=1, workers=2)


@in_process
async def test_a_supervisor_is_asked_by_its_name_too() -> None:
    name = Name[Supervisor]("sup")
    process.trap_exit(True)
    await supervisor.start_named(name, Supervisor, one_for_one())

    assert await which_children(name) == []


@in_process
async def test_nobody_answers_for_a_dead_supervisor() -> None:
    sup = await start(one_for_one())
    await supervisor.stop(sup)

    for request in (which_children(sup), delete_child(sup, "a")):
        with pytest.raises(NoProcessError):
            await request


@in_process
async def test_the_death_of_the_supervisor_is_the_end_of_the_wait() -> None:
    stage = Stage()
    sup = await start(one_for_one())
    errors: list[object] = []

    async def ask() -> None:
        with pytest.raises(ServerExitedError) as caught:
            await start_child(sup, stage.child("a", 1000.0))
        errors.append(caught.value.reason)

    process.spawn(ask)
    await settled()
    process.exit(sup, Kill())
    await settled()

    assert errors == [Killed()]
    assert alive(stage.pid("a")) == [False]


@in_process
async def test_a_supervisor_with_a_slow_child_answers_when_that_is_up() -> None:
    stage = Stage()
    sup = await start(one_for_one())
    times: list[float] = []

    async def ask() -> None:
        await which_children(sup)
        times.append(trio.current_time())

    async def add() -> None:
        await start_child(sup, stage.child("a", 7.0))

    process.spawn(add)
    await settled()
    process.spawn(ask)
    await trio.sleep(20)

    assert times == [7.0]


# ------------------------------------------------------------------------ start_child


@in_process
async def test_a_child_can_be_added() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a")))

    pid = await start_child(sup, stage.child("b"))

    assert pid is stage.pid("b")
    assert list(await states(sup)) == ["a", "b"]
    await stage.kill("b")
    assert stage.starts == ["a", "b", "b"]


@in_process
async def test_what_the_start_function_told_can_be_had() -> None:
    stage = Stage()

    async def told() -> tuple[Pid[Actor], str]:
        return (await stage.child("a").start()).pid, "info"

    sup = await start(one_for_one())
    started = await start_child_with_info(sup, ChildSpec.of("a", told))
    assert started == Started(stage.pid("a"), "info")

    await terminate_child(sup, "a")
    again = await restart_child_with_info(sup, "a")
    assert again == Started(stage.pid("a"), "info")


@in_process
async def test_a_running_child_is_not_added_again() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a")))

    error = await refused(start_child(sup, stage.child("a")))

    assert isinstance(error, AlreadyStartedError)
    assert error.pid is stage.pid("a")
    assert error.what == "a"
    assert error.reason == Reason(("already_started", stage.pid("a")))


@in_process
async def test_a_child_that_does_not_run_is_not_added_again_either() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a")))
    await terminate_child(sup, "a")

    error = await refused(start_child(sup, stage.child("a")))

    assert isinstance(error, ChildPresentError)
    assert error.child == "a"


@pytest.mark.parametrize(
    ("init", "reason"),
    [
        (Stop(Reason("no")), Reason("no")),
        (Fail(Reason("no")), Reason("no")),
    ],
)
@in_process
async def test_a_child_that_fails_is_not_added(init: object, reason: Reason) -> None:
    stage = Stage()
    sup = await start(one_for_one())

    error = await refused(start_child(sup, stage.child("a", init)))

    assert isinstance(error, StartChildError)
    assert error.child == "a"
    assert error.reason == reason
    assert await states(sup) == {}


@in_process
async def test_what_a_child_raised_is_the_reason_and_the_cause() -> None:
    stage = Stage()
    sup = await start(one_for_one())
    wrong = ValueError("no")

    error = await refused(start_child(sup, stage.child("a", wrong)))

    assert isinstance(error, StartChildError)
    assert error.reason == Crash(wrong)
    cause = error.__cause__
    assert isinstance(cause, StartError)
    assert cause.__cause__ is wrong


@in_process
async def test_a_child_that_is_ignored_is_added_unless_it_is_temporary() -> None:
    stage = Stage()
    sup = await start(one_for_one())
    temporary = stage.child("b", Ignore(), restart="temporary")

    assert isinstance(
        await refused(start_child(sup, stage.child("a", Ignore()))), StartIgnored
    )
    assert isinstance(await refused(start_child(sup, temporary)), StartIgnored)

    assert await states(sup) == {"a": None}


@in_process
async def test_a_name_that_is_taken_is_said_to_be_taken() -> None:
    stage = Stage()
    name = Name[Actor]("actor")
    sup = await start(one_for_one(stage.child("a").named(name)))

    error = await refused(start_child(sup, stage.child("b").named(name)))

    assert isinstance(error, AlreadyStartedError)
    assert error.pid is stage.pid("a")
    assert list(await states(sup)) == ["a"]


@in_process
async def test_a_significant_child_has_to_fit_the_supervisor() -> None:
    stage = Stage()
    sup = await start(one_for_one())
    child = stage.child("a", restart="transient", significant=True)

    error = await refused(start_child(sup, child))

    assert isinstance(error, InvalidSpecError)
    assert error.kind == "bad_combination"


@pytest.mark.parametrize("spec", [None, [], ("a", "b"), "a"])
@in_process
async def test_a_child_to_be_added_is_a_specification(spec: Any) -> None:
    sup = await start(one_for_one())

    error = await refused(start_child(sup, spec))

    assert isinstance(error, InvalidSpecError)
    assert error.kind == "invalid_child_spec"


@in_process
async def test_the_id_of_a_temporary_child_is_free_when_it_is_gone() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a", restart="temporary")))
    await stage.kill("a")

    await start_child(sup, stage.child("a", restart="temporary"))

    assert await states(sup) == {"a": stage.pid("a")}


@in_process
async def test_a_supervisor_of_listed_children_has_no_dynamic_ones() -> None:
    sup = await start(one_for_one())

    error = await refused(start_dynamic_child(sup, 1, 2))

    assert isinstance(error, StrategyError)


# --------------------------------------------------- terminate, restart and delete


@in_process
async def test_a_terminated_child_stays_down_until_it_is_restarted() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a"), stage.child("b")))

    await terminate_child(sup, "a")
    assert await states(sup) == {"a": None, "b": stage.pid("b")}

    pid = await restart_child(sup, "a")
    assert pid is stage.pid("a")
    assert list(await states(sup)) == ["a", "b"]


@in_process
async def test_a_child_may_be_terminated_that_does_not_run() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a")))

    await terminate_child(sup, "a")
    await terminate_child(sup, "a")

    assert await states(sup) == {"a": None}


@in_process
async def test_a_terminated_temporary_child_is_forgotten() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a", restart="temporary")))

    await terminate_child(sup, "a")

    assert await states(sup) == {}


@in_process
async def test_a_child_whose_death_is_not_known_yet_is_terminated_once() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a"), max_restarts=0))

    async def terminate() -> None:
        await terminate_child(sup, "a")

    # Both are in the mailbox before the supervisor looks: first the request.
    process.spawn(terminate)
    await settled()
    await stage.kill("a")

    assert await states(sup) == {"a": None}
    assert stage.starts == ["a"]


@in_process
async def test_a_child_that_fails_to_restart_stays_down() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a", None, Fail(Reason("no")), Ignore())))
    await terminate_child(sup, "a")

    error = await refused(restart_child(sup, "a"))
    assert isinstance(error, StartChildError)
    assert error.reason == Reason("no")
    assert await states(sup) == {"a": None}

    assert isinstance(await refused(restart_child(sup, "a")), StartIgnored)
    assert await states(sup) == {"a": None}
    await settled()
    assert stage.starts == ["a"] * 3


@in_process
async def test_a_deleted_child_is_gone() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a"), stage.child("b")))
    await terminate_child(sup, "a")

    await delete_child(sup, "a")

    assert list(await states(sup)) == ["b"]


@pytest.mark.parametrize("ask", [restart_child, delete_child])
@in_process
async def test_what_runs_is_neither_restarted_nor_deleted(
    ask: Callable[..., Awaitable[object]],
) -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a")))

    error = await refused(ask(sup, "a"))

    assert isinstance(error, RunningError)
    assert error.child == "a"
    assert alive(stage.pid("a")) == [True]


@pytest.mark.parametrize("ask", [restart_child, delete_child])
@in_process
async def test_nor_is_what_is_about_to_be_restarted(
    ask: Callable[..., Awaitable[object]],
) -> None:
    stage = Stage()
    slow = stage.child("a", None, Fail(Reason("r")), 1.0)
    sup = await start(one_for_one(slow, max_restarts=9))
    errors: list[OTPError] = []

    async def client() -> None:
        errors.append(await refused(ask(sup, "a")))

    await supervisor_busy(sup, stage, client)

    [error] = errors
    assert isinstance(error, RestartingError)
    assert error.child == "a"


@in_process
async def test_whoever_is_about_to_be_restarted_is_present() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a", None, Fail(Reason("r")))))
    errors: list[object] = []

    async def client() -> None:
        errors.append(await refused(start_child(sup, ChildSpec.of("a", _never))))

    await supervisor_busy(sup, stage, client)

    assert [type(error) for error in errors] == [ChildPresentError]


async def _never() -> Pid:
    raise AssertionError("never called")


async def supervisor_busy(
    sup: Pid[Supervisor], stage: Stage, client: Callable[[], Awaitable[None]]
) -> None:
    """Have *client* ask right after the first attempt to restart ``"a"``."""
    await sys.suspend(sup)
    await stage.kill("a")
    process.spawn(client)
    await settled()
    await sys.resume(sup)
    await settled()


@pytest.mark.parametrize(
    "ask", [terminate_child, restart_child, delete_child, get_childspec]
)
@in_process
async def test_of_nobody_nothing_can_be_asked(
    ask: Callable[..., Awaitable[object]],
) -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a")))

    error = await refused(ask(sup, "b"))

    assert isinstance(error, NotFoundError)
    assert error.child == "b"


# ------------------------------------------------------------------------ the rest


@in_process
async def test_the_specification_of_a_child_can_be_had() -> None:
    stage = Stage()
    spec = stage.child("a", restart="transient", shutdown=3)
    sup = await start(one_for_one(spec))

    assert await get_childspec(sup, "a") == spec


@in_process
async def test_the_arguments_of_an_added_temporary_child_are_not_kept() -> None:
    stage = Stage()
    from_init = stage.child("a", restart="temporary")
    added = stage.child("b", restart="temporary")
    sup = await start(one_for_one(from_init))
    await start_child(sup, added)
    await start_child(sup, stage.child("c"))

    assert (await get_childspec(sup, "a")).start == from_init.start
    assert (await get_childspec(sup, "b")).start == added.start.without_arguments()
    assert (await get_childspec(sup, "c")).start.args == (stage, "c")


@in_process
@pytest.mark.parametrize(
    "ask", [terminate_child, restart_child, delete_child, get_childspec]
)
async def test_an_id_that_cannot_be_one_is_refused_in_the_caller(ask: Any) -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a")))

    with pytest.raises(TypeError, match=r"something hashable, not by \[\]$"):
        await ask(sup, [])

    assert await states(sup) == {"a": stage.pid("a")}


@in_process
async def test_a_supervisor_survives_what_it_does_not_understand() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a")))

    process.send(sup, "hello")
    gen_server.cast(sup, "hello")
    with pytest.raises(UnknownRequestError, match="not asked for 'hello'") as caught:
        await gen_server.call(sup, "hello")

    assert caught.value.server is sup
    assert await states(sup) == {"a": stage.pid("a")}


@in_process
async def test_a_supervisor_can_be_stopped_for_a_reason() -> None:
    sup = await start(one_for_one())

    await supervisor.stop(sup, Normal())

    assert alive(sup) == [False]
