"""Names that all nodes of one Trio run share: Erlang's ``global``.

A global name is one name for one process, wherever it lives. It is free again when
the process dies. `names` is the registry for `otp.Via`::

    COUNTER = otp.Via(otp.global_.names, "counter")

None of these functions waits. Nodes in other programs are not reached.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

from trio.lowlevel import RunVar

from ._util import fix_module_metadata
from .kernel import (
    ExitReason,
    Monitor,
    NoProcessError,
    Pid,
    Ref,
    Waiter,
    route,
)

if TYPE_CHECKING:
    from collections.abc import Hashable

__all__ = [
    "GlobalNames",
    "names",
    "re_register_name",
    "register_name",
    "registered_names",
    "send",
    "unregister_name",
    "whereis_name",
]


@final
class _Claim(Waiter):
    """A name and its process; hears of the death of the process."""

    __slots__ = ("key", "names", "pid", "ref")

    def __init__(self, names: _Names, key: Hashable, pid: Pid) -> None:
        super().__init__()
        self.names = names
        self.key = key
        self.pid = pid
        self.ref = Ref()

    def died(self, reason: ExitReason) -> None:  # noqa: ARG002 - any reason will do
        self.names.drop(self)

    def release(self) -> None:
        self.names.drop(self)
        if self.pid.process is not None:
            self.pid.process.unwatch(self.ref)


@final
class _Names:
    """All claims. Invariant: *holders* are the pids of those in *claims*."""

    __slots__ = ("claims", "holders")

    def __init__(self) -> None:
        self.claims: dict[Hashable, _Claim] = {}
        self.holders: set[Pid] = set()

    def drop(self, claim: _Claim) -> None:
        # An instrument may have given the name up just before the death is heard of.
        if self.claims.get(claim.key) is claim:
            del self.claims[claim.key]
            self.holders.remove(claim.pid)


_names: RunVar[_Names] = RunVar("otp_global_names")


def _table() -> _Names:
    try:
        return _names.get()
    except LookupError:
        table = _Names()
        _names.set(table)
        return table


def register_name(key: Hashable, pid: Pid) -> bool:
    """Give *pid* the name *key* on all nodes.

    Returns:
        False if somebody has the name, *pid* has another one, or *pid* is dead.
    """
    table = _table()
    if key in table.claims or pid in table.holders or pid.process is None:
        return False
    claim = table.claims[key] = _Claim(table, key, pid)
    table.holders.add(pid)
    pid.process.watch(Monitor(claim.ref, claim, pid))
    return True


def re_register_name(key: Hashable, pid: Pid) -> bool:
    """Give *pid* the name, and take it from whoever has it.

    Returns:
        False if *pid* has another name or is dead.
    """
    unregister_name(key)
    return register_name(key, pid)


def unregister_name(key: Hashable) -> None:
    """Free the name; nothing happens if nobody has it."""
    claim = _table().claims.get(key)
    if claim is not None:
        claim.release()


def whereis_name(key: Hashable) -> Pid | None:
    """Return who has the name."""
    claim = _table().claims.get(key)
    return None if claim is None else claim.pid


def registered_names() -> list[Hashable]:
    """Return all global names."""
    return list(_table().claims)


def send(key: Hashable, message: object) -> Pid:
    """Send *message* to who has the name, and return its pid.

    Raises:
        NoProcessError: nobody has it.
    """
    pid = whereis_name(key)
    if pid is None:
        raise NoProcessError(key)
    route(pid, message)
    return pid


@final
class GlobalNames:
    """The functions of this module, as the registry that `otp.Via` wants."""

    register_name = staticmethod(register_name)
    unregister_name = staticmethod(unregister_name)
    whereis_name = staticmethod(whereis_name)
    send = staticmethod(send)

    def __repr__(self) -> str:
        return "global names"


names: Final = GlobalNames()
"""The registry for `otp.Via`."""

fix_module_metadata(__name__, globals())
