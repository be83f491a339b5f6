"""What a supervisor is to do, as it is specified, and what its children are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, final

import attrs

from ...dynamic_supervisor import DynamicSpec
from ...proc_lib import as_startable

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from ...kernel import Pid
    from ...proc_lib import ChildSpec
    from ...supervisor import AnySpec, AutoShutdown, Strategy

Kind = Literal["static", "simple", "dynamic"]
"""Whether children have ids, or share a specification, or have one each without ids."""

State = Literal["up", "waiting", "down"]
"""Whether a child runs, waits to be restarted, or does neither."""


@final
@attrs.frozen
class Plan:
    """The specification of a supervisor, whatever its class."""

    kind: Kind
    strategy: Strategy
    max_restarts: int
    max_seconds: int
    auto_shutdown: AutoShutdown = "never"
    specs: tuple[ChildSpec, ...] = ()
    extra: tuple[object, ...] = ()

    def at_first(self) -> list[Kid]:
        """Return the children that are there from the beginning, all of them down."""
        if self.kind != "static":
            return []
        return [Kid(spec, spec.id) for spec in self.specs]

    @property
    def limit(self) -> str:
        """How many restarts are too many, in words."""
        return f"more than {self.max_restarts} in {self.max_seconds} s"


def plan_of(spec: AnySpec) -> Plan:
    """Return *spec* as a plan."""
    dynamic = isinstance(spec, DynamicSpec)
    kind: Kind = "simple" if spec.strategy == "simple_one_for_one" else "static"
    return Plan(
        "dynamic" if dynamic else kind,
        spec.strategy,
        spec.max_restarts,
        spec.max_seconds,
        spec.auto_shutdown,
        spec.specs(),
        spec.extra_arguments if isinstance(spec, DynamicSpec) else (),
    )


@final
@attrs.define(eq=False)
class Kid:
    """One child of a model: its specification and what has become of it.

    *key* is its id; without ids it is the first pid that it had. *dead* says that it
    has died and its supervisor has not dealt with that yet. *row* is how many restarts
    with pauses it has had in a row, and *since* is when it came up.
    """

    spec: ChildSpec
    key: Hashable
    pid: Pid | None = None
    state: State = "down"
    dead: bool = False
    row: int = 0
    since: float = 0.0

    @property
    def runs(self) -> bool:
        """Whether it is up, as far as its supervisor knows."""
        return self.state == "up"

    @property
    def may_start_unseen(self) -> bool:
        """Whether its start may fail before there is any process to be seen.

        Its name may be taken, or it has a start function that may do anything.
        """
        start = self.spec.start
        return start.name is not None or as_startable(start.target) is None

    def set_up(self, pid: Pid, now: float) -> None:
        """Note that it runs as *pid*."""
        self.pid, self.state, self.dead, self.since = pid, "up", False, now

    def set_down(self) -> None:
        """Note that it does not run."""
        self.pid, self.state, self.dead = None, "down", False

    def set_waiting(self, lasted: float) -> None:
        """Note that it waits to be restarted, after it ran for *lasted* seconds."""
        backoff = self.spec.backoff
        if backoff is not None:
            self.row = 1 if lasted > backoff.maximum else self.row + 1
        self.state, self.dead = "waiting", False


def restarts(kid: Kid, *, quiet: bool) -> bool:
    """Tell whether a child that ended, *quiet* or not, is to be started again."""
    return {"permanent": True, "transient": not quiet, "temporary": False}[
        kid.spec.restart
    ]


def taken_along(plan: Plan, failed: Kid, kids: Iterable[Kid]) -> list[Kid]:
    """Return whom a restart of *failed* is about, in the order of their starts."""
    family = list(kids)
    match plan.strategy:
        case "one_for_all":
            return family
        case "rest_for_one":
            return family[family.index(failed) :]
        case "one_for_one" | "simple_one_for_one":
            return [failed]
