"""The differences from Erlang/OTP that are known, meant, and named.

A replay names one when it comes across the cause. Whatever else is in its scenario is
not compared then.
"""

from __future__ import annotations

from typing import Final, final

import attrs


@final
@attrs.frozen
class Deviation:
    """A difference from Erlang/OTP, and why it is as it is."""

    name: str
    reason: str


CRASH_IS_A_CRASH: Final = Deviation(
    "a crash is a crash",
    "Erlang's error(shutdown) ends a process with {shutdown, Stack}, which a "
    "supervisor takes for a quiet shutdown; here an exception is always a crash, "
    "whatever it carries",
)

DATA_STAY_AS_THEY_ARE: Final = Deviation(
    "data stay as they are",
    "when a state machine crashes as it enters a state, Erlang's terminate sees the "
    "data from before the event that led there; here they are attributes of the "
    "instance and as the callbacks have left them",
)

SPECIFICATION_COMES_FIRST: Final = Deviation(
    "a specification comes first",
    "a child that is permanent and significant is refused here where its "
    "specification is built; Erlang's supervisor is asked first, and refuses it for "
    "its own auto_shutdown if that is never",
)

SUPERVISOR_DROPS_CASTS: Final = Deviation(
    "a supervisor drops casts",
    "Erlang's supervisor crashes with function_clause when anything is cast to it; "
    "here it reports and drops what it does not know, as every server does",
)

ALL: Final = (
    CRASH_IS_A_CRASH,
    DATA_STAY_AS_THEY_ARE,
    SPECIFICATION_COMES_FIRST,
    SUPERVISOR_DROPS_CASTS,
)
