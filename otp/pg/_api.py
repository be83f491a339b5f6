"""What can be asked of a scope. None of it waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..kernel import MISSING, Pid, current_process, find, is_ghost, published
from ._hub import Hub, find_hub
from ._messages import Joined, Left
from ._scope import SCOPE

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from ..kernel import Ref, ServerRef
    from ._scope import Scope


def join(
    group: Hashable, pids: Pid | Iterable[Pid], *, scope: ServerRef[Scope] = SCOPE
) -> None:
    """Put a process, or several at once, into *group*.

    A process may be in a group several times. A dead one is out again at once.

    Raises:
        NoScopeError: there is no such scope.
        NotLocalError: a process lives on another node than the scope.
        TypeError: what should join is no process.
    """
    hub = find_hub(scope)
    given = _pids(pids)
    hub.check_local(given)
    if given and not is_ghost():
        hub.join(group, given)


def leave(
    group: Hashable, pids: Pid | Iterable[Pid], *, scope: ServerRef[Scope] = SCOPE
) -> bool:
    """Take a process, or several at once, out of *group*, each once.

    Returns:
        Whether any of them was in it.

    Raises:
        NoScopeError: there is no such scope.
        NotLocalError: a process lives on another node than the scope.
        TypeError: what should leave is no process.
    """
    hub = find_hub(scope)
    given = _pids(pids)
    hub.check_local(given)
    return not is_ghost() and hub.leave(group, given)


def get_members(group: Hashable, *, scope: ServerRef[Scope] = SCOPE) -> list[Pid[Any]]:
    """Return the members of *group* on all nodes, newest first.

    Each is there as often as it is in the group. A group that nobody is in has no
    members, and neither has one of a scope that does not run.
    """
    hub = published(find(scope), Hub)
    return [] if hub is None else hub.groups.members(group)


def get_local_members(
    group: Hashable, *, scope: ServerRef[Scope] = SCOPE
) -> list[Pid[Any]]:
    """Return those members of *group* that live on the node of the scope."""
    hub = published(find(scope), Hub)
    return [] if hub is None else hub.local_members(group)


def which_groups(*, scope: ServerRef[Scope] = SCOPE) -> list[Hashable]:
    """Return all groups that have members.

    Raises:
        NoScopeError: there is no such scope.
    """
    return find_hub(scope).groups.groups()


def which_local_groups(*, scope: ServerRef[Scope] = SCOPE) -> list[Hashable]:
    """Return all groups that have members on the node of the scope.

    Raises:
        NoScopeError: there is no such scope.
    """
    return find_hub(scope).local_groups()


def monitor(
    group: Hashable, *, scope: ServerRef[Scope] = SCOPE
) -> tuple[Ref, list[Pid[Any]]]:
    """Return the members of *group*, and have the caller told of every change.

    It gets a `Joined` or a `Left` message with the reference for each, in their
    order, and misses none. The end of the scope ends this without a word: monitor the
    scope to hear of that.

    Raises:
        NoScopeError: there is no such scope.
        NotAProcessError: the caller is no process.
    """
    me = current_process("monitor()")
    hub = find_hub(scope)
    return hub.watch(me, (group,)), hub.groups.members(group)


def monitor_scope(
    *, scope: ServerRef[Scope] = SCOPE
) -> tuple[Ref, dict[Hashable, list[Pid[Any]]]]:
    """Return all groups with their members, and have the caller told of every change.

    As for `monitor`.
    """
    me = current_process("monitor_scope()")
    hub = find_hub(scope)
    members = {group: hub.groups.members(group) for group in hub.groups.groups()}
    return hub.watch(me, None), members


def demonitor(ref: Ref, *, scope: ServerRef[Scope] = SCOPE) -> bool:
    """Take back what `monitor` or `monitor_scope` has begun.

    Messages of it that the caller has not received yet are taken out of its mailbox.

    Returns:
        Whether there was such a monitor.

    Raises:
        NoScopeError: there is no such scope.
    """
    me = current_process("demonitor()")
    active = find_hub(scope).unwatch(ref)
    while me.mailbox.find(lambda message: _is_about(message, ref)) is not MISSING:
        pass
    return active


def _is_about(message: object, ref: Ref) -> bool:
    return isinstance(message, (Joined, Left)) and message.ref is ref


def _pids(pids: Pid | Iterable[Pid]) -> list[Pid]:
    given = [pids] if isinstance(pids, Pid) else list(pids)
    for pid in given:
        _check_pid(pid)
    return given


def _check_pid(pid: object) -> None:
    if not isinstance(pid, Pid):
        raise TypeError(f"the members of groups are pids, not {pid!r}")
