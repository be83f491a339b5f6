"""What a child specification says, and what it refuses to say."""

from __future__ import annotations

from functools import partial
from math import inf, nan
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

import attrs
import pytest

import otp
from otp import (
    Backoff,
    ChildSpec,
    Crash,
    Exit,
    GenServer,
    InvalidSpecError,
    Name,
    Pid,
    Reason,
    StartError,
    StartIgnored,
    Via,
    child_spec,
    gen_server,
    process,
)
from otp.proc_lib import Start, Started
from tests.kernel.support import Registry, in_process

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Counter(GenServer):
    def __init__(self, start: int = 0, *, step: int = 1) -> None:
        self.value = start
        self.step = step

    @otp.call
    async def get(self) -> tuple[int, int]:
        return self.value, self.step


class Table(GenServer, Generic[T]):
    def __init__(self, first: T) -> None:
        self.first = first


class Boss(GenServer):
    __child_type__ = "supervisor"


async def start_counter(start: int) -> Pid[Counter]:
    return await gen_server.start_link(Counter, start)


def refused(build: Callable[[], object]) -> tuple[str, object]:
    """Return the kind and the value of what *build* is refused with."""
    with pytest.raises(InvalidSpecError) as caught:
        build()
    text = str(caught.value)
    assert text[:1].islower()
    assert not text.endswith(".")
    return caught.value.kind, caught.value.value


# ------------------------------------------------------------------------- defaults


def test_a_child_is_a_permanent_worker_unless_something_else_is_said() -> None:
    spec = child_spec(Counter, 10)

    assert spec.id == "Counter"
    assert spec.restart == "permanent"
    assert spec.significant is False
    assert spec.type == "worker"
    assert spec.shutdown == 5.0
    assert spec.modules == (Counter,)
    assert spec.backoff is None


def test_the_arguments_are_kept_for_the_start() -> None:
    start = child_spec(Counter, 10, step=2).start

    assert start.target is Counter
    assert start.args == (10,)
    assert start.kwargs == {"step": 2}
    assert start.name is None


def test_a_behaviour_that_does_not_say_what_it_is_is_a_worker() -> None:
    class Plain:
        @classmethod
        async def __start_link__(cls, *_: object) -> Pid:
            raise NotImplementedError

    assert child_spec(Plain).type == "worker"


def test_a_supervisor_has_all_the_time_it_needs_to_end() -> None:
    spec = child_spec(Boss)

    assert spec.type == "supervisor"
    assert spec.shutdown == inf


def test_a_generic_behaviour_may_be_given_with_its_types() -> None:
    spec = child_spec(Table[str], "a")

    assert spec.id == "Table"
    assert spec.modules == (Table,)


def test_a_start_function_has_no_modules() -> None:
    spec = ChildSpec.of("counter", start_counter, 1)

    assert spec.id == "counter"
    assert spec.start == Start(start_counter, (1,))
    assert spec.modules == ()


def test_two_specifications_that_say_the_same_are_equal() -> None:
    assert child_spec(Counter, 1, step=2) == child_spec(Counter, 1, step=2)
    assert child_spec(Counter, 1) != child_spec(Counter, 2)


def test_what_is_given_later_does_not_change_a_start() -> None:
    kwargs = {"step": 2}
    start: Start[Counter] = Start(Counter, (), kwargs)
    kwargs["step"] = 3

    assert start.kwargs == {"step": 2}
    with pytest.raises(TypeError):
        cast("dict[str, object]", start.kwargs)["step"] = 4


# -------------------------------------------------------------------------- changes


def test_override_changes_what_is_given_and_nothing_else() -> None:
    spec = child_spec(Counter, 10)

    changed = spec.override(id="c", restart="transient", significant=True, shutdown=1)

    assert changed == ChildSpec(
        "c",
        spec.start,
        restart="transient",
        significant=True,
        shutdown=1,
        modules=(Counter,),
    )


def test_the_shutdown_limit_goes_with_the_type_unless_it_was_given() -> None:
    spec = child_spec(Counter)

    assert spec.override(type="supervisor").shutdown == inf
    assert spec.override(type="supervisor").override(type="worker").shutdown == 5.0
    assert spec.override(shutdown=3).override(type="supervisor").shutdown == 3
    assert spec.override(shutdown=3, type="supervisor").shutdown == 3


def test_named_gives_the_process_a_name_and_leaves_the_id() -> None:
    spec = child_spec(Counter).named(Name("counter"))

    assert spec.start.name == Name("counter")
    assert spec.id == "Counter"


