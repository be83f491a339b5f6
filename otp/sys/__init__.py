"""Looking into a process of any behaviour, and steering it, while it runs."""

from .._util import fix_module_metadata
from ._api import (
    change_code as change_code,
    get_log as get_log,
    get_state as get_state,
    get_statistics as get_statistics,
    get_status as get_status,
    install as install,
    log as log,
    no_debug as no_debug,
    remove as remove,
    replace_state as replace_state,
    resume as resume,
    statistics as statistics,
    stop as stop,
    suspend as suspend,
    terminate as terminate,
    trace as trace,
)
from ._debug import (
    DONE as DONE,
    Debug as Debug,
    Event as Event,
    EventKind as EventKind,
    Statistics as Statistics,
)
from ._handle import (
    PartedHost as PartedHost,
    SystemHost as SystemHost,
    handle_system_message as handle_system_message,
)
from ._messages import (
    CallbackFailedError as CallbackFailedError,
    ChangeCode as ChangeCode,
    NotSuspendedError as NotSuspendedError,
    Operation as Operation,
    Status as Status,
    SysError as SysError,
    SystemRequest as SystemRequest,
)

fix_module_metadata(__name__, globals())
