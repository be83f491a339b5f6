"""The partitions of one supervisor, and the way to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar, final

import attrs

from ..kernel import (
    InvalidSpecError,
    NoProcessError,
    StartIgnored,
    Via,
    find,
    route,
)
from ..supervisor import (
    Family,
    SpecialRequest,
    StrategyError,
    ask,
)
from ._route import partition_of

if TYPE_CHECKING:
    from collections.abc import Hashable

    from ..kernel import Pid, ServerRef
    from ..supervisor import (
        AnySpec,
        Reporter,
        SupervisorSpec,
        SwapResult,
        Terms,
    )
    from ._supervisor import PartitionSupervisor

T = TypeVar("T")

_TABLE: Final = "$partitions"


@final
class Partitions(Family):
    """Copies of one child, whose ids are the numbers from 0.

    Keys lead to the first *size* of them.
    """

    def __init__(self, spec: SupervisorSpec, reporter: Reporter) -> None:
        super().__init__(spec, reporter)
        self._size = self.most
        # Where those find it who look for the way, without asking anybody.
        process = reporter.process
        process.dictionary = {**(process.dictionary or {}), _TABLE: self}

    def __repr__(self) -> str:
        return f"<{self.size} of {self.most} partitions>"

    @property
    def most(self) -> int:
        """How many there may be: as many as are specified."""
        return len(self.spec.specs())

    @property
    def size(self) -> int:
        """How many there are."""
        return min(self._size, self.most)

    def check_kind(self, spec: AnySpec) -> None:
        """Refuse what does not specify partitions."""
        super().check_kind(spec)
        ids = [child.id for child in spec.specs()]
        if ids != list(range(len(ids))):
            text = (
                f"a partition supervisor cannot have the children {ids!r}: their ids "
                f"are the numbers from 0"
            )
            raise StrategyError(None, text)

    async def swap(self, spec: AnySpec, terms: Terms) -> SwapResult:
        """Let the partitions become what *spec* says, also in their number.

        Keys lead to no more than before until all run. If there were fewer than
        specified, it stays so.
        """
        resized = self.size < self.most
        result = await super().swap(spec, terms)
        if resized:
            await self._shrink(range(self.size, self.most))
        else:
            self._size = self._leading()
        return result

    def _leading(self) -> int:
        """Return how many there are before the first that is missing."""
        ids = range(self.most)
        missing = (id_ for id_ in ids if self.children.find(id_) is None)
        return next(missing, self.most)

    def find(self, key: Hashable) -> Pid | None:
        """Return the partition that *key* leads to, if it runs."""
        if self.size == 0:
            return None
        child = self.children.find(partition_of(key, self.size))
        pid = None if child is None else child.pid
        return None if pid is None or pid.process is None else pid

    async def resize(self, size: int) -> int:
        """Let there be *size* partitions, and return how many there were."""
        before = self.size
        if size > before:
            await self._grow(range(before, size))
        # Nobody is led to what is about to end.
        self._size = size
        await self._shrink(range(size, before))
        return before

    async def _grow(self, new: range) -> None:
        """Start the partitions *new*, all or none."""
        for partition in new:
            try:
                await self._start_partition(partition)
            except StartIgnored:
                pass
            except Exception:
                await self._shrink(range(new.start, partition))
                raise

    async def _start_partition(self, partition: int) -> None:
        child = self.children.find(partition)
        if child is None:
            # It was a temporary one.
            await self.start_child(self.spec.specs()[partition])
        elif not child.is_up:
            await self.restart_child(partition)

    async def _shrink(self, old: range) -> None:
        for partition in reversed(old):
            if self.children.find(partition) is not None:
                await self.terminate_child(partition)


@final
@attrs.frozen
class Resize(SpecialRequest[int]):
    """Let there be more or fewer partitions."""

    size: int

    async def carry_out(self, family: Family, /) -> int:
        partitions = _checked(family, "this")
        if not 0 <= self.size <= partitions.most:
            text = (
                f"there can be from 0 to {partitions.most} partitions, as many as are "
                f"specified, not {self.size}"
            )
            raise InvalidSpecError("invalid_partitions", self.size, text)
        return await partitions.resize(self.size)


def _checked(family: object, who: object) -> Partitions:
    if isinstance(family, Partitions):
        return family
    raise StrategyError(None, f"{who} is no partition supervisor")


def _partitions_of(supervisor: ServerRef) -> Partitions | None:
    process = find(supervisor)
    if process is None:
        return None
    return _checked((process.dictionary or {}).get(_TABLE), supervisor)


@final
@attrs.frozen
class Router:
    """The registry behind `via`: keys of all kinds lead to partitions."""

    supervisor: ServerRef[PartitionSupervisor[Any]]

    def __repr__(self) -> str:
        who = self.supervisor
        return f"the partitions of {who if hasattr(who, 'at') else repr(who)}"

    def whereis_name(self, key: Hashable) -> Pid | None:
        """Return the partition that *key* leads to, if it runs."""
        partitions = _partitions_of(self.supervisor)
        return None if partitions is None else partitions.find(key)

    def send(self, key: Hashable, message: object) -> Pid:
        """Send *message* to the partition that *key* leads to, and return its pid.

        Raises:
            NoProcessError: it does not run.
        """
        pid = self.whereis_name(key)
        if pid is None:
            raise NoProcessError(Via(self, key))
        route(pid, message)
        return pid

    def register_name(self, key: Hashable, pid: Pid) -> bool:
        """Refuse: the partitions are where their supervisor has started them.

        Raises:
            InvalidSpecError: always.
        """
        text = (
            f"{pid!r} cannot be registered as {key!r} via {self!r}: those are found "
            f"by their keys and given no names"
        )
        raise InvalidSpecError("invalid_name", key, text)

    def unregister_name(self, key: Hashable) -> None:
        """Do nothing: nobody is registered here."""


def via(supervisor: ServerRef[PartitionSupervisor[T]], key: Hashable) -> Via[T]:
    """Return the address of the partition that *key* leads to.

    It is good wherever a `Name` is: for calls, casts, messages, monitors and timers.
    Who is behind it is decided each time that it is used, so it may be kept, also
    beyond a restart or a `resize`.

    A whole number leads to the partition of its absolute value modulo their number;
    any other key to that of a hash. The hash of strings, bytes, numbers, None, members
    of enumerations, pids, names, and tuples and frozen sets of these is the same in
    every run of a program; that of other keys is the same as long as the program runs.

    Raises:
        TypeError: *key* cannot be hashed.
    """
    return Via(Router(supervisor), key)


def partitions(supervisor: ServerRef[PartitionSupervisor[Any]]) -> int:
    """Return how many partitions there are.

    Raises:
        NoProcessError: there is no such supervisor.
        StrategyError: it is no partition supervisor.
    """
    found = _partitions_of(supervisor)
    if found is None:
        raise NoProcessError(supervisor)
    return found.size


async def resize(supervisor: ServerRef[PartitionSupervisor[Any]], size: int) -> int:
    """Let there be *size* partitions, from 0 to as many as are specified.

    Those that are too many are stopped, the highest first, and keys lead to the others
    from the beginning. Those that are missing are started, and keys lead to them when
    all of them run. So most keys have another partition afterwards.

    Returns:
        how many there were.

    Raises:
        InvalidSpecError: *size* is not in that range.
        StartChildError: one could not start; those that could are stopped again.
        StrategyError: it is no partition supervisor.
    """
    _check_size(size)
    return await ask(supervisor, Resize(size))


def _check_size(value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        text = f"the number of partitions is a whole number, not {value!r}"
        raise InvalidSpecError("invalid_partitions", value, text)
