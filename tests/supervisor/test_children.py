"""The table of children keeps what it is told, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
)

from otp import Backoff, ChildSpec, GenServer, Pid, child_spec
from otp.supervisor import ChildCounts, ChildState
from otp.supervisor._children import Child, Children

if TYPE_CHECKING:
    from collections.abc import Iterable


class Worker(GenServer):
    pass


def spec(id_: str, **changes: Any) -> ChildSpec[Worker]:
    return child_spec(Worker).override(id=id_, **changes)


def new_pid() -> Pid:
    """Return a pid that is good for being told from others."""
    return Pid("test", 0, cast("Any", None))


def ids(children: Iterable[Child]) -> list[object]:
    return [child.id for child in children]


def test_the_children_are_there_in_their_order_and_down() -> None:
    children = Children([spec("a"), spec("b"), spec("c")])

    assert ids(children) == ["a", "b", "c"]
    assert ids(reversed(children)) == ["c", "b", "a"]
    assert len(children) == 3
    assert all(not child.is_up and child.state is None for child in children)


def test_what_is_asked_of_a_child_is_what_its_specification_says() -> None:
    significant = spec("a", restart="transient", significant=True)
    child = Child(significant, "a")

    assert child.restart == "transient"
    assert child.significant
    assert child.start is significant.start


def test_a_dynamic_child_is_started_with_arguments_of_its_own() -> None:
    child = Child(spec("a"), None, (1, 2))

    assert child.start.args == (1, 2)
    assert child.start.target is Worker


def test_a_child_that_waits_to_be_restarted_counts_as_up() -> None:
    children = Children([spec("a")])
    [child] = children

    children.set_restarting(child, None)

    assert child.is_up
    assert child.state == "restarting"
    assert child.pid is None


def test_whoever_is_added_again_is_the_newest() -> None:
    children = Children([spec("a"), spec("b")])
    [a, _] = children

    children.add(a)

    assert ids(children) == ["b", "a"]


def test_other_specifications_bring_their_order() -> None:
    children = Children([spec("a"), spec("b"), spec("c"), spec("d")])
    pid = new_pid()
    b = children.find("b")
    assert b is not None
    children.set_up(b, pid, 0)

    children.update([spec("c"), spec("x"), spec("b", restart="temporary")])

    assert ids(children) == ["c", "x", "b", "a", "d"]
    assert children.find("b") is b
    assert children.find_pid(pid) is b
    assert (b.pid, b.restart) == (pid, "temporary")
    x = children.find("x")
    assert x is not None
    assert x.state is None


def test_the_dead_are_not_active_and_neither_are_those_that_wait() -> None:
    children = Children(
        [spec("a"), spec("b"), spec("c"), spec("d", type="supervisor"), spec("e")]
    )
    [a, b, c, d, _] = children
    alive, dead = new_pid(), new_pid()
    children.set_up(a, alive, 0)
    children.set_up(b, dead, 0)
    children.set_restarting(c, None)
    other = new_pid()
    children.set_up(d, other, 0)

    counts = children.count(lambda pid: pid is not dead)

    assert counts == ChildCounts(specs=5, active=2, supervisors=1, workers=4)


def test_two_children_that_claim_one_process_do_no_harm() -> None:
    children = Children([spec("a"), spec("b")])
    [a, b] = children
    pid = new_pid()
    children.set_up(a, pid, 0)
    children.set_up(b, pid, 0)

    children.remove(a)
    children.remove(b)

    assert len(children) == 0


# --------------------------------------------------------------------------- pauses


def test_without_a_backoff_there_are_no_pauses() -> None:
    child = Child(spec("a"), "a")

    assert [child.next_pause() for _ in range(3)] == [0, 0, 0]
    assert child.row == 0


def test_the_pauses_of_a_row_grow() -> None:
    child = Child(spec("a", backoff=Backoff(1, 2, 60)), "a")

    assert [child.next_pause() for _ in range(4)] == [1, 2, 4, 8]


@pytest.mark.parametrize(("lasted", "pause"), [(0, 4), (60, 4), (60.1, 1)])
def test_a_row_ends_with_a_run_longer_than_the_longest_pause(
    lasted: float, pause: float
) -> None:
    child = Child(spec("a", backoff=Backoff(1, 2, 60)), "a")
    child.next_pause()
    child.next_pause()

    assert child.next_pause(lasted) == pause


# ------------------------------------------------------------- any order of anything


class TableMachine(RuleBasedStateMachine):
    """The table beside a plain list that is searched from end to end."""

    def __init__(self) -> None:
        super().__init__()
        self.table = Children()
        self.model: list[tuple[str, ChildState, Pid | None]] = []
        self.gone: list[Pid] = []

    def place(self, data: st.DataObject) -> int:
        return data.draw(st.integers(0, len(self.model) - 1))

    def child(self, place: int) -> Child:
        found = self.table.find(self.model[place][0])
        assert found is not None
        return found

    def leave(self, pid: Pid | None) -> None:
        if pid is not None:
            self.gone.append(pid)

    @rule(id_=st.sampled_from("abcdefgh"))
    def add(self, id_: str) -> None:
        old = self.table.find(id_)
        if old is None:
            self.table.add(Child(spec(id_), id_))
            self.model.append((id_, None, None))
        else:
            self.table.add(old)
            place = [known for known, _, _ in self.model].index(id_)
            self.model.append(self.model.pop(place))

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        place = self.place(data)
        self.table.remove(self.child(place))
        _, _, pid = self.model.pop(place)
        self.leave(pid)

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def set_up(self, data: st.DataObject) -> None:
        place, pid = self.place(data), new_pid()
        self.table.set_up(self.child(place), pid, 0)
        id_, _, old = self.model[place]
        self.model[place] = (id_, pid, pid)
        self.leave(old)

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def set_down(self, data: st.DataObject) -> None:
        place = self.place(data)
        self.table.set_down(self.child(place))
        id_, _, old = self.model[place]
        self.model[place] = (id_, None, None)
        self.leave(old)

    @precondition(lambda self: self.model)
    @rule(data=st.data(), remembers=st.booleans())
    def set_restarting(self, data: st.DataObject, *, remembers: bool) -> None:
        place = self.place(data)
        id_, _, old = self.model[place]
        last = old if remembers else None
        self.table.set_restarting(self.child(place), last)
        self.model[place] = (id_, "restarting", last)
        if not remembers:
            self.leave(old)

    @rule(chosen=st.lists(st.sampled_from("abcdefgh"), unique=True))
    def update(self, chosen: list[str]) -> None:
        self.table.update(spec(id_) for id_ in chosen)
        known = {id_: (id_, state, pid) for id_, state, pid in self.model}
        stayed = [known.get(id_, (id_, None, None)) for id_ in chosen]
        behind = [entry for entry in self.model if entry[0] not in chosen]
        self.model = stayed + behind

    @invariant()
    def the_order_and_the_states_are_the_same(self) -> None:
        shown = [(c.id, c.state, c.pid) for c in self.table]
        assert shown == self.model
        assert [(c.id, c.state, c.pid) for c in reversed(self.table)] == shown[::-1]
        assert len(self.table) == len(shown)

    @invariant()
    def a_child_is_found_by_its_pid_as_long_as_it_has_it(self) -> None:
        for child in self.table:
            if child.pid is not None:
                assert self.table.find_pid(child.pid) is child
        for pid in self.gone:
            assert self.table.find_pid(pid) is None


TestTable = pytest.mark.slow(TableMachine.TestCase)
