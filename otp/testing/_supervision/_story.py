"""What a test did, told as a numbered story that ends with what went wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

from ._waits import LAWS, BrokenLawError

if TYPE_CHECKING:
    from collections.abc import Iterable

LAST: Final = 30
"""How many of the events of the last step are told, at most."""


class StoryError(AssertionError):
    """A tree went wrong; the text is the story of how it came to that."""


@final
class Story:
    """The steps so far, in words."""

    def __init__(self, hero: str) -> None:
        self._hero = hero
        self._steps: list[str] = []
        # Where the chapter began that is told in full: the tree is a new one since.
        self._chapter = 0

    def begin(self, step: str) -> None:
        """Begin another step."""
        self._steps.append(step)

    def begin_anew(self, step: str) -> None:
        """Begin a step with which everything begins anew."""
        self.begin(step)
        self._chapter = len(self._steps)

    def note(self, text: str) -> None:
        """Say more about the step that was begun last."""
        self._steps[-1] += f": {text}"

    def steps(self) -> list[str]:
        """Return the steps of the last chapter, with their numbers."""
        width = len(str(len(self._steps)))
        last = enumerate(self._steps, 1)
        told = [f"{n:>{width}}. {step}" for n, step in last if n >= self._chapter]
        if self._chapter > 1:
            told.insert(0, f"... {self._chapter - 1} steps, until the tree gives up")
        return told

    def end(self, error: BaseException, events: Iterable[str] = ()) -> StoryError:
        """Return the story of how *error* came about, with the last *events*."""
        lines = [f"{self._hero} goes wrong", ""]
        if self._steps:
            lines += [f"  {step}" for step in self.steps()] + [""]
        lines += _what_is_wrong(error)
        last = list(events)
        if last:
            where = f"in step {len(self._steps)}" if self._steps else "at the start"
            lines += ["", f"what happened {where}:"]
            if len(last) > LAST:
                lines.append(f"  ... {len(last) - LAST} more")
            lines += [f"  {event}" for event in last[-LAST:]]
        return StoryError("\n".join(lines))


def _what_is_wrong(error: BaseException) -> list[str]:
    if isinstance(error, BrokenLawError):
        return [
            f"a law is broken: {LAWS[error.law]}",
            f"  expected: {error.expected}",
            f"  observed: {error.observed}",
        ]
    text = str(error)
    name = type(error).__name__
    return [f"{name}: {text}" if text else name]
