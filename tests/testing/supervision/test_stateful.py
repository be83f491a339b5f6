from __future__ import annotations

import unittest
from random import Random
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
import trio
from hypothesis import HealthCheck, Phase, assume, settings, strategies as st
from hypothesis.stateful import run_state_machine_as_test

import otp
from otp import gen_server, process, supervisor
from otp._util import Window
from otp.supervisor import _decide, _family
from otp.testing.stateful import (
    LAWS,
    Action,
    Law,
    StoryError,
    SupervisionMachine,
    invariant,
    rule,
)
from tests.testing.supervision.trees import Flaky, Slow, Worker, make_tree, worker

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from otp import ChildSpec, Pid

pytestmark = pytest.mark.slow

SETTINGS = settings(
    max_examples=30,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    database=None,
    # Without the last phase, which explains, and takes most of the time.
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
BRIEF = settings(SETTINGS, max_examples=5, phases=[Phase.generate])


def run(
    machine: type[SupervisionMachine], how: settings = SETTINGS, **attributes: object
) -> None:
    """Run a state machine, with other attributes."""
    name = machine.__name__
    run_state_machine_as_test(type(name, (machine,), attributes), settings=how)


def story_of(
    machine: type[SupervisionMachine], how: settings = SETTINGS, **attributes: object
) -> list[str]:
    """Return the lines of the story that is found, without the events of its end."""
    with pytest.raises(StoryError) as caught:
        run(machine, how, **attributes)
    text, _, _ = str(caught.value).partition("\n\nwhat happened")
    return [line.strip() for line in text.splitlines() if line.strip()]


FIRST = "this is restart 1 within 5 s, and 3 are allowed"
TOO_MANY = "a restart of 'a' would be one too many: more than 1 in 5 s"
S_HAS_ENDED = "auto_shutdown is any_significant, and 's' has ended"
LEFT_OVER = (
    "lives, is linked with nobody there, and was started by parent, which is dead"
)


def broken(law: Law) -> str:
    """Return the line that says which law is broken."""
    return f"a law is broken: {LAWS[law]}"


class Shop(SupervisionMachine):
    """Three workers in a row."""

    tree = otp.one_for_one(worker("a"), worker("b"), worker("c"))


class Together(SupervisionMachine):
    """Three workers that need each other."""

    tree = otp.one_for_all(worker("a"), worker("b"), worker("c"))


class InARow(SupervisionMachine):
    """Three workers, each of which needs those before it."""

    tree = otp.rest_for_one(worker("a"), worker("b"), worker("c"))


# ----------------------------------------------------------- supervisors that are wrong


def test_one_for_all_that_restarts_one_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = _decide.plan_restart
    monkeypatch.setattr(
        _decide, "plan_restart", lambda _, *rest: right("one_for_one", *rest)
    )

    assert story_of(Together) == [
        "Together goes wrong",
        "1. crash a",
        broken("restarts"),
        f"expected: the top tells 'c' to end: {FIRST}",
        "observed: the top starts a",
    ]


def test_rest_for_one_that_stops_the_oldest_first_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = _decide.plan_restart

    def plan(*args: Any) -> object:
        found = right(*args)
        assert isinstance(found, _decide.RestartChildren)
        stop = tuple(reversed(found.stop))
        return _decide.RestartChildren(stop, found.forget, found.start)

    monkeypatch.setattr(_decide, "plan_restart", plan)

    story = story_of(InARow)

    assert story[1:2] == ["1. crash a"]
    assert story[-1] == "observed: the top tells b to end: shutdown"


@pytest.mark.parametrize(
    ("off", "crashes", "observed"),
    [(1, 4, "the top starts a"), (-1, 3, "the top ends: shutdown")],
)
def test_a_limit_that_is_off_by_one_is_found(
    off: int, crashes: int, observed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "otp.supervisor._family.Window", lambda most, *rest: Window(most + off, *rest)
    )

    story = story_of(Together)

    assert story[1 : crashes + 1] == [f"{n}. crash a" for n in range(1, crashes + 1)]
    assert story[crashes + 1] == broken("intensity")
    assert story[-1] == f"observed: {observed}"


def test_a_period_that_is_off_by_one_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "otp.supervisor._family.Window", lambda n, time, *r: Window(n, time - 1, *r)
    )

    story = story_of(
        Shop,
        tree=otp.one_for_one(worker("a"), max_restarts=1),
        faults=("crash",),
        requests=(),
        max_clock_step=5,
    )

    assert story[-6:] == [
        f"{story[-6].partition('.')[0]}. crash a",
        f"{story[-5].partition('.')[0]}. advance 5 s",
        f"{story[-4].partition('.')[0]}. crash a",
        broken("intensity"),
        f"expected: the top ends, as {TOO_MANY}",
        "observed: the top starts a",
    ]


