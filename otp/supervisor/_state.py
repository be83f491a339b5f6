"""What a supervisor shows of itself, and how its specification is exchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import attrs

from ._spec import SupervisorSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..sys import Renew
    from ._children import ChildInfo
    from ._family import Family
    from ._spec import AnySpec, AutoShutdown, Strategy


@final
@attrs.frozen
class SupervisorState:
    """A supervisor as `otp.sys.get_state` shows it.

    With `otp.sys.replace_state` everything but the children can be exchanged.

    Args:
        strategy: who is restarted with whom.
        max_restarts: how many restarts are allowed,
        max_seconds: in how many seconds.
        auto_shutdown: whether the end of significant children ends it.
        children: in the order of their starts.
        restarts: in which seconds, by the clock of the run, there were restarts that
            may still count.
    """

    strategy: Strategy
    max_restarts: int
    max_seconds: int
    auto_shutdown: AutoShutdown
    children: tuple[ChildInfo, ...]
    restarts: tuple[int, ...]


def state_of(family: Family) -> SupervisorState:
    """Return what can be seen of *family*."""
    spec = family.spec
    return SupervisorState(
        spec.strategy,
        spec.max_restarts,
        spec.max_seconds,
        spec.auto_shutdown,
        tuple(map(family.info_of, family.children)),
        family.window.stamps,
    )


def replace_state(family: Family, state: object) -> None:
    """Let *family* go on with the strategy and the limits of *state*.

    Raises:
        TypeError: it is no `SupervisorState`, or has other children.
        StrategyError: the strategy is of another kind.
        InvalidSpecError: a value is wrong, or two do not go together.
    """
    if not isinstance(state, SupervisorState):
        text = f"the state of a supervisor is a SupervisorState, not {state!r}"
        raise TypeError(text)
    if state.children != state_of(family).children:
        raise TypeError(
            "children are exchanged by supervisor.change_specs() or swap(), and not "
            "by sys.replace_state()"
        )
    limits = SupervisorSpec(
        state.strategy,
        family.spec.specs() if state.strategy == "simple_one_for_one" else (),
        max_restarts=state.max_restarts,
        max_seconds=state.max_seconds,
        auto_shutdown=state.auto_shutdown,
    )
    family.set_spec(family.with_limits(limits), state.restarts)


def change_specs(family: Family, spec: AnySpec) -> None:
    """Let *family* go on with *spec*; nothing starts or stops.

    Raises:
        StrategyError: the strategy is of another kind.
    """
    family.check_kind(spec)
    family.take_over(spec)
    family.set_spec(spec)


def renew(family: Family, exchange: Renew) -> None:
    """Exchange the classes that are named in the specifications of *family*."""
    family.spec = exchange(family.spec)
    for child in family.children:
        child.spec, child.args = exchange(child.spec), exchange(child.args)


def snapshot(family: Family) -> Callable[[], None]:
    """Return a function that takes back what the others here have done since."""
    spec, window, children = family.spec, family.window, family.children.snapshot()

    def restore() -> None:
        family.spec, family.window = spec, window
        children()

    return restore
