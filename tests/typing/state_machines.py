"""The types of state machines for trees. Read by the checkers, never run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_type

from hypothesis import strategies as st

from otp import GenServer, Normal, Pid, child_spec, one_for_one
from otp.testing.stateful import (
    Action,
    BrokenLawError,
    Law,
    StoryError,
    SupervisionMachine,
    invariant,
    rule,
)

if TYPE_CHECKING:
    from collections.abc import Callable


class Worker(GenServer):
    """Does nothing."""


class Machine(SupervisionMachine):
    """Has everything that one can have."""

    tree = one_for_one(child_spec(Worker))
    faults = ("crash", "kill")
    requests = ()
    reasons = (Normal(),)
    max_clock_step = 10
    spared = frozenset({"a"})
    forgiven = ("in_time", "orphans")

    def new_child(self, supervisor: str) -> tuple[object, ...]:
        return (supervisor,)

    @rule(n=st.integers())
    async def asks(self, n: int) -> None:
        assert_type(self.pid(f"a{n}"), Pid[Any])

    @rule()
    def looks(self) -> None:
        assert_type(self.processes(), list[str])
        assert_type(self.is_up, bool)

    @invariant()
    async def holds(self) -> None: ...

    @invariant(when_down=True)
    def holds_always(self) -> None: ...


class Wrong(SupervisionMachine):
    """Has what one cannot have."""

    faults = ("burn",)  # type: ignore[assignment]
    forgiven = ("gravity",)  # type: ignore[assignment]
    max_clock_step = "long"  # type: ignore[assignment]


async def length(text: str) -> int:
    """Do what an async function does."""
    return len(text)


def what_is_run_has_its_own_type(machine: Machine) -> None:
    assert_type(machine.go(length, "x"), int)
    assert_type(machine.do("look", len, "x"), int)
    machine.go(length, 3)  # type: ignore[arg-type]
    held: Callable[[], None] = machine.holds
    held()


def a_story_is_about_a_law(story: StoryError, broken: BrokenLawError) -> None:
    error: AssertionError = story
    assert_type(broken.law, Law)
    assert_type(broken.expected, str)
    assert_type(Action("crash", "a").who, str)
    Action("burn")  # type: ignore[arg-type]
    del error