def test_children_that_are_stopped_oldest_first_at_the_end_are_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def stop_all(self: _family.Family) -> None:
        for child in list(self.children):
            await self.stop_one(child)

    monkeypatch.setattr(_family.Family, "stop_all", stop_all)

    story = story_of(Shop, faults=(), requests=())

    assert story[-4:] == [
        f"{story[-4].partition('.')[0]}. stop the tree",
        broken("order"),
        "expected: the top tells 'c' to end",
        "observed: the top tells a to end: shutdown",
    ]


def test_children_that_are_started_newest_first_are_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = _family.Family._start_each

    async def start_each(self: _family.Family, children: Any) -> object:
        return await right(self, reversed(list(children)))

    monkeypatch.setattr(_family.Family, "_start_each", start_each)

    story = story_of(Shop)

    assert story[:2] == ["Shop goes wrong", broken("children")]


def test_a_transient_child_that_is_restarted_after_a_quiet_end_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_decide, "is_restarted", lambda word, _: word != "temporary")

    story = story_of(Shop, tree=otp.one_for_one(worker("t", restart="transient")))

    assert story[1:2] == ["1. exit t Normal()"]
    assert story[-1] == "observed: the top starts t"


def test_significant_children_that_do_not_count_are_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_family, "shuts_down", lambda *_: False)

    story = story_of(
        Shop,
        tree=otp.one_for_one(
            worker("s", restart="temporary", significant=True),
            auto_shutdown="any_significant",
        ),
    )

    assert story[1:] == [
        "1. crash s",
        broken("significant"),
        f"expected: the top ends, as {S_HAS_ENDED}",
        "observed: nothing",
    ]


def test_a_supervisor_that_forgets_what_it_is_asked_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def terminate_child(_self: object, _id: object) -> None:
        pass

    monkeypatch.setattr(_family.Family, "terminate_child", terminate_child)

    story = story_of(Shop)

    assert story[1:2] == ["1. terminate child a"]
    assert story[-2:] == [
        "expected: the top tells 'a' to end",
        "observed: the top has done what it was asked",
    ]


# ----------------------------------------------------------------- trees that are wrong


class Parent(otp.GenServer):
    """Starts a helper that nobody ends."""

    async def init(self) -> None:
        process.spawn(trio.sleep_forever)


def test_an_unlinked_grandchild_that_is_left_over_is_found() -> None:
    parent = otp.child_spec(Parent).override(id="parent")

    assert story_of(Shop, tree=otp.one_for_one(worker("a"), parent)) == [
        "Shop goes wrong",
        "1. crash parent",
        broken("orphans"),
        "expected: what parent has started has ended with it, or belongs to the tree",
        f"observed: sleep_forever <nonode.4> {LEFT_OVER}",
    ]


class Names:
    """A registry that forgets nobody."""

    def __init__(self) -> None:
        self.pids: dict[Hashable, Pid] = {}

    def register_name(self, key: Hashable, pid: Pid, /) -> bool:
        return self.pids.setdefault(key, pid) is pid

    def unregister_name(self, key: Hashable, /) -> None:
        pass

    def whereis_name(self, key: Hashable, /) -> Pid | None:
        return self.pids.get(key)

    def send(self, key: Hashable, message: object, /) -> Pid:
        raise NotImplementedError


