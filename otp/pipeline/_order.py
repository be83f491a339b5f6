"""Which protection belongs outside of which, and why.

From the outside to the inside::

    fallback > retry > breaker > rate > timeout > bulkhead

Every two of them work in any order, and do something else than is wanted in the
inverse one. A time-out is right in two places: around each attempt, and, if there is
one for each attempt, around all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final, get_args

import attrs

from ..protection import Place

if TYPE_CHECKING:
    from collections.abc import Sequence

_RANKS: dict[str, int] = {place: rank for rank, place in enumerate(get_args(Place))}
# Of a time-out around all attempts: behind the fallback, before the retry.
_AROUND_ALL: Final = 0.5

# What goes wrong when the first, which belongs outside, is inside of the second.
_WHY: dict[tuple[Place, Place], str] = {
    ("retry", "breaker"): "the breaker counts all attempts as one call",
    ("retry", "rate"): "further attempts are not limited",
    ("retry", "timeout"): "the time is for all attempts together, with their pauses",
    ("retry", "bulkhead"): "a call takes up its place during the pauses",
    ("breaker", "rate"): "calls that are rejected use up the rate",
    ("breaker", "timeout"): "the breaker does not see that the time was over",
    ("breaker", "bulkhead"): "calls that are rejected need a place to hear it",
    ("rate", "timeout"): "waiting for one's turn counts as being slow",
    ("rate", "bulkhead"): "a call takes up its place while it waits for its turn",
    ("timeout", "bulkhead"): "the time does not run while a call waits for its place",
}
_SUBSTITUTE = "what is around the fallback takes its substitutes for successes"


@final
@attrs.frozen
class Inversion:
    """The part at *inner* belongs outside of the one at *outer*."""

    outer: int
    inner: int
    why: str


def find_inversions(places: Sequence[Place | None]) -> list[Inversion]:
    """Return what is in the wrong order; who has no place is right everywhere.

    Each part that is too far inside is there once, with the outermost that it belongs
    outside of.
    """
    found: list[Inversion] = []
    for inner, right in enumerate(places):
        for outer, wrong in enumerate(places[:inner]):
            if right is None or wrong is None:
                continue
            if wrong == "timeout" and "timeout" in places[outer + 1 :]:
                # Around everything, and there is another one for each attempt.
                continue
            if _RANKS[wrong] > _RANKS[right]:
                why = _WHY.get((right, wrong), _SUBSTITUTE)
                found.append(Inversion(outer, inner, why))
                break
    return found


def right_order(places: Sequence[Place | None]) -> list[int]:
    """Return the numbers of the parts in the order in which they should be.

    Those without a place stay behind the one that they are behind.
    """
    keys: list[tuple[float, int]] = []
    rank = 0.0
    for number, place in enumerate(places):
        if place == "timeout" and "timeout" in places[number + 1 :]:
            rank = _AROUND_ALL
        elif place is not None:
            rank = _RANKS[place]
        keys.append((rank, number))
    return [number for _, number in sorted(keys)]
