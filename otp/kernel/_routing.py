"""From an address to the process behind it, and the way of a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._errors import NodeDownError, NoProcessError
from ._ids import Alias, Name, Pid
from ._node import nodes
from ._process import Process, current, drop_alias

if TYPE_CHECKING:
    from ._ids import ServerRef

    Dest = ServerRef | Alias

__all__ = ["find", "find_node_names", "route", "send_quietly"]


def find(server: ServerRef) -> Process | None:
    """Return the living process behind *server*.

    Raises:
        NodeDownError: the name is one of a node that does not run here.
        TypeError: *server* is no address at all.
    """
    if isinstance(server, Pid):
        return server.process
    if isinstance(server, Name):
        return find_node_names(server).get(server.name)
    if not hasattr(server, "registry"):
        raise TypeError(
            f"a process is addressed by a Pid, a Name or a Via, not {server!r}"
        )
    pid = server.registry.whereis_name(server.key)
    return None if pid is None else pid.process


def find_node_names(name: Name) -> dict[str, Process]:
    """Return the names of the node that *name* is about."""
    if name.node is None:
        return current().node.names
    node = nodes().get(name.node)
    if node is None:
        raise NodeDownError(name, name.node)
    return node.names


def route(dest: Dest, message: object) -> None:
    """Put *message* into the mailbox of *dest*; see `otp.process.send`."""
    if isinstance(dest, Pid):
        process = dest.process
    elif isinstance(dest, Alias):
        process = dest.process
        if process is not None and dest.until in ("reply", "reply_demonitor"):
            drop_alias(dest)
            process.unwatch_own(dest)
    else:
        process = find(dest)
        if process is None and not (isinstance(dest, Name) and dest.node):
            raise NoProcessError(dest)
    if process is None:
        current().node.dead_letter(dest, message, "dead")
        return
    if process.node.ghosts and current().reason is not None:
        return
    process.mailbox.deliver(message)


def send_quietly(dest: Dest, message: object) -> None:
    """Send, and if nobody is there let the message be a dead letter."""
    try:
        route(dest, message)
    except (NoProcessError, NodeDownError):
        current().node.dead_letter(dest, message, "dead")
