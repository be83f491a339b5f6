"""Making the schedule of a failure simple: as few preemptions as it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


def shrink_schedule(
    choices: Sequence[int],
    try_again: Callable[[Sequence[int]], Sequence[int] | None],
    most: int,
) -> list[int]:
    """Return a schedule that fails, too, and that nothing can be left out of.

    *try_again* runs a schedule, and returns the choices that were really made if it
    fails in the same way, else None. It is called at most *most* times.
    """
    best = trimmed(choices)
    tried = 0
    improved = True
    while improved:
        improved = False
        for candidate in simpler(best):
            if tried >= most:
                return best
            tried += 1
            made = try_again(candidate)
            if made is not None and rank(found := trimmed(made)) < rank(best):
                best = found
                improved = True
                break
    return best


def simpler(choices: Sequence[int]) -> Iterator[list[int]]:
    """Yield schedules that are simpler than *choices*, the simplest first."""
    length = size = len(choices)
    for place, choice in enumerate(choices):
        if choice:
            # Nothing more from here on.
            yield list(choices[:place])
    while size:
        for start in range(0, length, size):
            end = min(start + size, length)
            if any(choices[start:end]):
                yield [*choices[:start], *(0,) * (end - start), *choices[end:]]
            yield [*choices[:start], *choices[end:]]
        size //= 2
    for place, choice in enumerate(choices):
        for less in range(1, choice):
            yield [*choices[:place], less, *choices[place + 1 :]]


def trimmed(choices: Sequence[int]) -> list[int]:
    """Return *choices* without the zeros at the end, which say nothing."""
    end = len(choices)
    while end and choices[end - 1] == 0:
        end -= 1
    return list(choices[:end])


def rank(choices: Sequence[int]) -> tuple[int, int, int, tuple[int, ...]]:
    """Return how simple *choices* are: the less, the simpler."""
    preemptions = sum(choice > 0 for choice in choices)
    return preemptions, len(choices), sum(choices), tuple(choices)
