"""Starting processes, and what to start them by: child specifications."""

from .._util import fix_module_metadata
from ._backoff import Backoff as Backoff
from ._child_start import (
    Start as Start,
    Startable as Startable,
    Started as Started,
    as_class_of as as_class_of,
    as_startable as as_startable,
)
from ._crash import CrashReport as CrashReport
from ._spec import (
    ChildSpec as ChildSpec,
    ChildType as ChildType,
    Modules as Modules,
    Restart as Restart,
    ShutdownLimit as ShutdownLimit,
    child_spec as child_spec,
    default_shutdown as default_shutdown,
)
from ._start import (
    Ack as Ack,
    DebugOption as DebugOption,
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
