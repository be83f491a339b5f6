"""Schedules out of Hypothesis, which shrinks them and remembers those that failed.

It needs the extra ``testing``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from .._util import fix_module_metadata
from ..kernel import check_count
from ._exploration import Replay

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["schedules"]


def schedules(max_choices: int = 100, most_options: int = 4) -> SearchStrategy[Replay]:
    """Return a Hypothesis strategy for schedules, for `otp.testing.replay`.

    ``@given(schedules())`` makes Hypothesis the one who chooses, together with
    whatever else the test draws; of a failure it shows the simplest case, of both.

    Args:
        max_choices: how many choices are drawn at most; what follows is done without
            preemption.
        most_options: how many different choices there are. Where there are fewer to
            choose from, they are counted round.

    Raises:
        InvalidSpecError: the numbers make no sense.
    """
    check_count("invalid_schedule", "the number of choices", max_choices)
    check_count("invalid_schedule", "the number of options", most_options, least=1)
    choices = st.lists(st.integers(0, most_options - 1), max_size=max_choices)
    return choices.map(Replay)


fix_module_metadata(__name__, globals())
