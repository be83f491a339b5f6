"""Looking into a process of any behaviour, and steering it, while it runs."""

from .._util import fix_module_metadata
from ..proc_lib import DebugOption as DebugOption
from ._api import (
    change_code as change_code,
    get_log as get_log,
    get_state as get_state,
    get_statistics as get_statistics,
    get_status as get_status,
    install as install,
    log as log,
    log_to_file as log_to_file,
    no_debug as no_debug,
    print_log as print_log,
    remove as remove,
    replace_state as replace_state,
    resume as resume,
    statistics as statistics,
    stop as stop,
    suspend as suspend,
    terminate as terminate,
    trace as trace,
)
from ._ask import ask as ask
from ._change import (
    HasModules as HasModules,
    KeepsSpecs as KeepsSpecs,
    Restorable as Restorable,
    convert as convert,
    exchange_class as exchange_class,
    versioned as versioned,
)
from ._code import migrate as migrate
from ._debug import (
    DONE as DONE,
    Debug as Debug,
    Statistics as Statistics,
    handle_debug as handle_debug,
    start_debug as start_debug,
)
from ._event import (
    Event as Event,
    EventKind as EventKind,
    shown_log as shown_log,
)
from ._handle import (
    FormatsLog as FormatsLog,
    PartedHost as PartedHost,
    SystemHost as SystemHost,
    handle_system_message as handle_system_message,
)
from ._messages import (
    CallbackFailedError as CallbackFailedError,
    ChangeCode as ChangeCode,
    Changed as Changed,
    GetModules as GetModules,
    Inside as Inside,
    LayoutError as LayoutError,
    NotSuspendedError as NotSuspendedError,
    Operation as Operation,
    Ping as Ping,
    Renew as Renew,
    RenewSpecs as RenewSpecs,
    Resume as Resume,
    Status as Status,
    Suspend as Suspend,
    SysError as SysError,
    SystemRequest as SystemRequest,
    Terminate as Terminate,
    Undo as Undo,
)
from ._options import (
    Count as Count,
    Hook as Hook,
    Install as Install,
    Log as Log,
    LogToFile as LogToFile,
    Trace as Trace,
)
from ._reports import DebugReport as DebugReport
from ._special import SpecialProcess as SpecialProcess
from ._versions import Downgrade as Downgrade, can_convert as can_convert

fix_module_metadata(__name__, globals())
