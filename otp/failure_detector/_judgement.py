"""What a detector says of a subject at one moment."""

from __future__ import annotations

from typing import Literal, final

import attrs

State = Literal["steady", "recovering", "insufficient_data", "stale"]
"""What phi is worth.

=====================  =================================================================
``"steady"``           enough intervals are known, and nothing is odd
``"recovering"``       it has been heard again after it was suspected, or after the
                       detector itself stood still; a few intervals are still to come
``"insufficient_data"``  fewer intervals are known than wanted: phi rests on the first
                       estimate, or nothing was ever heard and phi is 0
``"stale"``            it has been silent for so long that its past says nothing
=====================  =================================================================
"""


@final
@attrs.frozen
class Judgement:
    """What a detector says of a subject at one moment.

    *confidence*, from 0 to 1, is how far the number is to be trusted: the share of the
    wanted intervals that are known, divided by the detector's own health score plus 1,
    and 0 while the detector holds its verdicts because it stood still itself.

    *silence*, *mean* and *deviation* are in seconds; the last two are 0 if there is
    nothing to compute them from. *samples* counts intervals that were measured.
    """

    phi: float
    state: State
    confidence: float
    silence: float
    samples: int
    mean: float
    deviation: float
