"""Tasks: a function in a process of its own, whose result somebody waits for."""

from .._util import fix_module_metadata
from ._await import (
    OnTimeout as OnTimeout,
    TaskLimit as TaskLimit,
    await_ as await_,
    await_many as await_many,
    ignore as ignore,
    shutdown as shutdown,
    yield_ as yield_,
    yield_many as yield_many,
)
from ._errors import (
    NotOwnerError as NotOwnerError,
    TaskExitedError as TaskExitedError,
    TaskTakenError as TaskTakenError,
    TaskTimeoutError as TaskTimeoutError,
)
from ._outcome import (
    Done as Done,
    Failed as Failed,
    FailedItem as FailedItem,
    Outcome as Outcome,
    TaskResult as TaskResult,
)
from ._reports import TaskReport as TaskReport
from ._stream import (
    Stream as Stream,
    StreamOptions as StreamOptions,
    StreamTimeout as StreamTimeout,
    async_stream as async_stream,
)
from ._task import (
    Task as Task,
    async_ as async_,
    completed as completed,
    handle as handle,
    start as start,
    start_link as start_link,
)
from ._work import (
    Order as Order,
    Work as Work,
    callers as callers,
    start_work as start_work,
)

fix_module_metadata(__name__, globals())
