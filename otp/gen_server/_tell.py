"""What a gen_server does, told to its debug options.

Each function returns the options that are left, None if there are none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ..gen import Envelope
from ..kernel import Exited
from ..sys import Event, SystemRequest, handle_debug
from ._begin import Continue
from ._results import NoReply, Reply

if TYPE_CHECKING:
    from ..kernel import Process
    from ..sys import Debug
    from ._server import GenServer


def tell_message(
    debug: Debug, process: Process, message: object, server: GenServer
) -> Debug | None:
    """Tell that *message* is taken."""
    if isinstance(message, Continue):
        event = Event("continue", message.argument)
    elif isinstance(message, SystemRequest) or (
        isinstance(message, Exited) and message.pid is process.guardian
    ):
        return debug  # to the process, and not to what runs in it
    else:
        event = Event("in", message)
    return handle_debug(debug, process.pid, event, server)


def tell_answer(
    debug: Debug, process: Process, request: object, answer: object, server: GenServer
) -> Debug | None:
    """Tell that *request* is to be answered; then it is still known who asked."""
    event = Event("out", answer, request)
    return handle_debug(debug, process.pid, event, server)


def tell_result(
    debug: Debug, process: Process, message: object, result: object, server: GenServer
) -> Debug | None:
    """Tell what comes of *message*, unless it is the end: that is told there."""
    if isinstance(result, Reply) and isinstance(message, Envelope):
        answer = cast("Reply[object]", result).value
        return tell_answer(debug, process, message, answer, server)
    if result is None or isinstance(result, NoReply):
        return handle_debug(debug, process.pid, Event("noreply"), server)
    return debug
