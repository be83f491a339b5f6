"""The probes of Elixir's supervisors of many children.

Their outcomes on Elixir 1.18 are recorded beside this file; what a test returns,
written as an Elixir term, must be what was recorded. Atoms are strings here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import otp
from otp import (
    Crash,
    DynamicSupervisor,
    ExitReason,
    GenServer,
    Ignore,
    InvalidSpecError,
    Name,
    Node,
    PartitionSupervisor,
    Pid,
    Reason,
    StartIgnored,
    Stop,
    child_spec,
    dynamic_supervisor,
    partition_supervisor,
    process,
)
from otp.dynamic_supervisor import MaxChildrenError, NotFoundError, StartChildError
from otp.supervisor import ChildCounts, child_template
from tests.kernel.support import assert_nothing_left, outcome_in_process, with_clock

from .erlang import read_records

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

RECORDS = read_records("many_children.elixir1.18.txt", 49)


def probe(
    name: str,
) -> Callable[[Callable[[], Awaitable[object]]], Callable[[], Awaitable[None]]]:
    """Mark the test of the probe *name*, which returns the outcome."""
    recorded = RECORDS[name]

    def decorate(
        body: Callable[[], Awaitable[object]],
    ) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            results: list[object] = []

            async def keep() -> None:
                process.trap_exit(True)
                results.append(await body())

            async with Node() as node:
                outcome = await outcome_in_process(node, keep)
            if isinstance(outcome, BaseException):
                raise outcome
            assert_nothing_left(node)
            assert [term(result) for result in results] == [recorded]

        test = with_clock(body, run)
        test.probe = name  # type: ignore[attr-defined]
        return test

    return decorate


def term(value: object) -> str:
    """Write *value* as the Elixir term that stands for it."""
    match value:
        case str():
            text = f":{value}"
        case None:
            text = ":undefined"
        case type():
            text = value.__name__
        case Pid():
            text = ":pid"
        case int():
            text = str(value)
        case _:
            text = _collection(value)
    return text


def _collection(value: object) -> str:
    if isinstance(value, ChildCounts):
        names = ("active", "workers", "supervisors", "specs")
        value = {name: getattr(value, name) for name in names}
    if isinstance(value, dict):
        return f"%{{{_keywords(cast('dict[str, object]', value).items())}}}"
    assert isinstance(value, (list, tuple))
    items = cast("list[object] | tuple[object, ...]", value)
    if isinstance(items, tuple):
        return f"{{{', '.join(map(term, items))}}}"
    pairs = [cast("tuple[object, ...]", i) for i in items if isinstance(i, tuple)]
    if pairs and all(len(p) == 2 and isinstance(p[0], str) for p in pairs):
        return f"[{_keywords(pairs)}]"
    return f"[{', '.join(map(term, items))}]"


def _keywords(pairs: Any) -> str:
    return ", ".join(f"{name}: {term(inner)}" for name, inner in pairs)


class W(GenServer):
    """Keeps what it was made with; only a number is any good."""

    def __init__(self, value: Any, *more: object) -> None:
        if value == "bad":
            raise ValueError(value)
        self.value = (value, *more) if more else value

    async def init(self) -> Any:
        return self.value if isinstance(self.value, (Ignore, Stop)) else None

    @otp.call
    async def get(self) -> object:
        return self.value

    @otp.cast
    async def put(self, value: object) -> None:
        self.value = value


async def start(**limits: Any) -> Pid[DynamicSupervisor]:
    return await dynamic_supervisor.start_link(DynamicSupervisor, **limits)


async def start_child(sup: Pid[DynamicSupervisor], spec: Any) -> object:
    """Start a child, and return what Elixir's function of this name would."""
    try:
        return ("ok", await dynamic_supervisor.start_child(sup, spec))
    except StartIgnored:
        return "ignore"
    except MaxChildrenError:
        return ("error", "max_children")
    except InvalidSpecError as error:
        return ("error", (error.kind, error.value))
    except StartChildError as error:
        return ("error", of_reason(error.reason))


def of_reason(reason: ExitReason) -> object:
    match reason:
        case Crash(ValueError()):
            return ("badarg", "st")
        case Reason(value):
            return value
        case _:
            raise AssertionError(f"there is no Elixir term for {reason!r}")


@probe("DynamicSupervisor max_children")
async def test_there_are_no_more_than_there_may_be() -> object:
    sup = await start(max_children=1)
    spec = child_spec(W, 0)
    started = await start_child(sup, spec), await start_child(sup, spec)
    return (*started, await dynamic_supervisor.count_children(sup))


@probe("DynamicSupervisor extra_arguments prepended")
async def test_extra_arguments_come_first() -> object:
    sup = await start(extra_arguments=("bad",))
    return await start_child(sup, child_template(W, 1))


@probe("DynamicSupervisor child ignore / stop")
async def test_whoever_does_not_start_is_not_kept() -> object:
    sup = await start()
    ignored = await start_child(sup, child_spec(W, Ignore()))
    stopped = await start_child(sup, child_spec(W, Stop(Reason("no"))))
    return (ignored, stopped, await dynamic_supervisor.count_children(sup))


@probe("DynamicSupervisor bad spec")
async def test_what_is_no_specification_is_refused() -> object:
    return await start_child(await start(), {"id": 1})


@probe("DynamicSupervisor terminate unknown")
async def test_a_stranger_is_not_terminated() -> object:
    try:
        await dynamic_supervisor.terminate_child(await start(), process.self())
    except NotFoundError:
        return ("error", "not_found")
    return "ok"


@probe("DynamicSupervisor which_children ids")
async def test_children_have_no_ids() -> object:
    sup = await start()
    await start_child(sup, child_spec(W, 0))
    return [
        (info.id, info.pid, info.type, list(info.modules))
        for info in await dynamic_supervisor.which_children(sup)
    ]


@probe("PartitionSupervisor via routing")
async def test_a_key_leads_to_a_partition() -> object:
    name = Name[PartitionSupervisor[W]]("ps")
    await partition_supervisor.start_named(
        name, PartitionSupervisor, child_spec(W, 0), partitions=3
    )
    W.put(partition_supervisor.via(name, 4), "four")
    return (
        [await W.get(partition_supervisor.via(name, key)) for key in range(3)],
        partition_supervisor.partitions(name),
        await partition_supervisor.count_children(name),
    )


@probe("PartitionSupervisor with_arguments")
async def test_each_partition_may_have_arguments_of_its_own() -> object:
    sup = await partition_supervisor.start_link(
        PartitionSupervisor,
        child_spec(W, "a"),
        partitions=2,
        with_arguments=lambda args, partition: (*args, partition),
    )
    return [await W.get(partition_supervisor.via(sup, key)) for key in range(2)]


def test_every_record_has_its_test() -> None:
    tests = [getattr(test, "probe", None) for test in globals().values()]

    assert sorted(filter(None, tests)) == sorted(RECORDS)
