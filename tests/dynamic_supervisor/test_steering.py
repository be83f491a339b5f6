"""Other limits at run time, what `otp.sys` finds, and other kinds of supervisors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import attrs
import pytest

from otp import (
    DynamicSpec,
    DynamicSupervisor,
    GenServer,
    Ignore,
    InvalidSpecError,
    Kill,
    Killed,
    NoProcessError,
    Pid,
    ServerExitedError,
    UnknownRequestError,
    child_spec,
    dynamic_supervisor,
    gen_server,
    one_for_one,
    process,
    supervisor,
    sys,
)
from otp.dynamic_supervisor import (
    ChildCounts,
    MaxChildrenError,
    StrategyError,
    change_specs,
    get_childspec,
    start_child,
    terminate_child,
    which_children,
)
from otp.gen_server import UnexpectedMessage
from otp.supervisor import SupervisorState
from otp.sys import CallbackFailedError
from tests.kernel.support import collected_reports, dead_pid, in_process
from tests.supervisor.support import Stage, alive, settled

from .support import kill, shown, start
from .test_starting import clerk, given_to

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from otp.supervisor import Supervisor, SupervisorSpec


# ---------------------------------------------------------------------- other limits


@in_process
async def test_limits_can_be_changed_and_stop_nobody() -> None:
    sup = await start()
    pids = [await start_child(sup, clerk(n)) for n in range(3)]

    await change_specs(sup, DynamicSpec(max_children=2))

    assert await shown(sup) == pids
    await terminate_child(sup, pids[0])
    with pytest.raises(MaxChildrenError):
        await start_child(sup, clerk())
    await change_specs(sup, DynamicSpec(max_children=3))
    await start_child(sup, clerk())


@in_process
async def test_restarts_that_were_counted_go_on_counting() -> None:
    stage = Stage()
    sup = await start(max_restarts=5)
    await start_child(sup, stage.child("a"))
    for _ in range(2):
        await kill(stage.pid("a"))

    await change_specs(sup, DynamicSpec(max_restarts=2))
    assert alive(sup) == [True]
    await kill(stage.pid("a"))

    assert alive(sup) == [False]


@in_process
async def test_new_extra_arguments_are_for_starts_and_restarts_from_now_on() -> None:
    sup = await start(extra_arguments=("old",))
    a = await start_child(sup, clerk(1))

    await change_specs(sup, DynamicSpec(extra_arguments=("new",)))
    b = await start_child(sup, clerk(2))
    before = await given_to(a)
    await kill(a)

    assert before == (("old", 1), {})
    assert await given_to(b) == (("new", 2), {})
    assert await given_to((await shown(sup))[1]) == (("new", 1), {})


@in_process
async def test_extra_arguments_can_be_taken_away() -> None:
    sup = await start(extra_arguments=("old",))
    a = await start_child(sup, clerk(1))

    await change_specs(sup, DynamicSpec())
    await kill(a)

    assert await given_to((await shown(sup))[0]) == ((1,), {})


@pytest.mark.parametrize("spec", [None, {"max_children": 3}, one_for_one()])
@in_process
async def test_only_limits_can_be_new_limits(spec: Any) -> None:
    sup = await start()

    with pytest.raises(InvalidSpecError, match="are a DynamicSpec, not") as caught:
        await change_specs(sup, spec)

    assert caught.value.kind == "invalid_type"
    assert alive(sup) == [True]


# ---------------------------------------------------------------------------- otp.sys


class Rooms(DynamicSupervisor):
    """Gives what it is told to give."""

    def __init__(self, answers: list[object]) -> None:
        self.answers = answers

    def init(self) -> Any:
        return self.answers[-1]


async def change_code(sup: Pid[Rooms]) -> None:
    await sys.suspend(sup)
    try:
        await sys.change_code(sup)
    finally:
        await sys.resume(sup)


@in_process
async def test_a_change_of_code_asks_for_the_limits_again() -> None:
    answers: list[object] = [DynamicSpec()]
    sup = await dynamic_supervisor.start_link(Rooms, answers)
    a = await start_child(sup, clerk())

    answers.append(DynamicSpec(max_children=1))
    await change_code(sup)

    assert await shown(sup) == [a]
    with pytest.raises(MaxChildrenError):
        await start_child(sup, clerk())


@pytest.mark.parametrize("answer", [Ignore(), None, "x"])
@in_process
async def test_a_change_of_code_that_gives_no_limits_changes_nothing(
    answer: object,
) -> None:
    answers: list[object] = [DynamicSpec(max_children=1)]
    sup = await dynamic_supervisor.start_link(Rooms, answers)
    await start_child(sup, clerk())

    answers.append(answer)
    if isinstance(answer, Ignore):
        await change_code(sup)
    else:
        with pytest.raises(CallbackFailedError):
            await change_code(sup)

    with pytest.raises(MaxChildrenError):
        await start_child(sup, clerk())


@in_process
async def test_the_state_can_be_read_and_replaced() -> None:
    sup = await start(max_children=3)
    a = await start_child(sup, clerk())

    state = await sys.get_state(sup)
    assert isinstance(state, SupervisorState)
    assert [child.pid for child in state.children] == [a]

    await sys.replace_state(sup, lambda old: attrs.evolve(old, max_restarts=0))
    with pytest.raises(sys.CallbackFailedError) as caught:
        await sys.replace_state(
            sup, lambda old: attrs.evolve(old, strategy="one_for_all")
        )

    assert isinstance(caught.value.__cause__, StrategyError)
    assert await shown(sup) == [a]
    state = await sys.get_state(sup)
    assert isinstance(state, SupervisorState)
    assert (state.max_restarts, state.strategy) == (0, "one_for_one")


@in_process
async def test_its_status_names_its_own_class() -> None:
    sup = await start()

    with collected_reports() as reports:
        process.send(sup, "what?")
        await settled()

    [report] = [r for r in reports if isinstance(r, UnexpectedMessage)]
    assert report.module is DynamicSupervisor
    assert alive(sup) == [True]


# ----------------------------------------------------------------- the other functions


@in_process
async def test_the_functions_of_all_supervisors_answer() -> None:
    sup = await start()
    a = await start_child(sup, clerk())
    plain = cast("Pid[Supervisor]", sup)

    assert await supervisor.which_children(sup) == await which_children(sup)
    assert await supervisor.count_children(sup) == ChildCounts(1, 1, 0, 1)
    assert await supervisor.get_childspec(plain, a) is await get_childspec(sup, a)
    b = await supervisor.start_child(plain, clerk())
    await supervisor.terminate_child(plain, a)
    assert await shown(sup) == [b]


PLAIN: list[Callable[[Pid[Supervisor]], Awaitable[object]]] = [
    lambda sup: supervisor.restart_child(sup, "Clerk"),
    lambda sup: supervisor.delete_child(sup, "Clerk"),
    lambda sup: supervisor.terminate_child(sup, "Clerk"),
    lambda sup: supervisor.start_dynamic_child(sup, 1),
    lambda sup: supervisor.change_specs(sup, one_for_one()),
]


@pytest.mark.parametrize("ask", PLAIN)
@in_process
async def test_what_a_dynamic_supervisor_does_not_know_is_refused(
    ask: Callable[[Pid[Supervisor]], Awaitable[object]],
) -> None:
    sup = await start()
    a = await start_child(sup, clerk())

    with pytest.raises(StrategyError, match="a dynamic supervisor"):
        await ask(cast("Pid[Supervisor]", sup))

    assert await shown(sup) == [a]


DYNAMIC: list[Callable[[Pid[DynamicSupervisor]], Awaitable[object]]] = [
    lambda sup: start_child(sup, clerk()),
    lambda sup: start_child(sup, None),  # type: ignore[arg-type]
    lambda sup: terminate_child(sup, process.self()),
    lambda sup: get_childspec(sup, process.self()),
    lambda sup: change_specs(sup, DynamicSpec()),
]


@pytest.mark.parametrize("ask", DYNAMIC)
@pytest.mark.parametrize(
    "spec",
    [
        one_for_one(child_spec(GenServer)),
        supervisor.simple_one_for_one(child_spec(GenServer)),
    ],
)
@in_process
async def test_other_supervisors_say_that_they_are_not_dynamic(
    ask: Callable[[Pid[DynamicSupervisor]], Awaitable[object]], spec: SupervisorSpec
) -> None:
    sup = await supervisor.start_link(supervisor.Supervisor, spec)
    before = await supervisor.which_children(sup)

    with pytest.raises(StrategyError, match="this is no dynamic supervisor"):
        await ask(cast("Pid[DynamicSupervisor]", sup))

    assert await supervisor.which_children(sup) == before


@in_process
async def test_a_server_that_is_no_supervisor_has_no_children() -> None:
    server = cast("Pid[DynamicSupervisor]", await gen_server.start(GenServer))

    with pytest.raises(UnknownRequestError):
        await start_child(server, clerk())


@in_process
async def test_nobody_answers_for_a_dead_one() -> None:
    gone = cast("Pid[DynamicSupervisor]", await dead_pid())

    with pytest.raises(NoProcessError):
        await start_child(gone, clerk())


@in_process
async def test_whoever_asks_hears_of_its_end() -> None:
    stage = Stage()
    sup = await start()
    failures: list[object] = []

    async def client() -> None:
        with pytest.raises(ServerExitedError) as caught:
            await start_child(sup, stage.child("a", 10.0))
        failures.append(caught.value.reason)

    process.spawn(client)
    await settled()
    process.exit(sup, Kill())
    await settled()

    assert failures == [Killed()]
    assert alive(stage.pid("a")) == [False]
