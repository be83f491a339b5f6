"""What those hear who listen to retries."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import attrs

if TYPE_CHECKING:
    from ._decide import Why


@final
@attrs.frozen
class Retrying:
    """Attempt number *attempt* has failed; there is another one in *pause* seconds."""

    fn: object
    attempt: int
    error: Exception
    pause: float


@final
@attrs.frozen
class Recovered:
    """A call has succeeded after all, with attempt number *attempt*."""

    fn: object
    attempt: int


@final
@attrs.frozen
class GaveUp:
    """Attempt number *attempt* has failed, and was the last one."""

    fn: object
    attempt: int
    error: Exception
    why: Why


RetryEvent = Retrying | Recovered | GaveUp
"""What happens to a call that does not succeed at once; *fn* is what is called."""