# -------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"id": None}, "missing_id"),
        ({"id": ["a"]}, "invalid_id"),
        ({"id": ("a", [])}, "invalid_id"),
        ({"start": None}, "missing_start"),
        ({"start": Counter}, "invalid_mfa"),
        ({"restart": "always"}, "invalid_restart_type"),
        ({"restart": None}, "invalid_restart_type"),
        ({"restart": ["permanent"]}, "invalid_restart_type"),
        ({"significant": 1}, "invalid_significant"),
        ({"significant": None}, "invalid_significant"),
        ({"type": "job"}, "invalid_child_type"),
        ({"type": True}, "invalid_child_type"),
        ({"shutdown": -1}, "invalid_shutdown"),
        ({"shutdown": -0.001}, "invalid_shutdown"),
        ({"shutdown": nan}, "invalid_shutdown"),
        ({"shutdown": True}, "invalid_shutdown"),
        ({"shutdown": None}, "invalid_shutdown"),
        ({"shutdown": "infinity"}, "invalid_shutdown"),
        ({"modules": Counter}, "invalid_modules"),
        ({"modules": [Counter]}, "invalid_modules"),
        ({"modules": None}, "invalid_modules"),
        ({"backoff": 1.0}, "invalid_backoff"),
    ],
)
def test_a_wrong_value_is_refused_where_it_is_built(
    changes: dict[str, Any], kind: str
) -> None:
    [value] = changes.values()

    with pytest.raises(InvalidSpecError) as caught:
        attrs.evolve(child_spec(Counter), **changes)

    error, text = caught.value, str(caught.value)
    assert (error.kind, error.value) == (kind, value)
    assert text[:1].islower()
    assert not text.endswith(".")
    assert "id" in changes or "'Counter'" in text
    assert kind.startswith("missing") or repr(value) in text


def test_a_start_of_something_that_cannot_be_called_is_refused() -> None:
    start: Start[object] = Start(cast("Any", "counter"))

    assert refused(lambda: ChildSpec("a", start)) == ("invalid_mfa", start)


def test_a_module_that_is_no_class_is_refused() -> None:
    modules = cast("Any", (Counter, "counter"))

    kind, value = refused(lambda: child_spec(Counter).override(modules=modules))

    assert (kind, value) == ("invalid_module", "counter")


def test_the_modules_may_be_unknown_or_none() -> None:
    assert child_spec(Counter).override(modules="dynamic").modules == "dynamic"
    assert child_spec(Counter).override(modules=()).modules == ()


def test_a_child_that_always_comes_back_cannot_be_significant() -> None:
    kind, value = refused(lambda: child_spec(Counter).override(significant=True))

    assert kind == "bad_combination"
    assert value == (("restart", "permanent"), ("significant", True))


@pytest.mark.parametrize("shutdown", [0, 0.0, 0.5, 7, inf, "brutal_kill"])
def test_any_time_from_zero_on_is_a_shutdown_limit(shutdown: Any) -> None:
    assert child_spec(Counter).override(shutdown=shutdown).shutdown == shutdown


def test_the_fields_are_looked_at_in_erlangs_order() -> None:
    wrong: list[tuple[str, Any, str]] = [
        ("id", None, "missing_id"),
        ("start", 3, "invalid_mfa"),
        ("restart", "always", "invalid_restart_type"),
        ("significant", 1, "invalid_significant"),
        ("type", "job", "invalid_child_type"),
        ("shutdown", -1, "invalid_shutdown"),
        ("modules", 1, "invalid_modules"),
        ("backoff", 1, "invalid_backoff"),
    ]

    for i, (_, _, kind) in enumerate(wrong):
        changes = {field: value for field, value, _ in wrong[i:]}
        refusal = refused(partial(attrs.evolve, child_spec(Counter), **changes))
        assert refusal[0] == kind


@pytest.mark.parametrize("behaviour", [start_counter, 3, "Counter", int, Counter()])
def test_only_the_class_of_a_behaviour_is_one(behaviour: Any) -> None:
    assert refused(lambda: child_spec(behaviour)) == ("invalid_mfa", behaviour)


def test_a_start_function_has_to_see_to_its_name_itself() -> None:
    spec = ChildSpec.of("counter", start_counter, 1)

    with pytest.raises(InvalidSpecError, match="child 'counter'") as caught:
        spec.named(Name("counter"))

    assert caught.value.kind == "invalid_name"
    assert caught.value.value == Name("counter")


