"""Exploration: a test under many schedules, and cancelled everywhere."""

from ._cancel_everywhere import (
    Cancelling as Cancelling,
    cancel_everywhere as cancel_everywhere,
)
from ._errors import (
    DeadlockError as DeadlockError,
    EndlessRunError as EndlessRunError,
    ExplorationError as ExplorationError,
    NondeterminismError as NondeterminismError,
)
from ._explore import (
    Exploration as Exploration,
    explore as explore,
    explored as explored,
    replay as replay,
)
from ._footprints import touch as touch
from ._strategies import (
    DepthFirst as DepthFirst,
    Pct as Pct,
    RandomWalk as RandomWalk,
    Replay as Replay,
    Strategy as Strategy,
)
