"""From an address to the process behind it, and the way of a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._alias import drop_alias
from ._current import current, is_ghost, node_of_task
from ._errors import MailboxFullError, NodeDownError, NoProcessError
from ._ids import Alias, Name, Pid
from ._nodes import nodes
from ._reasons import NO_CONNECTION, NO_PROC

if TYPE_CHECKING:
    from ._ids import ServerRef
    from ._process import Process
    from ._reasons import ExitReason

    Dest = ServerRef | Alias

__all__ = [
    "check_address",
    "dead_letter",
    "find",
    "find_node_names",
    "route",
    "seek",
    "send_quietly",
]


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
    check_address(server)
    pid = server.registry.whereis_name(server.key)
    return None if pid is None else pid.process


def check_address(dest: object) -> None:
    """Say what an address looks like, if *dest* is none.

    Raises:
        TypeError: it is something else, a bare string for example.
    """
    if not isinstance(dest, (Pid, Name, Alias)) and not hasattr(dest, "registry"):
        raise TypeError(
            f"a process is addressed by a Pid, a Name or a Via, not {dest!r}"
        )


def seek(server: ServerRef) -> tuple[Process | None, ExitReason]:
    """Return the process behind *server*, or None and the reason for that."""
    try:
        return find(server), NO_PROC
    except NodeDownError:
        return None, NO_CONNECTION


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
        process, _ = seek(dest)
        if process is None and not (isinstance(dest, Name) and dest.node):
            raise NoProcessError(dest)
    if process is None:
        dead_letter(dest, message, "dead")
    elif not process.node.ghosts or not is_ghost():
        process.mailbox.deliver(message)


def send_quietly(dest: Dest, message: object) -> None:
    """Send, and what does not get there is a dead letter."""
    try:
        route(dest, message)
    except NoProcessError:
        dead_letter(dest, message, "dead")
    except MailboxFullError:
        dead_letter(dest, message, "mailbox full")
    except Exception as error:  # noqa: BLE001 - a registry is anybody's code
        dead_letter(dest, message, repr(error))


def dead_letter(dest: object, message: object, why: str) -> None:
    """Show *message*, which did not reach *dest*, to the instruments of the node.

    That is the node of the sender; a task that is outside of all nodes has none.
    """
    node = node_of_task()
    if node is not None:
        node.dead_letter(dest, message, why)
