"""What all behaviours share: requests and their answers."""

from .._util import fix_module_metadata
from ._collection import (
    NoRequestError as NoRequestError,
    RequestCollection as RequestCollection,
    Response as Response,
)
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

fix_module_metadata(__name__, globals())
