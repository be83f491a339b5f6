"""The children of a supervisor, in the order of their starts.

A child is in one of three states:

========== ======== ============== ==================
state      ``pid``  ``restarting`` shown as
========== ======== ============== ==================
up         its own  False          its pid
restarting its last True           ``"restarting"``
down       None     False          None
========== ======== ============== ==================

A child that waits to be restarted keeps the pid that it had, for the reports; that is
None if it had been stopped before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, final

import attrs

from ..kernel import Pid

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

    from ..proc_lib import ChildSpec, ChildType, Modules, Restart, Start

ChildState = Pid[Any] | Literal["restarting"] | None
"""The pid of a child that runs, ``"restarting"``, or None for one that does not run."""


@final
@attrs.frozen
class ChildInfo:
    """What a supervisor shows of one child; a dynamic child has no id."""

    id: Hashable
    pid: ChildState
    type: ChildType
    modules: Modules


@final
@attrs.frozen
class ChildCounts:
    """How many children a supervisor has: specified, alive, and of which type."""

    specs: int
    active: int
    supervisors: int
    workers: int


@final
@attrs.define(eq=False)
class Child:
    """One child: its specification and what has become of it.

    *id* is what the table knows it by: the id of the specification or, of a dynamic
    child, which shares that with others of its kind, its first pid. *args* are the
    arguments of a dynamic child, those of the specification in front.
    """

    spec: ChildSpec
    id: Hashable
    args: tuple[object, ...] | None = None
    pid: Pid | None = None
    restarting: bool = False
    #: How many restarts in a row it has had, and since when it is up, in seconds.
    row: int = 0
    since: float = 0.0

    @property
    def start(self) -> Start:
        """How it is started; a dynamic child with arguments of its own."""
        start = self.spec.start
        return start if self.args is None else attrs.evolve(start, args=self.args)

    @property
    def restart(self) -> Restart:
        return self.spec.restart

    @property
    def significant(self) -> bool:
        return self.spec.significant

    @property
    def is_up(self) -> bool:
        """Whether it runs, as far as is known, or is about to be restarted."""
        return self.pid is not None or self.restarting

    @property
    def runs(self) -> bool:
        """Whether it has a process, as far as is known."""
        return self.pid is not None and not self.restarting

    @property
    def state(self) -> ChildState:
        return "restarting" if self.restarting else self.pid

    def next_pause(self, lasted: float = 0.0, chance: float = 0.0) -> float:
        """Return how many seconds to wait before the next restart.

        It is one more in a row, unless the child has run for long: *lasted* seconds.
        *chance* is what its jitter depends on, from 0 to 1.
        """
        backoff = self.spec.backoff
        if backoff is None:
            return 0.0
        if lasted > backoff.maximum:
            self.row = 0
        self.row += 1
        return backoff.delay(self.row - 1, chance)


@final
class Children:
    """The table of children. Everything about one child costs the same for any number.

    Iterating gives them in the order of their starts, `reversed` newest first.
    """

    # Invariant: _by_pid[p] is c exactly if c.pid is p.
    __slots__ = ("_by_id", "_by_pid")

    _by_id: dict[Hashable, Child]
    _by_pid: dict[Pid, Child]

    def __init__(self, specs: Iterable[ChildSpec] = ()) -> None:
        self._by_id = {spec.id: Child(spec, spec.id) for spec in specs}
        self._by_pid = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Child]:
        return iter(self._by_id.values())

    def __reversed__(self) -> Iterator[Child]:
        return reversed(self._by_id.values())

    def find(self, id_: Hashable) -> Child | None:
        """Return the child known as *id_*."""
        return self._by_id.get(id_)

    def find_pid(self, pid: Pid) -> Child | None:
        """Return the child that is up as *pid*, or was until it failed to restart."""
        return self._by_pid.get(pid)

    def add(self, child: Child) -> None:
        """Add *child* as the newest, or make it that if it is there already."""
        self._by_id.pop(child.id, None)
        self._by_id[child.id] = child

    def remove(self, child: Child) -> None:
        """Strike *child* off the list."""
        del self._by_id[child.id]
        self._leave_pid(child)

    def set_up(self, child: Child, pid: Pid, now: float) -> None:
        """Note that *child* runs as *pid*; its place in the order stays."""
        self._leave_pid(child)
        child.pid, child.restarting, child.since = pid, False, now
        self._by_pid[pid] = child

    def set_restarting(self, child: Child, last: Pid | None) -> None:
        """Note that *child* waits to be started; *last* is the pid that it had."""
        self._leave_pid(child)
        child.pid, child.restarting = last, True
        if last is not None:
            self._by_pid[last] = child

    def set_down(self, child: Child) -> None:
        """Note that *child* does not run."""
        self._leave_pid(child)
        child.pid, child.restarting = None, False

    def _leave_pid(self, child: Child) -> None:
        if child.pid is not None:
            self._by_pid.pop(child.pid, None)

    def update(self, specs: Iterable[ChildSpec]) -> None:
        """Take over other specifications, and their order; nothing starts or stops.

        A child whose id is still there goes on with its new specification, one that
        is new is down. Those whose ids are gone stay as they are, behind the others.
        """
        for spec in self.arrange(specs):
            self._by_id[spec.id].spec = spec

    def arrange(self, specs: Iterable[ChildSpec]) -> Sequence[ChildSpec]:
        """Take over the order of *specs*, and return them.

        Those that are new are down. Who was there keeps the specification it had, and
        if it is not among *specs* stands behind the others.
        """
        specs = tuple(specs)
        left = self._by_id
        self._by_id = {}
        for spec in specs:
            old = left.pop(spec.id, None)
            self._by_id[spec.id] = old or Child(spec, spec.id)
        self._by_id.update(left)
        return specs

    def snapshot(self) -> Callable[[], None]:
        """Return a function that takes back what `update` has done since."""
        before = [(child, child.spec, child.args) for child in self]

        def restore() -> None:
            self._by_id = {child.id: child for child, _, _ in before}
            for child, spec, args in before:
                child.spec, child.args = spec, args

        return restore

    def count(self, is_alive: Callable[[Pid], bool]) -> ChildCounts:
        """Count them; those that died unnoticed, without their link, are not active."""
        active = supervisors = 0
        for child in self:
            if child.pid is not None and not child.restarting:
                active += is_alive(child.pid)
            supervisors += child.spec.type == "supervisor"
        return ChildCounts(len(self), active, supervisors, len(self) - supervisors)
