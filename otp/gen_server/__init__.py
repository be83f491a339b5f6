"""Servers: a process with a state that answers requests, one at a time."""

from .._util import fix_module_metadata
from ..gen import (
    CALL_TIMEOUT as CALL_TIMEOUT,
    NOTHING as NOTHING,
    BadReturnError as BadReturnError,
    Fail as Fail,
    From as From,
    Ignore as Ignore,
    NoRequestError as NoRequestError,
    Request as Request,
    RequestCollection as RequestCollection,
    Response as Response,
    UnexpectedMessage as UnexpectedMessage,
    UnknownRequestError as UnknownRequestError,
    receive_response as receive_response,
    reply as reply,
    wait_response as wait_response,
)
from ..sys import stop as stop
from . import clauses as clauses
from ._begin import init_server as init_server
from ._clauses import CallClause as CallClause, CastClause as CastClause
from ._client import (
    Options as Options,
    abcast as abcast,
    call as call,
    cast as cast,
    enter_loop as enter_loop,
    multi_call as multi_call,
    send_request as send_request,
    start as start,
    start_link as start_link,
    start_monitor as start_monitor,
    start_named as start_named,
)
from ._errors import BadArgumentsError as BadArgumentsError
from ._loop import serve as serve
from ._reports import ServerReport as ServerReport
from ._results import (
    CallResult as CallResult,
    InfoResult as InfoResult,
    InitResult as InitResult,
    NoReply as NoReply,
    Reply as Reply,
    Stop as Stop,
)
from ._server import GenServer as GenServer

fix_module_metadata(__name__, globals())
