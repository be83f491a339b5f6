"""The differences from Erlang/OTP that are known, meant, and named.

A replay names one of these only when it comes across it, so a scenario that could
differ and does not is compared like any other.
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
    "Erlang's error(shutdown) ends a process with {shutdown, Stack}, which every rule "
    "takes for a quiet shutdown; here an exception is a crash, whatever it carries",
)

ALL: Final = (CRASH_IS_A_CRASH,)
