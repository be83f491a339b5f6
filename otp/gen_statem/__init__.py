"""State machines: a process that is in one of several states and handles events."""

from .._util import fix_module_metadata
from ..gen import (
    BadReturnError as BadReturnError,
    Fail as Fail,
    From as From,
    Ignore as Ignore,
    NoRequestError as NoRequestError,
    RequestCollection as RequestCollection,
    Response as Response,
    UnexpectedMessage as UnexpectedMessage,
    UnknownRequestError as UnknownRequestError,
    receive_response as receive_response,
    reply as reply,
    wait_response as wait_response,
)
from ..sys import stop as stop
from ._actions import (
    EVENT as EVENT,
    STATE as STATE,
    Action as Action,
    CancelTimeout as CancelTimeout,
    ChangeModule as ChangeModule,
    Hibernate as Hibernate,
    NextEvent as NextEvent,
    PopModule as PopModule,
    Postpone as Postpone,
    PushModule as PushModule,
    Reply as Reply,
    SetTimeout as SetTimeout,
    TimeoutKey as TimeoutKey,
    UpdateTimeout as UpdateTimeout,
)
from ._client import (
    Options as Options,
    call as call,
    cast as cast,
    enter_loop as enter_loop,
    send_request as send_request,
    start as start,
    start_link as start_link,
    start_monitor as start_monitor,
    start_named as start_named,
)
from ._errors import (
    EnterCallError as EnterCallError,
    PopModuleError as PopModuleError,
    UnknownStateError as UnknownStateError,
)
from ._events import (
    Call as Call,
    Cast as Cast,
    Enter as Enter,
    Event as Event,
    EventTimeout as EventTimeout,
    Info as Info,
    Internal as Internal,
    NamedTimeout as NamedTimeout,
    StateTimeout as StateTimeout,
)
from ._reports import StatemReport as StatemReport
from ._requests import Request as Request
from ._results import (
    InitResult as InitResult,
    Keep as Keep,
    NextState as NextState,
    Repeat as Repeat,
    Result as Result,
    Stop as Stop,
)
from ._statem import GenStatem as GenStatem
from ._states import BoundState as BoundState, State as State, state as state

fix_module_metadata(__name__, globals())
