"""Task executors: jobs with priorities, limits and handles."""

from .._util import fix_module_metadata
from ..gen_server import stop as stop
from ._api import (
    Options as Options,
    listeners as listeners,
    run as run,
    start_link as start_link,
    start_named as start_named,
    statistics as statistics,
    submit as submit,
    submit_wait as submit_wait,
)
from ._elsewhere import (
    Runner as Runner,
    in_process as in_process,
    in_thread as in_thread,
)
from ._errors import (
    JobAbortedError as JobAbortedError,
    JobError as JobError,
    JobExitedError as JobExitedError,
    JobTimeoutError as JobTimeoutError,
    ParallelMissingError as ParallelMissingError,
    QueueFullError as QueueFullError,
)
from ._events import (
    ExecutorStatistics as ExecutorStatistics,
    JobEnded as JobEnded,
    JobEvent as JobEvent,
    JobRefused as JobRefused,
    JobReport as JobReport,
    JobStarted as JobStarted,
    JobSubmitted as JobSubmitted,
)
from ._executor import TaskExecutor as TaskExecutor
from ._job import (
    EndState as EndState,
    Job as Job,
    JobState as JobState,
)
from ._spec import ExecutorSpec as ExecutorSpec, Priority as Priority

fix_module_metadata(__name__, globals())
