"""What all behaviours share: requests and their answers, casts, and how they start."""

from .._util import fix_module_metadata
from ._behaviour import (
    Behaviour as Behaviour,
    Options as Options,
    StartWith as StartWith,
)
from ._cast import (
    KeywordCast as KeywordCast,
    find_quietly as find_quietly,
    make_cast as make_cast,
    send_cast as send_cast,
)
from ._collection import (
    NoRequestError as NoRequestError,
    RequestCollection as RequestCollection,
    Response as Response,
)
from ._errors import (
    BadReturnError as BadReturnError,
    UnknownRequestError as UnknownRequestError,
)
from ._init import (
    NOTHING as NOTHING,
    Fail as Fail,
    Ignore as Ignore,
    Nothing as Nothing,
    end_start as end_start,
)
from ._reports import UnexpectedMessage as UnexpectedMessage
from ._request import (
    CALL_TIMEOUT as CALL_TIMEOUT,
    NO_KWARGS as NO_KWARGS,
    Envelope as Envelope,
    From as From,
    Request as Request,
    call as call,
    check_timeout as check_timeout,
    receive_response as receive_response,
    reply as reply,
    send_request as send_request,
    wait_any as wait_any,
    wait_response as wait_response,
)
from ._state import (
    Shown as Shown,
    formatted as formatted,
    set_state as set_state,
    shown as shown,
    state_of as state_of,
    visible_state as visible_state,
)
from ._text import written as written

fix_module_metadata(__name__, globals())
