"""From the children that there are to those that are wanted: the plan of a swap.

The table is read from top to bottom; the first line that fits counts.

========================================= ==============================
the child                                 what is done
========================================= ==============================
is not wanted any more                    `Remove`: it is stopped and struck off
is wanted and not there                   `Add`: it is added and started
is the same                               `Keep`: nobody touches it
is started in the same way                `Update`: it goes on with other rules
does not run                              `Update`: there is nothing to exchange
has another class, which takes over       `Migrate`: it goes on as one of that
is to be started in any other way         `Restart`: it is stopped and started
========================================= ==============================

Those that are not wanted go first, the newest of them before the others, so that
their names and ports are free. All others follow one by one in their new order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, final

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

    from ..proc_lib import ChildSpec, Start


class Member(Protocol):
    """What the plan has to know of a child."""

    @property
    def id(self) -> Hashable: ...
    @property
    def spec(self) -> ChildSpec: ...
    @property
    def runs(self) -> bool:
        """Whether it has a process, as far as is known."""
        ...


@final
@attrs.frozen
class Keep:
    """Nothing is done."""

    id: Hashable


@final
@attrs.frozen
class Update:
    """The specification is exchanged, and nothing else."""

    id: Hashable
    spec: ChildSpec


@final
@attrs.frozen
class Migrate:
    """The process goes on as an instance of another class."""

    id: Hashable
    spec: ChildSpec


@final
@attrs.frozen
class Restart:
    """The process is stopped, and another is started."""

    id: Hashable
    spec: ChildSpec


@final
@attrs.frozen
class Add:
    """The child is added and started."""

    id: Hashable
    spec: ChildSpec


@final
@attrs.frozen
class Remove:
    """The child is stopped and struck off."""

    id: Hashable


Step = Keep | Update | Migrate | Restart | Add | Remove
"""What is done with one child."""


def plan_swap(
    children: Iterable[Member],
    wanted: Sequence[ChildSpec],
    takes_over: Callable[[Start, Start], bool],
) -> tuple[Step, ...]:
    """Return the steps that lead from *children*, oldest first, to *wanted*.

    *takes_over* tells whether a process that was started in one way can go on, without
    being stopped, as if it had been started in another.
    """
    known = {child.id: child for child in children}
    ids = {spec.id for spec in wanted}
    gone = [Remove(id_) for id_ in reversed(known) if id_ not in ids]
    return *gone, *(_step(known.get(s.id), s, takes_over) for s in wanted)


def _step(
    child: Member | None, spec: ChildSpec, takes_over: Callable[[Start, Start], bool]
) -> Step:
    if child is None:
        return Add(spec.id, spec)
    old = child.spec
    if is_same(old, spec):
        return Keep(spec.id)
    if not child.runs or is_same_start(old.start, spec.start):
        return Update(spec.id, spec)
    if is_same(old.start.name, spec.start.name) and takes_over(old.start, spec.start):
        return Migrate(spec.id, spec)
    return Restart(spec.id, spec)


def is_same(old: object, new: object) -> bool:
    """Tell whether two values are equal; those that will not say so are not."""
    if old is new:
        return True
    try:
        return bool(old == new)
    except Exception:  # noqa: BLE001 - an array, for example: it is the user's value
        return False


def is_same_start(old: Start, new: Start) -> bool:
    """Tell whether a child that was started as *old* need not be started as *new*."""
    if is_same(old.target, new.target) and is_same(old.name, new.name):
        return has_same_arguments(old, new)
    return False


def has_same_arguments(old: Start, new: Start) -> bool:
    """Tell whether the arguments are equal; what was not kept is taken to be."""
    if old.args is None:
        return True
    return is_same(old.args, new.args) and is_same(old.kwargs, new.kwargs)
