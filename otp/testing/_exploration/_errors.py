"""What an exploration fails with, besides what the test does."""

from __future__ import annotations


class ExplorationError(Exception):
    """Schedules cannot be explored; the message says why."""


class NondeterminismError(ExplorationError):
    """The same schedule has led to different steps.

    The program depends on something that no schedule decides: real time, a thread, a
    socket, the order of a set, chance without a seed.
    """


class DeadlockError(Exception):
    """Everybody waits for something that nobody is going to do."""


class EndlessRunError(Exception):
    """A run makes steps for ever."""
