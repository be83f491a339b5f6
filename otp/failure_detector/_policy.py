"""Policies: from which phi on a subject is suspected, and when no longer.

Phi is one number for everybody; what it means is a matter of whoever acts on it. So
policies are apart from detectors, and several may interpret one phi.
"""

from __future__ import annotations

from typing import Final, Protocol, final

import attrs

from ..kernel import InvalidSpecError, check_count, check_number

_KIND: Final = "invalid_policy"


class Policy(Protocol):
    """Tells whether a subject is to be suspected.

    With less confidence nobody becomes suspected who would not be with more.
    """

    def suspects(
        self, phi: float, confidence: float, *, suspected: bool, beats: int
    ) -> bool:
        """Tell whether a subject with this phi is suspected from now on.

        Args:
            phi: how suspicious its silence is.
            confidence: how far phi is to be trusted, from 0 to 1.
            suspected: whether it is suspected already.
            beats: how many signs of life there have been since then.
        """
        ...


def _half(policy: Threshold) -> float:
    return policy.suspect_at / 2


@final
@attrs.frozen
class Threshold:
    """Suspects from *suspect_at* on, and trusts again below *clear_at*.

    The two are apart so that a phi that goes to and fro around one number does not
    change the verdict each time.

    Args:
        suspect_at: 8 is one wrong suspicion in a hundred million, as far as the
            intervals are distributed as assumed.
        clear_at: half of that by default.
        clear_beats: how many signs of life it takes to be trusted again.
        min_confidence: below this nobody becomes suspected.

    Raises:
        InvalidSpecError: a number is out of range, or nothing would ever be cleared.
    """

    suspect_at: float = 8.0
    clear_at: float = attrs.field(
        default=attrs.Factory(_half, takes_self=True), kw_only=True
    )
    clear_beats: int = attrs.field(default=1, kw_only=True)
    min_confidence: float = attrs.field(default=0.0, kw_only=True)

    def __attrs_post_init__(self) -> None:
        check_number(_KIND, "suspect_at", self.suspect_at)
        check_number(_KIND, "clear_at", self.clear_at)
        check_count(_KIND, "clear_beats", self.clear_beats)
        check_number(_KIND, "min_confidence", self.min_confidence, most=1.0)
        if not 0 < self.clear_at <= self.suspect_at:
            text = (
                f"clear_at is more than 0 and at most suspect_at, "
                f"{self.suspect_at:g}, not {self.clear_at!r}"
            )
            raise InvalidSpecError(_KIND, self.clear_at, text)

    def suspects(
        self, phi: float, confidence: float, *, suspected: bool, beats: int
    ) -> bool:
        """Tell whether a subject with this phi is suspected from now on."""
        if suspected:
            return phi >= self.clear_at or beats < self.clear_beats
        return phi >= self.suspect_at and confidence >= self.min_confidence
