"""One subject: its detector, its policy, and the verdict that stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, final

import attrs

if TYPE_CHECKING:
    from ._detector import Detector
    from ._judgement import Judgement
    from ._policy import Policy

Verdict = Literal["suspect", "trust"]
"""How the opinion of a subject changes."""


@final
class Subject:
    """Somebody whose heartbeats are listened to.

    An interval at whose end the subject was suspected is not remembered: it was no
    interval between two beats but a failure, and one of five minutes would make the
    detector patient for ever. That is asked at the moment of the beat; nobody need
    have looked in between.

    Invariant: *suspected_at* is when the suspicion arose that stands, else None.
    """

    __slots__ = ("beats", "detector", "policy", "suspected_at")

    def __init__(self, detector: Detector, policy: Policy) -> None:
        self.detector = detector
        self.policy = policy
        self.suspected_at: int | None = None
        # Signs of life since the suspicion.
        self.beats = 0

    def __repr__(self) -> str:
        verdict = "trusted" if self.suspected_at is None else "suspected"
        return f"<{verdict}, {self.detector!r}>"

    def heartbeat(self, now: int, *, slack: int = 1, record: bool = True) -> None:
        """Hear a heartbeat; without *record* its interval is not remembered."""
        detector = self.detector
        if self.suspected_at is not None:
            self.beats += 1
            record = False
        elif record:
            phi = detector.phi(now, slack=slack)
            record = not self.policy.suspects(phi, 1.0, suspected=False, beats=0)
        detector.heartbeat(now, record=record)

    def sign(self, now: int) -> None:
        """See a sign of life that is no heartbeat."""
        self.beats += 1
        self.detector.sign(now)

    def judge(self, now: int, *, slack: int = 1, held: bool = False) -> Judgement:
        """Return what the detector says; *slack* is that of the local health."""
        said = self.detector.judge(now, slack=slack)
        if slack == 1 and not held:
            return said
        return attrs.evolve(said, confidence=0.0 if held else said.confidence / slack)

    def decide(self, now: int, *, slack: int = 1) -> Verdict | None:
        """Tell whether the opinion of the subject changes now; `turn` changes it."""
        suspected = self.suspected_at is not None
        phi = self.detector.phi(now, slack=slack)
        ask = self.policy.suspects
        suspects = ask(phi, 1.0, suspected=suspected, beats=self.beats)
        if suspects and not suspected:
            # Only now is it worth to ask how far phi is to be trusted.
            confidence = self.judge(now, slack=slack).confidence
            suspects = ask(phi, confidence, suspected=False, beats=self.beats)
        if suspects == suspected:
            return None
        return "suspect" if suspects else "trust"

    def turn(self, verdict: Verdict, now: int) -> None:
        """Let *verdict* stand from now on."""
        self.suspected_at = now if verdict == "suspect" else None
        self.beats = 0
