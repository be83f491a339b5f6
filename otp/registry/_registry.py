"""`Registry`: the supervisor of the partitions of a registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, get_args

from ..kernel import (
    InvalidSpecError,
    check_address,
    current_process,
    publish,
    published,
)
from ..proc_lib import child_spec
from ..supervisor import (
    StrategyError,
    Supervisor,
    one_for_all,
    one_for_one,
    start_named,
)
from ._directory import Directory, Keys
from ._partition import Partition

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from typing_extensions import TypeVar as TypeVarWithDefault

    from ..kernel import Name, Pid, Process, ServerRef, Via
    from ..supervisor import SupervisorSpec

    K = TypeVarWithDefault("K", default=Any)
    V = TypeVarWithDefault("V", default=Any)
else:
    K = TypeVar("K")
    V = TypeVar("V")


class Registry(Supervisor, Generic[K, V], is_kind=True):
    """Finds processes by keys: a supervised process with a table of who is who.

    ::

        ROOMS = otp.Name[otp.Registry[int, str]]("rooms")
        otp.child_spec(otp.Registry, keys="unique").named(ROOMS)

    The two types are those of the keys and of the values. What can be asked of a
    registry are the functions of `otp.registry`.

    It is a supervisor whose children, the partitions, keep the entries. Who registers
    is linked to a partition: if that is killed, so is who relied on it.

    Args:
        keys: ``"unique"`` if a key belongs to one process, ``"duplicate"`` if many
            may have it.
        partitions: how many processes share the work. One is enough unless very many
            processes with entries end at once.
        listeners: who is told of every registration, by `Registered` and
            `Unregistered` messages.
        meta: what `meta` knows from the beginning.

    Raises:
        InvalidSpecError: the keys are of another kind, or there are no partitions.
        TypeError: a listener is no address.
    """

    def __init__(
        self: Registry[Any, Any],
        *,
        keys: Keys,
        partitions: int = 1,
        listeners: Iterable[ServerRef] = (),
        meta: Mapping[Any, object] | None = None,
    ) -> None:
        super().__init__()
        self.keys: Keys = _check_keys(keys)
        self.partitions = _check_partitions(partitions)
        self._listeners = _check_listeners(listeners)
        self._meta = dict(meta or {})

    def __repr__(self) -> str:
        return f"<Registry keys={self.keys!r}, partitions={self.partitions}>"

    def children(self) -> SupervisorSpec:
        """Return the partitions."""
        directory = self._directory(current_process("a registry"))
        # As in Elixir, where the entries of an owner with unique keys are spread over
        # all partitions, and so are lost together.
        strategy = one_for_all if self.keys == "unique" else one_for_one
        return strategy(
            *(
                child_spec(Partition, directory, index).override(id=index)
                for index in range(self.partitions)
            )
        )

    def _directory(self, process: Process) -> Directory:
        known = published(process, Directory)
        if known is not None:
            self._check_same(known)
            return known
        made = Directory(
            process, self.keys, self.partitions, self._listeners, self._meta
        )
        publish(process, made)
        return made

    def _check_same(self, known: Directory) -> None:
        """Refuse to go on as another registry: the entries would be lost."""
        now = known.keys, len(known.parts), known.listeners
        if (self.keys, self.partitions, self._listeners) != now:
            text = (
                f"a registry cannot become {self!r}: its keys, partitions and "
                f"listeners stay what they are until it is started again"
            )
            raise StrategyError(None, text)


async def start_link(
    name: Name[Registry[K, V]] | Via[Registry[K, V]],
    *,
    keys: Keys,
    partitions: int = 1,
    listeners: Iterable[ServerRef] = (),
    meta: Mapping[Any, object] | None = None,
) -> Pid[Registry[K, V]]:
    """Start a registry called *name*, linked to the caller.

    In a tree, ``child_spec(Registry, ...).named(name)`` does this. The arguments are
    those of `Registry`.

    Raises:
        AlreadyStartedError: somebody has the name.
        StartError: an argument is wrong.
    """
    return await start_named(
        name,
        Registry,
        keys=keys,
        partitions=partitions,
        listeners=listeners,
        meta=meta,
    )


def _check_keys(value: Keys) -> Keys:
    words = get_args(Keys)
    if value not in words:
        text = f"the keys of a registry are one of {', '.join(words)}, not {value!r}"
        raise InvalidSpecError("invalid_keys", value, text)
    return value


def _check_partitions(value: int) -> int:
    if type(value) is not int or value < 1:
        text = f"the partitions of a registry are a number from 1, not {value!r}"
        raise InvalidSpecError("invalid_partitions", value, text)
    return value


def _check_listeners(value: Iterable[ServerRef]) -> tuple[ServerRef, ...]:
    try:
        listeners = tuple(value)
    except TypeError:
        text = f"the listeners of a registry are a tuple of addresses, not {value!r}"
        raise TypeError(text) from None
    for listener in listeners:
        check_address(listener)
    return listeners