class Named(otp.Supervisor):
    """Has one child with a name in a registry of its own."""

    def children(self) -> otp.SupervisorSpec:
        via = otp.Via(Names(), "till")
        return otp.one_for_one(otp.child_spec(Worker).named(via).override(id="till"))


def test_a_name_that_is_not_freed_is_found() -> None:
    story = story_of(Shop, tree=Named)

    assert story[1:3] == [
        "1. crash till",
        broken("names"),
    ]
    assert story[-1] == "observed: it leads to till, which is dead"


def test_a_child_that_does_not_end_in_time_is_found() -> None:
    slow = otp.child_spec(Slow, 0.0, 10.0).override(id="slow")

    assert story_of(Together, tree=otp.one_for_all(worker("a"), slow))[1:] == [
        "1. crash a",
        broken("in_time"),
        "expected: slow ends within 5 s when it is told to",
        "observed: it is still there after 5 s, and is killed",
    ]


def test_a_forgiven_law_may_be_broken() -> None:
    slow = otp.child_spec(Slow, 0.0, 10.0).override(id="slow")
    tree = otp.one_for_all(worker("a"), slow)

    run(Together, BRIEF, tree=tree, forgiven={"in_time"})


class Fussy(otp.GenServer):
    """Starts only if nobody has been there before."""

    def __init__(self, starts: list[None]) -> None:
        self.starts = starts

    async def init(self) -> None:
        self.starts.append(None)
        if len(self.starts) > 1:
            raise ValueError("somebody has been here")


class FussyShop(SupervisionMachine):
    """Should never give up."""

    def __init__(self) -> None:
        starts: list[None] = []
        fussy = otp.child_spec(Fussy, starts).override(id="fussy")
        type(self).tree = otp.one_for_one(worker("a"), fussy)
        super().__init__()

    @invariant(when_down=True)
    def it_is_open(self) -> None:
        assert self.is_up, "the shop has given up"


def test_a_child_that_cannot_start_again_makes_its_supervisor_give_up() -> None:
    # pytest adds a line to the text of an assertion.
    assert story_of(FussyShop)[:3] == [
        "FussyShop goes wrong",
        "1. crash fussy",
        "AssertionError: the shop has given up",
    ]


def test_a_transient_child_that_should_be_permanent_is_found() -> None:
    class Shop(SupervisionMachine):
        tree = otp.one_for_one(worker("a"), worker("till", restart="transient"))
        requests = ()

        @invariant()
        async def there_is_a_till(self) -> None:
            assert process.is_alive(self.pid("till")), "there is no till"

    story = story_of(Shop)

    assert story == [
        "Shop goes wrong",
        "1. exit till Normal()",
        "LookupError: child 'till' does not run: it is down",
    ]


# ----------------------------------------------------------------- trees that are right


@pytest.mark.parametrize("seed", range(24))
def test_trees_that_are_right_are_not_blamed(seed: int) -> None:
    class Machine(SupervisionMachine):
        def __init__(self) -> None:
            self.starts: list[None] = []
            type(self).tree = make_tree(Random(seed), self.starts)
            super().__init__()

        def new_child(self, supervisor: str) -> ChildSpec | tuple[object, ...]:
            is_dynamic = supervisor in self.dynamic()
            if not is_dynamic:
                return ()
            flaky = otp.child_spec(Flaky, self.starts, declines=False)
            return flaky.override(id="new", restart="transient")

        def dynamic(self) -> list[str]:
            views = self._tree.supervisors().items()
            return [path for path, view in views if view.plan.kind == "dynamic"]

    try:
        run(Machine, settings(BRIEF, max_examples=4, stateful_step_count=30))
    except StoryError as error:
        # A tree that fails at its first start is not what this is about.
        if not isinstance(error.__cause__, otp.StartError):
            raise


