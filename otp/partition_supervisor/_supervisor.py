"""`PartitionSupervisor`: the class of supervisors of many copies of one child."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

import attrs

from ..kernel import InvalidSpecError
from ..proc_lib import ChildSpec
from ..supervisor import Strategy, Supervisor, SupervisorSpec
from ._partitions import Partitions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..supervisor import AutoShutdown, Family, Reporter

    WithArguments = Callable[[tuple[Any, ...], int], Iterable[object]]

T_co = TypeVar("T_co", covariant=True)


class PartitionSupervisor(Supervisor, Generic[T_co], is_kind=True):
    """A supervisor of several copies of one child, which share its work.

    `otp.partition_supervisor.via` finds, for a key, the copy that has to do with it::

        COUNTERS = Name[PartitionSupervisor[Counter]]("counters")

        child_spec(PartitionSupervisor, child_spec(Counter), partitions=4).named(
            COUNTERS
        )
        await Counter.incr(partition_supervisor.via(COUNTERS, "apples"), 3)

    The copies are called partitions. Their ids are the numbers from 0, in the order in
    which they are started.

    Args:
        child: what there is several times; its id does not matter, and it has no name.
        partitions: how many times; as many as the machine has processors by default.
        with_arguments: called with the child's arguments and the number of each
            partition, to return the arguments of that one.
        strategy: who is restarted with a partition that crashed; nobody by default.
        max_restarts: see `SupervisorSpec`, as for the others.
        max_seconds: see there.
        auto_shutdown: see there.

    Raises:
        InvalidSpecError: a value is wrong.
    """

    def __init__(
        self,
        child: ChildSpec[T_co],
        *,
        partitions: int | None = None,
        with_arguments: WithArguments | None = None,
        strategy: Strategy = "one_for_one",
        max_restarts: int = 3,
        max_seconds: int = 5,
        auto_shutdown: AutoShutdown = "never",
    ) -> None:
        super().__init__()
        _check_child(child)
        _check_partitions(partitions)
        _check_with_arguments(with_arguments)
        _check_strategy(strategy)
        self._child = child
        self._partitions = partitions or os.cpu_count() or 1
        self._with_arguments = with_arguments
        self._rules = SupervisorSpec(
            strategy,
            (),
            max_restarts=max_restarts,
            max_seconds=max_seconds,
            auto_shutdown=auto_shutdown,
        )

    def children(self) -> SupervisorSpec:
        """Return the partitions, and their strategy."""
        copies = [self._copy(partition) for partition in range(self._partitions)]
        return attrs.evolve(self._rules, children=copies)

    def _copy(self, partition: int) -> ChildSpec[T_co]:
        start = self._child.start
        if self._with_arguments is not None:
            given = self._with_arguments(start.args or (), partition)
            start = attrs.evolve(start, args=_as_arguments(given))
        return attrs.evolve(self._child, id=partition, start=start)

    def __family__(self, spec: SupervisorSpec, reporter: Reporter, /) -> Family:
        return Partitions(spec, reporter)


def _as_arguments(value: object) -> tuple[object, ...]:
    if isinstance(value, (list, tuple)):
        return tuple(cast("Iterable[object]", value))
    text = f"with_arguments returns a tuple of arguments, not {value!r}"
    raise InvalidSpecError("invalid_arguments", value, text)


def _check_child(child: object) -> None:
    if not isinstance(child, ChildSpec):
        text = f"what is partitioned is specified by child_spec(...), not by {child!r}"
        raise InvalidSpecError("invalid_child_spec", child, text)
    name: object = cast("ChildSpec", child).start.name
    if name is not None:
        text = (
            f"the partitions cannot all be called {name}: name their supervisor, and "
            f"find them with partition_supervisor.via()"
        )
        raise InvalidSpecError("invalid_name", name, text)


def _check_partitions(value: object) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        text = f"the number of partitions is a whole number from 1, not {value!r}"
        raise InvalidSpecError("invalid_partitions", value, text)


def _check_with_arguments(value: object) -> None:
    if value is not None and not callable(value):
        text = f"with_arguments is a function, not {value!r}"
        raise InvalidSpecError("invalid_with_arguments", value, text)


def _check_strategy(value: object) -> None:
    if value == "simple_one_for_one":
        text = "partitions are there from the beginning: they are no dynamic children"
        raise InvalidSpecError("invalid_strategy", value, text)
