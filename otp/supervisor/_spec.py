"""What a supervisor is given: a strategy, its limits and its children, as a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, TypeVar, final, get_args

import attrs

from ..kernel import InvalidSpecError
from ..proc_lib import ChildSpec, Startable, child_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

B = TypeVar("B", bound=Startable)

Strategy = Literal["one_for_one", "one_for_all", "rest_for_one", "simple_one_for_one"]
"""Who is restarted when a child has crashed.

Itself alone; all children; itself and those that were started after it; or itself
alone, where the children are many of one kind and come and go at run time.
"""

AutoShutdown = Literal["never", "any_significant", "all_significant"]
"""Whether the end of a significant child ends the supervisor, too.

Never, at the first one, or when the last one that runs has ended.
"""


def _as_tuple(children: Iterable[ChildSpec]) -> tuple[ChildSpec, ...]:
    return tuple(children)


class AnySpec(Protocol):
    """What supervisors of all kinds are given: whom they start, and when again."""

    @property
    def strategy(self) -> Strategy: ...

    @property
    def max_restarts(self) -> int: ...

    @property
    def max_seconds(self) -> int: ...

    @property
    def auto_shutdown(self) -> AutoShutdown: ...

    def specs(self) -> tuple[ChildSpec, ...]: ...


@final
@attrs.frozen
class SupervisorSpec:
    """A strategy and its children, as `one_for_one` and its like build it.

    Children are started in their order and stopped in the reverse. More than
    *max_restarts* restarts within *max_seconds* seconds are more than the supervisor
    can help with: it stops its children and ends, and leaves it to whoever
    supervises it. Both count for all children together, in whole seconds. The
    defaults are Elixir's, 3 in 5 seconds; Erlang's are 1 in 5.

    Raises:
        InvalidSpecError: a value is wrong, two do not go together, or two children
            have the same id.
    """

    strategy: Strategy
    children: tuple[ChildSpec, ...] = attrs.field(converter=_as_tuple)
    max_restarts: int = attrs.field(default=3, kw_only=True)
    max_seconds: int = attrs.field(default=5, kw_only=True)
    auto_shutdown: AutoShutdown = attrs.field(default="never", kw_only=True)

    def __attrs_post_init__(self) -> None:
        _check_strategy(self.strategy)
        _check_whole("max_restarts", self.max_restarts, 0, "invalid_intensity")
        _check_whole("max_seconds", self.max_seconds, 1, "invalid_period")
        _check_auto_shutdown(self.auto_shutdown, self.strategy)
        if self.strategy == "simple_one_for_one":
            _check_template(self.children)
        check_childspecs(self.children, self.auto_shutdown)

    def specs(self) -> tuple[ChildSpec, ...]:
        """Return the specifications of the children."""
        return self.children


def one_for_one(
    *children: ChildSpec,
    max_restarts: int = 3,
    max_seconds: int = 5,
    auto_shutdown: AutoShutdown = "never",
) -> SupervisorSpec:
    """Return the specification of a supervisor that restarts who crashed.

    The right choice for children that do not depend on each other. The arguments
    are those of `SupervisorSpec`.
    """
    return SupervisorSpec(
        "one_for_one",
        children,
        max_restarts=max_restarts,
        max_seconds=max_seconds,
        auto_shutdown=auto_shutdown,
    )


def one_for_all(
    *children: ChildSpec,
    max_restarts: int = 3,
    max_seconds: int = 5,
    auto_shutdown: AutoShutdown = "never",
) -> SupervisorSpec:
    """Return the specification of a supervisor that restarts all if one crashed.

    For children that are of no use without each other.
    """
    return SupervisorSpec(
        "one_for_all",
        children,
        max_restarts=max_restarts,
        max_seconds=max_seconds,
        auto_shutdown=auto_shutdown,
    )


def rest_for_one(
    *children: ChildSpec,
    max_restarts: int = 3,
    max_seconds: int = 5,
    auto_shutdown: AutoShutdown = "never",
) -> SupervisorSpec:
    """Return the specification of a supervisor that restarts who crashed and the rest.

    The rest are those that were started after it. For children that each depend on
    the ones before them.
    """
    return SupervisorSpec(
        "rest_for_one",
        children,
        max_restarts=max_restarts,
        max_seconds=max_seconds,
        auto_shutdown=auto_shutdown,
    )


def child_template(
    behaviour: Callable[..., B], /, *args: object, **kwargs: object
) -> ChildSpec[B]:
    """Return a specification for `simple_one_for_one`, with the arguments of all.

    It is `child_spec` without a check that the arguments are complete: each child
    gets its own behind them.

    Raises:
        InvalidSpecError: *behaviour* is not the class of a behaviour.
    """
    return child_spec(behaviour, *args, **kwargs)


def simple_one_for_one(
    child: ChildSpec, *, max_restarts: int = 3, max_seconds: int = 5
) -> SupervisorSpec:
    """Return the specification of a supervisor of many children of one kind.

    None is started with it: `start_dynamic_child` starts one after the other, each
    with arguments of its own behind those of *child*, which `child_template` makes.
    They are stopped all at once.
    """
    return SupervisorSpec(
        "simple_one_for_one",
        (child,),
        max_restarts=max_restarts,
        max_seconds=max_seconds,
    )


def check_childspecs(
    specs: Iterable[ChildSpec], auto_shutdown: AutoShutdown | None = None
) -> None:
    """Say whether *specs* can be the children of one supervisor; nothing is started.

    With *auto_shutdown*, also whether they go together with that.

    Raises:
        InvalidSpecError: they cannot.
    """
    if auto_shutdown is not None:
        _check_auto_shutdown(auto_shutdown, None)
    ids: set[object] = set()
    for spec in specs:
        check_childspec(spec, auto_shutdown)
        if spec.id in ids:
            text = (
                f"two children have the id {spec.id!r}: give one of them another "
                f"with .override(id=...)"
            )
            raise InvalidSpecError("duplicate_child_name", spec.id, text)
        ids.add(spec.id)


def check_childspec(spec: object, auto_shutdown: AutoShutdown | None) -> None:
    """Check one child of a supervisor that has *auto_shutdown*."""
    if not isinstance(spec, ChildSpec):
        text = f"a child is specified by child_spec(...), not by {spec!r}"
        raise InvalidSpecError("invalid_child_spec", spec, text)
    if spec.significant and auto_shutdown == "never":
        raise InvalidSpecError(
            "bad_combination",
            (("auto_shutdown", "never"), ("significant", True)),
            f"child {spec.id!r} is significant to a supervisor that never shuts down "
            f"by itself: give the supervisor another auto_shutdown",
        )


# ------------------------------------------------------------------- what may be wrong


def _check_strategy(value: object) -> None:
    words = get_args(Strategy)
    if value not in words:
        text = (
            f"the strategy of a supervisor is one of {', '.join(words)}, not {value!r}"
        )
        raise InvalidSpecError("invalid_strategy", value, text)


def _check_whole(name: str, value: object, least: int, kind: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        text = f"{name} is a whole number from {least}, not {value!r}"
        raise InvalidSpecError(kind, value, text)


def _check_auto_shutdown(value: object, strategy: Strategy | None) -> None:
    words = get_args(AutoShutdown)
    if value not in words:
        text = f"auto_shutdown is one of {', '.join(words)}, not {value!r}"
        raise InvalidSpecError("invalid_auto_shutdown", value, text)
    if value != "never" and strategy == "simple_one_for_one":
        raise InvalidSpecError(
            "bad_combination",
            (("auto_shutdown", value), ("strategy", strategy)),
            f"a simple_one_for_one supervisor cannot have auto_shutdown {value!r}: "
            f"none of its children is more significant than the others",
        )


def _check_template(children: tuple[ChildSpec, ...]) -> None:
    if len(children) != 1:
        text = (
            f"a simple_one_for_one supervisor has exactly one child specification, "
            f"not {len(children)}"
        )
        raise InvalidSpecError("bad_start_spec", children, text)
