"""Via names: keys of a registry as names of processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, final, overload

import attrs

from ..kernel import NoProcessError, Via, route
from ._directory import find_directory
from ._errors import AlreadyRegisteredError, NoRegistryError

if TYPE_CHECKING:
    from collections.abc import Hashable

    from ..kernel import Pid, ServerRef
    from ._registry import Registry

K = TypeVar("K")
V = TypeVar("V")

_WHAT = "a via name"


@final
@attrs.frozen(repr=False)
class RegistryNames:
    """A registry in the form that `otp.Via` wants; `via` makes it.

    A registry that does not run knows nobody. *value* is what a process is registered
    with that is started under such a name; it does not tell two names apart.
    """

    registry: ServerRef
    value: object = attrs.field(default=None, eq=False)

    def __repr__(self) -> str:
        return f"the registry {self.registry}"

    def register_name(self, key: Hashable, pid: Pid, /) -> bool:
        """Give *pid* the name *key*; False if somebody has it, or *pid* is dead."""
        directory = find_directory(self.registry)
        directory.require_unique(_WHAT)
        if pid.process is None:
            return False
        try:
            directory.register(pid.process, key, self.value)
        except AlreadyRegisteredError:
            return False
        return True

    def unregister_name(self, key: Hashable, /) -> None:
        """Free the name; nothing happens if nobody has it."""
        try:
            directory = find_directory(self.registry)
        except NoRegistryError:
            return
        directory.require_unique(_WHAT)
        part = directory.part(key)
        directory.unregister(part, part.table.find(key))

    def whereis_name(self, key: Hashable, /) -> Pid | None:
        """Return who has the name."""
        try:
            directory = find_directory(self.registry)
        except NoRegistryError:
            return None
        directory.require_unique(_WHAT)
        entries = directory.part(key).living(key)
        return entries[0].owner if entries else None

    def send(self, key: Hashable, message: object, /) -> Pid:
        """Send to who has the name.

        Raises:
            NoProcessError: nobody has it.
        """
        pid = self.whereis_name(key)
        if pid is None:
            raise NoProcessError(Via(self, key))
        route(pid, message)
        return pid


@overload
def via(registry: ServerRef[Registry[K, V | None]], key: K) -> Via[Any]: ...
@overload
def via(registry: ServerRef[Registry[K, V]], key: K, value: V) -> Via[Any]: ...
def via(registry: ServerRef, key: Hashable, value: object = None) -> Via[Any]:
    """Return *key* of *registry* as a name: an address for everything.

    A process that is started under it is registered with *value*, before its first
    line runs. The registry must have unique keys.

    The name can be made before the registry runs, and outlives it. Annotate it with
    the class that runs there, and calls are checked::

        ROOM: otp.Via[Room] = registry.via(ROOMS, 42)

    Raises:
        TypeError: *key* cannot be hashed.
    """
    return Via(RegistryNames(registry, value), key)