class App(otp.Application):
    """An application with a tree."""

    name = "shop"

    def start(self) -> ChildSpec[otp.Supervisor]:
        web = otp.rest_for_one(worker("cache"), worker("fetcher"))
        inner = otp.child_spec(otp.Supervisor, web).override(id="web")
        return otp.child_spec(otp.Supervisor, otp.one_for_one(worker("till"), inner))


@pytest.mark.parametrize("tree", [App, App()])
def test_an_application_is_a_tree_as_well(tree: object) -> None:
    class Machine(SupervisionMachine):
        pass

    Machine.tree = tree
    run(Machine, BRIEF)


def test_a_child_spec_is_a_tree_as_well() -> None:
    tree = otp.one_for_one(worker("a"), max_restarts=0)

    run(Shop, BRIEF, tree=otp.child_spec(otp.Supervisor, tree))


@pytest.mark.parametrize("tree", [None, Worker(), Worker, "tree", 3])
def test_what_is_no_tree_is_refused(tree: object) -> None:
    with pytest.raises(otp.InvalidSpecError, match="a tree is a class of supervisors"):
        run(Shop, BRIEF, tree=tree)


def test_a_tree_that_does_not_start_is_a_story_without_steps() -> None:
    starts: list[None] = [None]
    fussy = otp.child_spec(Fussy, starts).override(id="fussy")

    story = story_of(Shop, BRIEF, tree=otp.one_for_one(fussy))

    assert story[0] == "Shop goes wrong"
    assert story[1].startswith("StartError: ")


# ----------------------------------------------------------------- what users add to it


class Counter(otp.GenServer):
    """Counts, and loses the count if it is restarted."""

    def __init__(self) -> None:
        self.value = 0

    @otp.call
    async def add(self, n: int) -> int:
        self.value += n
        return self.value


COUNTER = otp.Name[Counter]("counter")


class CounterMachine(SupervisionMachine):
    """Expects a count to survive, which it does not."""

    tree = otp.one_for_one(otp.child_spec(Counter).named(COUNTER))
    requests = ()
    seen: ClassVar[set[str]] = set()

    def __init__(self) -> None:
        super().__init__()
        self.expected = 0

    @rule(n=st.integers(1, 3))
    async def add(self, n: int) -> None:
        self.expected += n
        assert await Counter.add(COUNTER, n) == self.expected

    @rule()
    def look(self) -> None:
        self.seen.update(self.processes())


def test_rules_of_ones_own_are_steps_of_the_story() -> None:
    story = story_of(CounterMachine)

    assert story[1:4] == ["1. add(n=1)", "2. crash Counter", "3. add(n=1)"]
    assert story[4].startswith("AssertionError")
    assert CounterMachine.seen == {"Counter"}


def test_what_an_example_assumes_is_no_failure() -> None:
    class Machine(Shop):
        @rule()
        async def assume_the_worst(self) -> None:
            assume(False)

    run(Machine, BRIEF)


@pytest.mark.parametrize(
    ("options", "kinds"),
    [
        ({"faults": ("kill",), "requests": (), "max_clock_step": 0}, {"kill"}),
        ({"faults": (), "requests": ()}, {"advance"}),
        ({"faults": (), "requests": (), "max_clock_step": 0}, {"advance"}),
        ({"faults": ("exit",), "reasons": [otp.Normal()]}, None),
    ],
)
def test_options_say_what_is_done(
    options: dict[str, object], kinds: set[str] | None
) -> None:
    actions: list[Action] = []

    class Machine(Shop):
        spared: ClassVar[Any] = ("c",)

        def _perform(self, action: Action) -> None:
            actions.append(action)
            super()._perform(action)

    run(Machine, BRIEF, **options)

    found = {action.kind for action in actions}
    assert found == (kinds or found)
    assert "c" not in {action.who for action in actions}
    assert {a.how for a in actions if a.kind == "exit"} <= {otp.Normal()}


