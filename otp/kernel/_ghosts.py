"""Ghosts: processes that are dead and whose code still runs.

In Erlang a dead process runs no code, and what it owned, a socket for example, is
closed when others hear of its death. Here its code goes at its next checkpoint, and
its ``finally`` blocks close what it owned. `wait_gone` is for those who start
something in the place of a process, and would find its port still in use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import trio

from ._current import current

if TYPE_CHECKING:
    from ._ids import Pid

GHOST_TIME: Final = 1.0
"""Seconds after which a ghost is reported, and not waited for any longer."""

DEATHS_AT_ONCE: Final = 20
"""How many processes may be ended before what is left of them is let go.

If the tasks of very many dead were there at once, the garbage collector would look
through them, and through all that live, again and again.
"""


async def wait_gone(pid: Pid) -> None:
    """Wait until the code of *pid*, a process that is dead, is over.

    No checkpoint if it is over already. One that is shielded, or does not await, is
    waited for no longer than `GHOST_TIME`.
    """
    found = current().node.ghosts.get(pid)
    if found is not None:
        ghost, _ = found
        if ghost.gone is None:
            ghost.gone = trio.Event()
        with trio.move_on_after(GHOST_TIME):
            await ghost.gone.wait()
