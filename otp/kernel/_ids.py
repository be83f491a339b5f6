"""What processes are addressed by: pids, references, aliases and names."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Generic, Literal, Self, final

import attrs

if TYPE_CHECKING:
    from collections.abc import Hashable

    from typing_extensions import TypeVar

    from ..abc import NameRegistry
    from ._process import Process

    T_co = TypeVar("T_co", covariant=True, default=object)
else:
    from typing import TypeVar

    T_co = TypeVar("T_co", covariant=True)


class _Opaque:
    """Identity is all there is: no copies, no pickles."""

    __slots__ = ()

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError(f"{self!r} has a meaning only while its node runs")


@final
class Pid(_Opaque, Generic[T_co]):
    """The address of one process, for as long as it lives and ever after.

    A pid is never given to a second process. Its type parameter says what runs
    there: ``Pid[Counter]`` takes the calls of a ``Counter``; a bare ``Pid`` is
    "some process". Pids are compared by identity, are hashable, and are made by
    the node only.
    """

    __slots__ = ("__weakref__", "node", "process", "serial")

    # Invariant: the process while it lives, None from its death on. One attribute
    # instead of a look-up in the node's table: this is the way of every message.
    process: Process | None

    def __init__(self, node: str, serial: int, process: Process) -> None:
        self.node = node
        self.serial = serial
        self.process = process

    def __repr__(self) -> str:
        return f"<{self.node}.{self.serial}>"


_serials = count(1)


class Ref(_Opaque):
    """A unique reference: of a monitor, a timer or a request."""

    __slots__ = ("__weakref__", "_serial")

    def __init__(self) -> None:
        # Only for the eye: two references are the same if they are one object.
        self._serial = next(_serials)

    def __repr__(self) -> str:
        return f"#{type(self).__name__}<{self._serial}>"


Until = Literal["unalias", "reply", "demonitor", "reply_demonitor"]
"""What ends an alias besides `otp.process.unalias`.

Nothing, the first message that comes through it, the end of its monitor, or
whichever of the two comes first.
"""


@final
class Alias(Ref):
    """A second address of a process that can be taken back.

    What is sent to an alias reaches its process as long as the alias is active;
    after that it is dropped in silence. That is what a reply address should be: an
    answer that comes too late bothers nobody.
    """

    __slots__ = ("process", "until")

    # Invariant: the process while the alias is active, None afterwards.
    process: Process | None

    def __init__(self, process: Process, until: Until) -> None:
        super().__init__()
        self.process = process
        self.until = until


_RESERVED = frozenset({"undefined"})


def check_name(name: object) -> str:
    """Return *name* if a process can be registered under it.

    Raises:
        TypeError: it is not a string.
        ValueError: it is empty, or the word that Erlang answers for "nobody".
    """
    if not isinstance(name, str):
        raise TypeError(f"a name is a string, not {name!r}")
    if not name or name in _RESERVED:
        raise ValueError(f"{name!r} cannot be the name of a process")
    return name


def _check_name(_: object, __: object, value: str) -> None:
    check_name(value)


@final
@attrs.frozen
class Name(Generic[T_co]):
    """The registered name of a process: ``COUNTER = Name[Counter]("counter")``.

    A name outlives the processes that bear it, which is what makes a restarted
    server reachable again. Without a node it means whoever has the name on the node
    of the caller.

    Raises:
        ValueError: the name is empty or reserved.
    """

    name: str = attrs.field(validator=_check_name)
    node: str | None = None

    def at(self, node: str) -> Name[T_co]:
        """Return the same name on the node called *node*."""
        return Name(self.name, node)

    def __str__(self) -> str:
        return self.name if self.node is None else f"{self.name}@{self.node}"


@final
@attrs.frozen
class Via(Generic[T_co]):
    """A name that is kept by a registry of your own instead of by the node.

    It works wherever a `Name` does: for calls, child specifications, monitors and
    timers. *registry* answers the four questions of `otp.abc.NameRegistry`.

    Raises:
        TypeError: *key* cannot be hashed.
    """

    registry: NameRegistry
    key: Hashable

    def __attrs_post_init__(self) -> None:
        try:
            hash(self.key)
        except TypeError:
            text = f"a key is something hashable, not {self.key!r}"
            raise TypeError(text) from None

    def __str__(self) -> str:
        return f"{self.key!r} via {self.registry!r}"


ServerRef = Pid[T_co] | Name[T_co] | Via[T_co]
"""Whatever a server can be called by."""