def test_children_come_and_go_where_the_machine_has_new_ones() -> None:
    done: set[str] = set()

    class Machine(SupervisionMachine):
        tree = otp.one_for_one(
            otp.child_spec(otp.DynamicSupervisor).override(id="rooms"),
            otp.child_spec(
                otp.Supervisor, supervisor.simple_one_for_one(worker("kind"))
            ).override(id="pool"),
        )
        spared = ("rooms", "pool")

        def new_child(self, supervisor: str) -> ChildSpec | tuple[object, ...]:
            return worker("room") if supervisor == "rooms" else ()

        def _perform(self, action: Action) -> None:
            done.add(str(action))
            super()._perform(action)

    run(Machine, settings(BRIEF, max_examples=15))

    assert {"start another child of rooms", "start another child of pool"} <= done
    assert {"crash rooms/#1", "terminate child pool/#1"} <= done


def test_a_path_that_leads_nowhere_is_refused() -> None:
    class Machine(Shop):
        @rule()
        def look(self) -> None:
            with pytest.raises(LookupError, match="there is no child 'x'"):
                self.pid("x")

    run(Machine, BRIEF)


# ------------------------------------------------------------------------ how it is run


def test_it_is_run_like_any_other_test_case() -> None:
    class Wrong(Shop):
        tree = otp.one_for_one(otp.child_spec(Parent))

    class Right(Shop):
        pass

    Right.TestCase.settings = BRIEF
    Wrong.TestCase.settings = SETTINGS
    good, bad = unittest.TestResult(), unittest.TestResult()
    Right.TestCase("runTest").run(good)
    Wrong.TestCase("runTest").run(bad)

    assert good.wasSuccessful()
    ((_, text),) = bad.failures
    assert "1. crash Parent" in text
    assert "state.step(action=" in text


def test_the_same_story_is_found_each_time() -> None:
    tree = otp.one_for_one(worker("a"), otp.child_spec(Parent))

    assert story_of(Shop, tree=tree) == story_of(Shop, tree=tree)


def test_what_goes_wrong_at_the_end_is_found_as_well() -> None:
    class Machine(SupervisionMachine):
        tree = otp.one_for_one(otp.child_spec(Slow, 0.0, 10.0).override(id="slow"))
        faults = ()
        requests = ()

    story = story_of(Machine, BRIEF)

    assert story[-4].endswith(". stop the tree")
    assert story[-1] == "observed: it is still there after 5 s, and is killed"


class Eternal(otp.GenServer):
    """Does not let itself be ended."""

    async def init(self) -> None:
        process.trap_exit(True)

    async def terminate(self, reason: otp.ExitReason) -> None:
        del reason
        with trio.CancelScope(shield=True):
            await trio.sleep_forever()


def test_a_child_that_never_ends_is_found() -> None:
    eternal = otp.child_spec(Eternal).override(id="eternal")

    story = story_of(Together, tree=otp.one_for_all(worker("a"), eternal))

    assert story[1:] == [
        "1. crash a",
        broken("in_time"),
        "expected: eternal ends within 5 s when it is told to",
        "observed: it is still there after 5 s, and is killed",
    ]


def test_a_tree_may_be_swapped_by_a_rule() -> None:
    class Machine(SupervisionMachine):
        tree = otp.child_spec(
            otp.Supervisor, otp.one_for_one(worker("a"), worker("b"))
        ).named(otp.Name("top"))

        @rule(ids=st.sampled_from(["abc", "ba", "c"]))
        async def swap(self, ids: str) -> None:
            new = otp.one_for_all(*[worker(id_) for id_ in ids])
            top = otp.Name[otp.Supervisor]("top")
            await supervisor.swap(top, new)

    run(Machine, BRIEF)


def test_servers_may_be_stopped_by_a_rule() -> None:
    class Machine(Shop):
        @rule()
        async def stop_b(self) -> None:
            if "b" in self.processes():
                await gen_server.stop(self.pid("b"))

    run(Machine, BRIEF)


@pytest.fixture(autouse=True)
def no_leak() -> Iterator[None]:
    """Check that no run is left over."""
    yield
    with pytest.raises(RuntimeError):
        trio.lowlevel.current_statistics()
