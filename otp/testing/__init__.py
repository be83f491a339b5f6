"""Tools for testing programs of processes.

What is here needs neither pytest nor Hypothesis.
"""

from .._util import fix_module_metadata
from ._capture import Captured as Captured
from ._doubles import (
    shielded as shielded,
    shielded_child as shielded_child,
    stuck as stuck,
    stuck_child as stuck_child,
)
from ._errors import ExpectationError as ExpectationError
from ._exploration import (
    Cancelling as Cancelling,
    DeadlockError as DeadlockError,
    DepthFirst as DepthFirst,
    EndlessRunError as EndlessRunError,
    Exploration as Exploration,
    ExplorationError as ExplorationError,
    NondeterminismError as NondeterminismError,
    Pct as Pct,
    RandomWalk as RandomWalk,
    Replay as Replay,
    Strategy as Strategy,
    cancel_everywhere as cancel_everywhere,
    explore as explore,
    explored as explored,
    replay as replay,
    touch as touch,
)
from ._faults import (
    Fault as Fault,
    MessageFault as MessageFault,
    crash as crash,
    crash_on as crash_on,
    delay_messages as delay_messages,
    drop_messages as drop_messages,
    exit as exit,  # noqa: A004 - as in otp.process
    fail_starts as fail_starts,
    kill as kill,
    suspend as suspend,
)
from ._find import pid_of as pid_of
from ._idle import wait_until_idle as wait_until_idle
from ._leaks import (
    Leak as Leak,
    LeakError as LeakError,
    LeakKind as LeakKind,
    Snapshot as Snapshot,
    leaks as leaks,
    no_leaks as no_leaks,
    snapshot as snapshot,
)
from ._match import Matcher as Matcher
from ._probe import Probe as Probe
from ._reason import ReasonMatcher as ReasonMatcher
from ._settings import SETTINGS as SETTINGS, Settings as Settings
from ._strike import ErrorLike as ErrorLike, InjectedError as InjectedError
from ._target import Target as Target

fix_module_metadata(__name__, globals())
