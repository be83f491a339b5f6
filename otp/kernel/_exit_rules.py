"""What an exit signal does to the process that receives it.

The rules of Erlang's reference manual, *Receiving exit signals*, as one table. The
first row that fits decides:

============= ========= ========= ========= ==========================
reason        by a link trapping  from self the process
============= ========= ========= ========= ==========================
``Kill``      no        any       any       dies of ``Killed``
any           any       yes       any       gets a message
``Normal``    any       no        no        notices nothing
any           any       no        any       dies of that very reason
============= ========= ========= ========= ==========================

Trapping is looked at when the signal arrives, never when it is sent. A signal that
comes by a link which is gone by then has no effect; that is settled before this
table is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from ._reasons import KILLED, Kill, Normal

if TYPE_CHECKING:
    from ._reasons import ExitReason

DELIVER: Final = "deliver"
IGNORE: Final = "ignore"

Verdict = Literal["deliver", "ignore"]
"""A message is put into the mailbox, or the signal is dropped."""


def receive_exit(
    reason: ExitReason, *, by_link: bool, trapping: bool, from_self: bool
) -> ExitReason | Verdict:
    """Return what the signal does: a verdict, or the reason to die of."""
    if isinstance(reason, Kill) and not by_link:
        return KILLED
    if trapping:
        return DELIVER
    if isinstance(reason, Normal) and not from_self:
        return IGNORE
    return reason
