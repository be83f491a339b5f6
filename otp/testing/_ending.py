"""The orderly end of what a test has started, while the node still runs."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import trio

from ..kernel import KILL, SHUTDOWN, watch_end

if TYPE_CHECKING:
    from ..kernel import Node, Process


async def stop_started(node: Node) -> None:
    """Stop what was started on *node* from outside of any process, newest first.

    That is how the end of a node begins. Who is left then has lost its parent, or
    never had one that would stop it.
    """
    with trio.move_on_after(node.shutdown_timeout):
        while mine := [p for p in node.processes.values() if p.parent is node.root.pid]:
            for process in reversed(mine):
                await _stop(process, node.root)


async def _stop(process: Process, root: Process) -> None:
    end = watch_end(process)
    process.exit_signal(root, SHUTDOWN, by_link=False)
    with trio.move_on_after(5.0 if process.nursery is None else inf):
        await end.wait()
    process.exit_signal(root, KILL, by_link=False)
