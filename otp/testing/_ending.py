"""The orderly end of what a test has started, while the node still runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from ..kernel import Node


async def stop_started(node: Node) -> None:
    """Stop what was started on *node* from outside of any process, newest first.

    That is how the end of a node begins. Who is left then has lost its parent, or
    never had one that would stop it.
    """
    with trio.move_on_after(node.shutdown_timeout):
        await node.stop_started()
