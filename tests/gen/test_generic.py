"""Generic classes of all behaviours are started with their types, or without."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import pytest

from otp import (
    ChildSpec,
    DynamicSupervisor,
    EventHandler,
    EventManager,
    GenServer,
    GenStatem,
    PartitionSupervisor,
    Registry,
    Supervisor,
    child_spec,
    dynamic_supervisor,
    gen_event,
    gen_server,
    gen_statem,
    one_for_one,
    process,
    supervisor,
    sys,
)
from otp.gen_statem import NextState
from tests.kernel.support import in_process

T = TypeVar("T")


class Table(GenServer, Generic[T]):
    """Is of some type."""


class Door(GenStatem[str, object], Generic[T]):
    """Is of some type."""

    async def init(self) -> NextState[str]:
        return NextState("open")

    async def handle_event(self, state: str, event: object) -> None:
        del state, event


class Events(EventManager, Generic[T]):
    """Is of some type."""


class Log(EventHandler, Generic[T]):
    """Is of some type."""


class Rooms(DynamicSupervisor, Generic[T]):
    """Is of some type."""


TABLES: ChildSpec[Table[str]] = child_spec(Table)
STARTS: list[tuple[type[Any], Any]] = [
    (Table, lambda: gen_server.start_link(Table[str])),
    (Table, lambda: gen_server.start(Table[str])),
    (Table, lambda: gen_server.Options(timeout=1).start_link(Table[str])),
    (Door, lambda: gen_statem.start_link(Door[str])),
    (Events, lambda: gen_event.start_link(Events[str])),
    (Rooms, lambda: dynamic_supervisor.start_link(Rooms[str])),
    (
        PartitionSupervisor,
        lambda: supervisor.start_link(PartitionSupervisor[Table[str]], TABLES),
    ),
    (Registry, lambda: supervisor.start_link(Registry[str, int], keys="unique")),
]


@in_process
@pytest.mark.parametrize(("cls", "start"), STARTS)
async def test_a_class_may_be_given_with_its_types(cls: type[Any], start: Any) -> None:
    process.trap_exit(True)
    pid = await start()

    assert (await sys.get_status(pid)).module is cls


@in_process
async def test_options_in_a_specification_take_a_class_with_its_types() -> None:
    process.trap_exit(True)
    spec = gen_server.Options(timeout=1).child_spec(Table[str])
    assert (spec.id, spec.modules) == ("Table", (Table,))

    sup = await supervisor.start_link(Supervisor, one_for_one(spec))

    assert (await supervisor.count_children(sup)).active == 1


def test_a_handler_is_its_class_without_types() -> None:
    assert gen_event.HandlerRef(Log[str]) == gen_event.HandlerRef(Log)


@in_process
@pytest.mark.parametrize("wrong", [list[int], dict, "Table", None])
async def test_what_is_no_behaviour_is_refused_as_it_was_given(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r" is no GenServer class$"):
        await gen_server.start_link(wrong)
    with pytest.raises(TypeError, match=r" is no Supervisor class$"):
        await supervisor.start_link(wrong)