def test_a_name_is_no_bare_string() -> None:
    spec = child_spec(Counter)

    assert refused(lambda: spec.named(cast("Any", "counter"))) == (
        "invalid_name",
        "counter",
    )


# ---------------------------------------------------------------------------- starts


@in_process
async def test_a_start_brings_the_behaviour_up_with_its_arguments() -> None:
    started = await child_spec(Counter, 3, step=4).start()

    assert started.info is None
    assert await Counter.get(started.pid) == (3, 4)
    info = process.info(started.pid)
    assert info is not None
    assert process.self() in info.links


@in_process
async def test_a_generic_behaviour_is_started_as_its_class() -> None:
    started = await child_spec(Table[int], 3).start()

    assert process.is_alive(started.pid)


@in_process
async def test_a_start_takes_the_name() -> None:
    name = Name[Counter]("counter")

    started = await child_spec(Counter).named(name).start()

    assert process.whereis(name) is started.pid


@in_process
async def test_a_start_takes_a_name_of_a_registry() -> None:
    via = Via[Counter](Registry(), "counter")

    started = await child_spec(Counter).named(via).start()

    assert await Counter.get(via) == (0, 1)
    assert via.registry.whereis_name("counter") is started.pid


@in_process
async def test_a_start_function_may_have_something_to_tell() -> None:
    async def start(n: int, *, more: str) -> tuple[Pid[Counter], str]:
        return await start_counter(n), more

    started = await ChildSpec.of("c", start, 1, more="well").start()

    assert started == Started(started.pid, "well")
    assert await Counter.get(started.pid) == (1, 1)


@pytest.mark.parametrize("result", [None, "garbage", (), (1, 2), (None, 1, 2)])
async def test_a_start_function_that_returns_no_pid_has_failed(result: object) -> None:
    async def start() -> Any:
        return result

    spec = ChildSpec.of("c", start)
    with pytest.raises(StartError, match="returns a pid") as caught:
        await spec.start()

    assert caught.value.what is spec.start
    assert caught.value.reason == Reason(result)


@in_process
async def test_a_start_function_that_raises_has_failed() -> None:
    error = ValueError("no")

    async def start() -> Pid:
        raise error

    spec = ChildSpec.of("c", start)
    with pytest.raises(StartError) as caught:
        await spec.start()

    assert caught.value.what is spec.start
    assert caught.value.reason == Crash(error)
    assert caught.value.__cause__ is error


@in_process
async def test_a_start_function_may_give_a_reason_of_its_own() -> None:
    async def start() -> Pid:
        raise Exit(Reason("no"))

    with pytest.raises(StartError) as caught:
        await ChildSpec.of("c", start).start()

    assert caught.value.reason == Reason("no")


@pytest.mark.parametrize(
    "error",
    [StartIgnored("c", Reason("no"), "no"), StartError("c", Reason("no"))],
)
async def test_what_a_start_function_says_of_the_start_is_left_as_it_is(
    error: StartError,
) -> None:
    async def start() -> Pid:
        raise error

    with pytest.raises(StartError) as caught:
        await ChildSpec.of("c", start).start()

    assert caught.value is error


async def test_a_start_function_that_is_not_async_has_failed() -> None:
    def start() -> Any:
        return None

    with pytest.raises(StartError) as caught:
        await ChildSpec.of("c", start).start()

    assert isinstance(caught.value.__cause__, TypeError)


async def test_a_start_without_its_arguments_is_good_for_looking_at_only() -> None:
    start = child_spec(Counter, 1, step=2).start.without_arguments()

    assert start.args is None
    assert start.kwargs == {}
    with pytest.raises(StartError, match="were not kept") as caught:
        await start()
    assert caught.value.what is start
    assert caught.value.reason == Reason("undefined")


def test_a_start_shows_as_the_call_that_it_is() -> None:
    assert str(child_spec(Counter, 1, step=2).start) == "Counter(1, step=2)"
    assert str(ChildSpec.of("c", start_counter, 1).start) == "start_counter(1)"
    assert str(child_spec(Counter, 1).start.without_arguments()) == "Counter(...)"
    assert len(str(child_spec(Table[str], "x" * 1000).start)) < 200


def test_a_backoff_can_be_asked_for() -> None:
    backoff = Backoff(initial=1)

    assert child_spec(Counter).override(backoff=backoff).backoff is backoff
