"""Restart semantics as a Hypothesis state machine: trees hurt until they break.

Derive from `SupervisionMachine` and say which tree it is about::

    class ShopMachine(SupervisionMachine):
        tree = Shop

    TestShop = ShopMachine.TestCase

Hypothesis then crashes, kills and ends its processes, asks its supervisors for this and
that, lets time go by, and checks after each step that everything went by the rules of
supervision, and by the invariants that you add. What goes wrong is told as the shortest
story that leads there.

This module needs Hypothesis, which ``pip install otp[testing]`` brings.
"""

from __future__ import annotations

from contextlib import suppress
from functools import wraps
from inspect import iscoroutine
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from hypothesis import stateful, strategies as st
from hypothesis.control import current_build_context
from hypothesis.errors import HypothesisException
from hypothesis.stateful import RuleBasedStateMachine

from .._util import as_call
from ..kernel import Normal, Reason, Shutdown
from ._supervision import (
    LAWS,
    LIMIT,
    Action,
    ActionKind,
    Actions,
    BrokenLawError,
    Fault,
    GuestError,
    InjectedCrash,
    Law,
    Options,
    Request,
    Story,
    StoryError,
    Tree,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Sequence
    from typing import TypeVarTuple, Unpack

    from ..kernel import ExitReason, Pid
    from ._supervision import NewChild

    Ts = TypeVarTuple("Ts")

__all__ = [
    "LAWS",
    "Action",
    "ActionKind",
    "BrokenLawError",
    "Fault",
    "GuestError",
    "InjectedCrash",
    "Law",
    "Request",
    "StoryError",
    "SupervisionMachine",
    "invariant",
    "rule",
]

T = TypeVar("T")
M = TypeVar("M", bound="SupervisionMachine")


@st.composite
def _actions(draw: st.DrawFn) -> Action:
    machine: SupervisionMachine = draw(st.runner())

    def pick(options: Sequence[T]) -> T:
        return options[draw(st.integers(0, len(options) - 1))]

    return machine.choose(pick)


class SupervisionMachine(RuleBasedStateMachine):
    """A state machine that drives a supervision tree and checks the laws.

    It is a `hypothesis.stateful.RuleBasedStateMachine` with one tree on a node of its
    own for each example, a clock that stands still between the steps, and these
    options, as attributes of your class:

    Attributes:
        tree: what is tested: a class of supervisors, a `SupervisorSpec`, a `ChildSpec`
            of a supervisor, or an `otp.Application`.
        faults: what may be done to processes.
        requests: what supervisors may be asked.
        reasons: with which reasons processes end by themselves.
        max_clock_step: how many seconds may go by in one step, at most; 0 for none.
        spared: the paths of children to whom nothing is done.
        forgiven: laws that the tree need not keep; see `LAWS`.

    A tree that has given up is started again, when the invariants have been checked.

    Raises:
        InvalidSpecError: *tree* is no tree.
    """

    tree: ClassVar[object] = None
    faults: ClassVar[Collection[Fault]] = ("crash", "kill", "exit")
    requests: ClassVar[Collection[Request]] = (
        "terminate_child",
        "restart_child",
        "delete_child",
        "start_child",
    )
    reasons: ClassVar[Collection[ExitReason]] = (
        Normal(),
        Shutdown(),
        Reason("abnormal"),
    )
    max_clock_step: ClassVar[int] = 60
    spared: ClassVar[Collection[str]] = ()
    forgiven: ClassVar[Collection[Law]] = ()

    def __init__(self) -> None:
        super().__init__()
        self._story = Story(type(self).__name__)
        self._tree = Tree(type(self).tree, self.forgiven)
        options = Options(
            self.faults,
            self.requests,
            list(self.reasons),
            self.max_clock_step,
            self.spared,
        )
        self._acts = Actions(self._tree, options, self.new_child)
        self._begun = self._failed = False

    # ------------------------------------------------------------- for your own methods

    @property
    def is_up(self) -> bool:
        """Whether the top supervisor lives: it may have given up."""
        return self._tree.is_up

    def processes(self) -> list[str]:
        """Return the paths of all processes below the top, in the order of the tree.

        The path of a child is its id, behind those of the supervisors above it, but for
        the top. Children without ids have numbers in the order of their starts.
        """
        return self._tree.processes()

    def pid(self, path: str) -> Pid[Any]:
        """Return the pid of a child.

        Raises:
            LookupError: it does not run.
        """
        return self._tree.pid(path)

    def go(
        self, fn: Callable[[Unpack[Ts]], Awaitable[T]], *args: *Ts, limit: float = LIMIT
    ) -> T:
        """Run an async function on the node of the tree, and return what comes of it.

        Raises:
            GuestError: it takes more than *limit* seconds, or never waits.
        """
        return self._tree.go(fn, *args, limit=limit)

    def new_child(self, supervisor: str) -> NewChild:
        """Return another child for a supervisor whose children come and go.

        Override it to have such children: return a specification for a dynamic
        supervisor, or the further arguments for a simple_one_for_one; None leaves the
        supervisor as it is.
        """
        del supervisor
        return None

    # ------------------------------------------------------------------------ the steps

    def choose(self, pick: Any) -> Action:
        """Choose the next step; *pick* picks one of several options."""
        return self._acts.choose(pick)

    @stateful.rule(action=_actions())
    def step(self, action: Action) -> None:
        """Do something to the tree, or ask it for something."""
        self.do(str(action), self._perform, action)

    def _perform(self, action: Action) -> None:
        error = self._acts.perform(action)
        if error is not None:
            self._story.note(error)

    def do(self, text: str, fn: Callable[[Unpack[Ts]], T], *args: *Ts) -> T:
        """Do a step of the story: call *fn*, and check the laws when all is idle.

        Raises:
            StoryError: it goes wrong.
        """
        self._begin()
        self._story.begin(text)
        return self.tell(fn, *args, check=True)

    def tell(self, fn: Callable[[Unpack[Ts]], T], *args: *Ts, check: bool = False) -> T:
        """Call *fn*, and make a story of it if it fails; see `do`."""
        try:
            result = fn(*args)
            if check:
                self._tree.check()
        except (HypothesisException, StoryError):
            raise
        except BrokenLawError as broken:
            error = self._end(broken)
        except Exception as failure:
            raise self._end(failure) from failure
        else:
            return result
        # Not in the except clause: what it is about would make it another failure to
        # Hypothesis, and one story is enough.
        raise error

    def _end(self, error: Exception) -> StoryError:
        self._failed = True
        return self._story.end(error, self._tree.last_events())

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            _draw_early(self)
            self.tell(self._tree.start, check=True)

    def check_invariants(self, *args: Any, **kwargs: Any) -> None:
        """Start the tree if it does not run, and check the invariants."""
        self._begin()
        super().check_invariants(*args, **kwargs)
        if not self.is_up:
            self._story.begin_anew("start the tree again")
            self.tell(self._tree.start, check=True)

    def teardown(self) -> None:
        """Stop the tree, check that nothing of it is left, and end the run."""
        if self._failed or not self._begun:
            # The story that is told already is the one that counts.
            with suppress(Exception):
                self._tree.close()
            return
        try:
            self.do("stop the tree", self._tree.stop)
        finally:
            self._tree.close()


def _draw_early(machine: RuleBasedStateMachine) -> None:
    """Let Hypothesis choose now which rules it prefers, if it does such a thing.

    Else it does so within the first step, which then cannot be taken out of a story.
    """
    rules = getattr(machine, "_rules_strategy", None)
    preference = getattr(rules, "enabled_rules_strategy", None)
    if preference is not None:
        current_build_context().data.draw(preference)


def rule(**kwargs: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a method of a `SupervisionMachine`, async or not, one of its rules.

    It takes what `hypothesis.stateful.rule` does. The rule is a step of the story: when
    it is over and all is idle, the laws are checked. An async one runs on the node of
    the tree.
    """

    def decorate(fn: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(fn)
        def step(self: SupervisionMachine, **values: Any) -> Any:
            return self.do(as_call(fn.__name__, (), values), _run, self, fn, values)

        made: Callable[..., Any] = cast("Any", stateful.rule(**kwargs))(step)
        return made

    return decorate


def invariant(
    *, when_down: bool = False
) -> Callable[[Callable[[M], object]], Callable[[M], None]]:
    """Make a method of a `SupervisionMachine`, async or not, one of its invariants.

    It is called after each step, when all is idle, and should raise an `AssertionError`
    if something is wrong; with *when_down* also if the tree has given up.
    """

    def decorate(fn: Callable[[M], object]) -> Callable[[M], None]:
        @wraps(fn)
        def check(self: M) -> None:
            if when_down or self.is_up:
                no_values: dict[str, object] = {}
                self.tell(_run, self, fn, no_values)

        made: Callable[[M], None] = cast("Any", stateful.invariant())(check)
        return made

    return decorate


def _run(
    machine: SupervisionMachine, fn: Callable[..., Any], values: dict[str, Any]
) -> Any:
    result = fn(machine, **values)
    if not iscoroutine(result):
        return result

    async def run() -> Any:
        return await result

    return machine.go(run)


# They are made beside this module, which is where the public finds them.
for _made in (Action, BrokenLawError, GuestError, InjectedCrash, StoryError):
    _made.__module__ = __name__
