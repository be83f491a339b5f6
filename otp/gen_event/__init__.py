"""Event managers: a process that tells handlers of events, each on its own."""

from .._util import fix_module_metadata
from ..gen import (
    CALL_TIMEOUT as CALL_TIMEOUT,
    BadReturnError as BadReturnError,
    Fail as Fail,
    NoRequestError as NoRequestError,
    Request as Request,
    RequestCollection as RequestCollection,
    Response as Response,
    UnexpectedMessage as UnexpectedMessage,
    UnknownRequestError as UnknownRequestError,
    receive_response as receive_response,
    wait_response as wait_response,
)
from ..sys import stop as stop
from ._client import (
    Handler as Handler,
    Manager as Manager,
    Options as Options,
    add_handler as add_handler,
    add_sup_handler as add_sup_handler,
    call as call,
    delete_handler as delete_handler,
    notify as notify,
    send_request as send_request,
    start as start,
    start_link as start_link,
    start_monitor as start_monitor,
    start_named as start_named,
    swap_handler as swap_handler,
    swap_sup_handler as swap_sup_handler,
    sync_notify as sync_notify,
    which_handlers as which_handlers,
)
from ._endings import (
    Deleted as Deleted,
    Ending as Ending,
    Failed as Failed,
    Gone as Gone,
    HandlerExit as HandlerExit,
    ManagerStopped as ManagerStopped,
    Missing as Missing,
    OwnerDied as OwnerDied,
    Predecessor as Predecessor,
    Removed as Removed,
    Replaced as Replaced,
    SwapFailed as SwapFailed,
    Swapped as Swapped,
    Terminated as Terminated,
)
from ._errors import (
    AddHandlerError as AddHandlerError,
    HandlerError as HandlerError,
    HandlerFailedError as HandlerFailedError,
    NoHandlerError as NoHandlerError,
)
from ._handler import (
    AnyHandler as AnyHandler,
    EventHandler as EventHandler,
    HandlerRef as HandlerRef,
)
from ._reports import HandlerReport as HandlerReport
from ._requests import Query as Query
from ._results import (
    EventResult as EventResult,
    HandlerCallResult as HandlerCallResult,
    HandlerInitResult as HandlerInitResult,
    Hibernate as Hibernate,
    Remove as Remove,
    Reply as Reply,
    Swap as Swap,
)
from ._server import EventManager as EventManager

fix_module_metadata(__name__, globals())
