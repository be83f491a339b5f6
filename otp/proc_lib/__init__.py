"""Starting processes, and what to start them by: child specifications."""

from .._util import fix_module_metadata
from ._crash import CrashReport as CrashReport
from ._spec import (
    Backoff as Backoff,
    ChildSpec as ChildSpec,
    ChildType as ChildType,
    Restart as Restart,
    ShutdownLimit as ShutdownLimit,
    Start as Start,
    Startable as Startable,
    child_spec as child_spec,
)
from ._start import (
    Ack as Ack,
    StartOptions as StartOptions,
    await_end as await_end,
    init_ack as init_ack,
    init_fail as init_fail,
    start as start,
    start_link as start_link,
    start_monitor as start_monitor,
    start_process as start_process,
)

fix_module_metadata(__name__, globals())
