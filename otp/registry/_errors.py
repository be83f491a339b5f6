"""What can go wrong with a registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ..kernel import NoProcessError, OTPError, Recovery, Severity

if TYPE_CHECKING:
    from collections.abc import Hashable

    from ..kernel import Pid, ServerRef


class NoRegistryError(NoProcessError):
    """There is no such registry: no such process, or one that is no registry.

    A supervised one may be back in a moment.
    """

    def __init__(self, registry: ServerRef) -> None:
        super().__init__(registry)
        self.args = (f"there is no registry {registry}",)


class RegistryError(OTPError):
    """A registry could not do what it was asked."""

    severity: ClassVar[Severity] = "low"
    recovery: ClassVar[Recovery] = "ignore"


class AlreadyRegisteredError(RegistryError, ValueError):
    """The key is taken by *pid*, which may be the caller itself."""

    def __init__(self, key: Hashable, pid: Pid) -> None:
        super().__init__(f"the key {key!r} is registered already, by {pid!r}")
        self.key = key
        self.pid = pid


class NotRegisteredError(RegistryError, LookupError):
    """The caller has not registered the key."""

    def __init__(self, key: Hashable, pid: Pid) -> None:
        super().__init__(f"the key {key!r} is not registered by {pid!r}")
        self.key = key
        self.pid = pid


class RegistryKindError(RegistryError, TypeError):
    """The registry has duplicate keys, and this is for unique ones."""

    severity: ClassVar[Severity] = "high"
    recovery: ClassVar[Recovery] = "escalate"

    def __init__(self, what: str, registry: ServerRef) -> None:
        super().__init__(
            f"{what} is for registries with unique keys, "
            f"and {registry} has duplicate ones"
        )
        self.registry = registry
