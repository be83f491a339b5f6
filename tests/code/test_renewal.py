"""What has become of which class, and of the values that name it."""

from __future__ import annotations

import functools
from types import FunctionType
from typing import Any, Generic, TypeVar

import pytest

import otp
from otp import ChildSpec, GenServer, Supervisor, child_spec, one_for_one
from otp.code._renewal import Renewal, classes_of, is_of
from otp.proc_lib import Start

T = TypeVar("T")


class Other(GenServer):
    """Is of another module."""


class Table(GenServer, Generic[T]):
    """Is of another module, too."""

    def __init__(self, *args: Any) -> None:
        self.args = args


SOURCE = """
from otp import GenServer, Supervisor
from typing import Generic, TypeVar

T = TypeVar("T")

class Till(GenServer):
    class Drawer(GenServer):
        pass

    limit = 3

    @classmethod
    async def start(cls):
        pass

class Shelf(GenServer, Generic[T]):
    pass

async def start():
    pass

number = 1
"""


def load(source: str = SOURCE) -> dict[str, Any]:
    namespace: dict[str, Any] = {"__name__": "shop"}
    exec(source, namespace)  # noqa: S102 - it is what loading a module is
    return namespace


def renewal(old: dict[str, Any], new: dict[str, Any]) -> Renewal:
    made = Renewal()
    made.add_module("shop", old, new)
    return made


OLD, NEW = load(), load()


@pytest.fixture
def renew() -> Renewal:
    return renewal(OLD, NEW)


def test_classes_and_functions_have_successors_and_nothing_else(renew: Renewal) -> None:
    assert renew.of(OLD["Till"]) is NEW["Till"]
    assert renew.of(OLD["Till"].Drawer) is NEW["Till"].Drawer
    assert renew.of(OLD["start"]) is NEW["start"]
    for value in (GenServer, OLD["T"], OLD["number"], NEW["Till"], Other, None, "Till"):
        assert renew.of(value) is value


def test_a_class_without_a_successor_of_its_sort_has_none() -> None:
    gone = renewal(OLD, {"Till": NEW["start"], "start": NEW["Till"], "Shelf": 3})

    for name in ("Till", "Shelf"):
        assert gone.find(OLD[name]) is None
        assert gone.of(OLD[name]) is OLD[name]
    assert gone.of(OLD["start"]) is OLD["start"]


def test_a_class_is_found_by_its_own_name_if_it_is_older(renew: Renewal) -> None:
    older, till = load(), NEW["Till"]
    asked = [older["Till"], older["Till"].Drawer, OLD["Till"], till, Other]

    assert renew.of(older["Till"]) is older["Till"]
    assert [renew.find(cls) for cls in asked] == [till, till.Drawer, till, None, None]


def test_a_class_that_is_local_or_of_a_changed_shape_is_not_found(
    renew: Renewal,
) -> None:
    names = {"__module__": "shop", "__qualname__": "f.<locals>.Local"}
    local = type("Local", (), names)
    deep = type("Deep", (), {"__module__": "shop", "__qualname__": "number.Deep"})

    assert renew.find(local) is None
    assert renew.find(deep) is None


def test_a_class_that_goes_by_another_name_is_found_by_that() -> None:
    named: Any = type("Odd", (), {"__module__": "shop", "__qualname__": "strange"})
    other: Any = type("Odd", (), {"__module__": "shop", "__qualname__": "strange"})

    assert renewal({"Alias": named}, {"Alias": other}).find(named) is other


def test_of_two_names_the_first_one_counts() -> None:
    cls = OLD["Till"]

    twice = renewal({"A": cls, "B": cls}, {"A": NEW["Till"], "B": NEW["Shelf"]})

    assert twice.of(cls) is NEW["Till"]


def test_specifications_name_the_new_classes(renew: Renewal) -> None:
    old = child_spec(OLD["Till"], OLD["Shelf"], 1, key=OLD["Till"])
    new = child_spec(NEW["Till"], NEW["Shelf"], 1, key=NEW["Till"])

    assert renew(old) == new
    assert renew(old).modules == (NEW["Till"],)
    tree = one_for_one(child_spec(Supervisor, one_for_one(old)), max_restarts=7)
    assert renew(tree) == one_for_one(
        child_spec(Supervisor, one_for_one(new)), max_restarts=7
    )
    named = old.named(otp.Name("till")).override(id="x", restart="transient")
    assert renew(named) == new.named(otp.Name("till")).override(
        id="x", restart="transient"
    )


def test_the_id_stays_even_if_it_is_a_class(renew: Renewal) -> None:
    old = child_spec(OLD["Till"]).override(id=OLD["Till"])

    assert renew(old).id is OLD["Till"]


def test_start_functions_are_renewed(renew: Renewal) -> None:
    plain = ChildSpec.of("a", OLD["start"])
    method = ChildSpec.of("b", OLD["Till"].start)

    assert renew(plain).start.target is NEW["start"]
    target: Any = renew(method).start.target
    assert target.__self__ is NEW["Till"]
    assert target.__func__ is NEW["Till"].start.__func__


def test_a_method_that_is_gone_stays_what_it_is() -> None:
    without = load(SOURCE.replace("async def start(cls)", "async def begin(cls)"))
    method = OLD["Till"].start

    assert renewal(OLD, without)(method) is method


def test_generic_classes_are_renewed_with_their_arguments(renew: Renewal) -> None:
    assert renew(OLD["Shelf"][int]) == NEW["Shelf"][int]
    assert renew(OLD["Shelf"][OLD["Till"]]) == NEW["Shelf"][NEW["Till"]]
    table: Any = Table
    assert renew(table[OLD["Till"]]) == table[NEW["Till"]]


def test_what_names_nothing_old_is_returned_itself(renew: Renewal) -> None:
    spec = child_spec(Table[int], (1, "x"), {"a": [OLD["number"]]})

    for value in (
        spec,
        spec.start,
        one_for_one(spec),
        (1, (2, 3)),
        Table[int],
        dict[str, int],
        int | None,
        Table(1).init,
        functools.partial(print, 1),
        [OLD["Till"]],
        {"till": OLD["Till"]},
    ):
        assert renew(value) is value


def test_tuples_are_looked_into_but_not_tuples_with_names(renew: Renewal) -> None:
    class Pair(tuple[Any, ...]):
        __slots__ = ()

    assert renew((1, (OLD["Till"],))) == (1, (NEW["Till"],))
    pair = Pair((OLD["Till"], 1))
    assert renew(pair) is pair


def test_a_start_without_arguments_keeps_none(renew: Renewal) -> None:
    start: Start = Start(OLD["Till"], None)

    assert renew(start) == Start(NEW["Till"], None)


def test_what_is_of_a_module_is_what_it_has_defined() -> None:
    assert is_of("shop", OLD["Till"])
    assert is_of("shop", OLD["start"])
    assert isinstance(OLD["start"], FunctionType)
    assert not is_of("shop", GenServer)
    assert not is_of("shop", dict[str, int])
    assert not is_of("shop", OLD["number"])
    assert set(classes_of("shop", OLD)) == {OLD["Till"], OLD["Shelf"]}
