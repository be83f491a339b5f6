"""Addresses: identity, names, and what is refused."""

from __future__ import annotations

import copy
import pickle
from typing import get_args

import attrs
import pytest

from otp import Alias, Kill, Name, Pid, Ref, Via, process
from otp.kernel import Until, check_name, current_node

from .support import Registry, idle, in_process, on_node


@on_node
async def test_a_pid_tells_its_node_and_its_number() -> None:
    node = current_node()
    first, second = process.spawn(idle), process.spawn(idle)

    assert (first.node, first.serial) == (node.name, 1)
    assert (second.node, second.serial) == (node.name, 2)
    assert repr(first) == f"<{node.name}.1>"


@on_node
async def test_pids_are_compared_by_identity() -> None:
    first, second = process.spawn(idle), process.spawn(idle)

    assert first != second
    assert {first: 1, second: 2}[first] == 1
    assert copy.copy(first) is first
    assert copy.deepcopy([first]) == [first]


@on_node
async def test_a_pid_has_no_meaning_in_a_pickle() -> None:
    pid = process.spawn(idle)

    with pytest.raises(TypeError, match=r"1> has a meaning only while its node runs"):
        pickle.dumps(pid)


@on_node
async def test_a_pid_is_never_given_twice() -> None:
    pids: list[Pid] = []
    for _ in range(20):
        pids.append(process.spawn(idle))
        if len(pids) % 2:
            process.exit(pids[-1], Kill())

    assert len({pid.serial for pid in pids}) == 20


def test_references_are_unique_and_show_it() -> None:
    refs = [Ref() for _ in range(100)]

    assert len(set(refs)) == 100
    assert len({repr(ref) for ref in refs}) == 100
    assert repr(refs[0]).startswith("#Ref<")
    assert copy.deepcopy(refs[0]) is refs[0]
    with pytest.raises(TypeError, match="has a meaning only while its node runs"):
        pickle.dumps(refs[0])


@in_process
async def test_an_alias_is_a_reference_that_knows_what_ends_it() -> None:
    alias = process.alias(until="reply")

    assert isinstance(alias, Ref)
    assert isinstance(alias, Alias)
    assert alias.until == "reply"
    assert repr(alias).startswith("#Alias<")


def test_an_alias_can_end_in_four_ways() -> None:
    assert set(get_args(Until)) == {"unalias", "reply", "demonitor", "reply_demonitor"}


def test_names_are_values() -> None:
    assert Name("a") == Name("a") != Name("b")
    assert hash(Name("a")) == hash(Name("a"))
    assert Name[int]("a") == Name("a")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Name("a").name = "b"  # type: ignore[misc]


def test_a_name_can_be_that_of_another_node() -> None:
    name = Name("counter").at("east")

    assert (name.name, name.node) == ("counter", "east")
    assert name == Name("counter", "east") != Name("counter")
    assert name.at("west") == Name("counter", "west")
    assert (str(name), str(Name("counter"))) == ("counter@east", "counter")


@pytest.mark.parametrize("name", ["", "undefined"])
def test_some_words_are_no_names(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name!r} cannot be the name of a process"):
        Name(name)
    with pytest.raises(ValueError, match="cannot be the name"):
        check_name(name)


@pytest.mark.parametrize("name", [None, 1, b"x", Name("x")])
def test_a_name_is_a_string(name: object) -> None:
    with pytest.raises(TypeError, match="a name is a string, not"):
        Name(name)  # type: ignore[arg-type]


def test_a_good_name_passes_the_check() -> None:
    assert check_name("x") == "x"


def test_a_via_shows_its_key_and_registry() -> None:
    registry = Registry()

    assert str(Via(registry, "k")) == f"'k' via {registry!r}"
    assert Via(registry, "k") == Via(registry, "k") != Via(registry, "l")
