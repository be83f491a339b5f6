"""Processes: the kernel that everything else is built on."""

from .._util import fix_module_metadata
from ._alias import drop_alias as drop_alias, make_alias as make_alias
from ._checks import (
    check_count as check_count,
    check_number as check_number,
    check_time as check_time,
)
from ._current import (
    current as current,
    current_process as current_process,
    enter as enter,
    is_ghost as is_ghost,
    leave as leave,
    process_of as process_of,
    send_ghost_away as send_ghost_away,
)
from ._errors import (
    AlreadyStartedError as AlreadyStartedError,
    CallError as CallError,
    CallingSelfError as CallingSelfError,
    CallTimeoutError as CallTimeoutError,
    InvalidSpecError as InvalidSpecError,
    MailboxFullError as MailboxFullError,
    NameTakenError as NameTakenError,
    NodeDownError as NodeDownError,
    NodeError as NodeError,
    NoNodeError as NoNodeError,
    NoProcessError as NoProcessError,
    NotAProcessError as NotAProcessError,
    OTPError as OTPError,
    ReceiveTimeoutError as ReceiveTimeoutError,
    Recovery as Recovery,
    ServerExitedError as ServerExitedError,
    Severity as Severity,
    StartError as StartError,
    StartIgnored as StartIgnored,
    StartTimeoutError as StartTimeoutError,
)
from ._exit_rules import (
    DELIVER as DELIVER,
    IGNORE as IGNORE,
    Verdict as Verdict,
    receive_exit as receive_exit,
)
from ._ghosts import (
    DEATHS_AT_ONCE as DEATHS_AT_ONCE,
    GHOST_TIME as GHOST_TIME,
    wait_gone as wait_gone,
)
from ._ids import (
    Alias as Alias,
    Name as Name,
    Pid as Pid,
    Ref as Ref,
    ServerRef as ServerRef,
    Until as Until,
    Via as Via,
    check_name as check_name,
)
from ._mailbox import (
    BUDGET as BUDGET,
    MISSING as MISSING,
    SLICE as SLICE,
    Bounded as Bounded,
    BoundedMailbox as BoundedMailbox,
    Mailbox as Mailbox,
    Overflow as Overflow,
)
from ._messages import (
    DeadLetter as DeadLetter,
    Down as Down,
    Exited as Exited,
    Timeout as Timeout,
)
from ._node import (
    Node as Node,
    current_node as current_node,
)
from ._nodes import nodes as nodes
from ._outcome import Ended as Ended
from ._process import (
    Process as Process,
    tell_down as tell_down,
)
from ._publish import publish as publish, published as published
from ._reasons import (
    KILL as KILL,
    KILLED as KILLED,
    NO_CONNECTION as NO_CONNECTION,
    NO_PROC as NO_PROC,
    NORMAL as NORMAL,
    SHUTDOWN as SHUTDOWN,
    Crash as Crash,
    Exit as Exit,
    ExitReason as ExitReason,
    Kill as Kill,
    Killed as Killed,
    NoConnection as NoConnection,
    NoProc as NoProc,
    Normal as Normal,
    Reason as Reason,
    Shutdown as Shutdown,
    check_reason as check_reason,
    is_own_end as is_own_end,
    is_quiet as is_quiet,
    is_reason as is_reason,
    reason_of as reason_of,
)
from ._relations import (
    Monitor as Monitor,
    Relations as Relations,
)
from ._report import (
    InstrumentReport as InstrumentReport,
    Level as Level,
    ProcessReport as ProcessReport,
    Report as Report,
    SchedulerReport as SchedulerReport,
    StuckReport as StuckReport,
    emit as emit,
    is_heard as is_heard,
    write_log as write_log,
)
from ._routing import (
    check_address as check_address,
    dead_letter as dead_letter,
    find as find,
    route as route,
    seek as seek,
    send_quietly as send_quietly,
)
from ._scheduler import (
    Scheduler as Scheduler,
    SchedulerName as SchedulerName,
    stay as stay,
)
from ._statistics import NodeStatistics as NodeStatistics
from ._timers import TimerRef as TimerRef, Timers as Timers
from ._waiter import PENDING as PENDING, Waiter as Waiter
from ._watch_end import watch_end as watch_end
from ._where import where as where

fix_module_metadata(__name__, globals())
