"""The server of the probes: it does what its messages say."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from otp import Exited, GenServer, Pid, Timeout, process

if TYPE_CHECKING:
    from collections.abc import Callable

    from otp import ExitReason, From
    from otp.gen_server import InfoResult, InitResult

    Init = Callable[["Server"], object]

# What stands for a message with a function in the recorded outcomes.
FN = "{f,'$fun'}"


class Server(GenServer):
    """A server whose requests are functions of it."""

    def __init__(self, state: object = 0, *, init: Init | None = None) -> None:
        self.state = state
        self.at_init = init
        self.at_end: Callable[[ExitReason], object] | None = None

    async def init(self) -> InitResult:
        follow: InitResult = await result(self.at_init(self)) if self.at_init else None
        return follow

    async def handle_call(self, request: Any, from_: From[Any]) -> object:
        return await result(request(self, from_))

    async def handle_cast(self, request: Any) -> InfoResult:
        follow: InfoResult = await result(request(self))
        return follow

    async def handle_info(self, message: Any) -> None:
        match message, self.state:
            case Timeout(), ("tmo", Pid() as pid):
                process.send(pid, "tmo")
            case ("tell", pid, what), _:
                process.send(pid, what)
            case Exited(_, reason), ("tellexit", Pid() as pid):
                process.send(pid, ("info_exit", reason))
            case _:
                pass

    async def handle_continue(self, argument: Any) -> None:
        await self.handle_info(argument)

    async def terminate(self, reason: ExitReason) -> None:
        if self.at_end is not None:
            await result(self.at_end(reason))

    async def code_change(self, old_version: object, extra: object) -> None:
        self.state = ("changed", old_version, extra)


async def result(value: Any) -> Any:
    """Return *value*, or what comes of it if it can be waited for."""
    return await value if inspect.isawaitable(value) else value


def telling(name: str) -> Callable[[Server], None]:
    """Return an init after which the server tells the caller of its end."""
    me = process.self()

    def init(server: Server) -> None:
        server.at_end = lambda reason: process.send(me, (name, reason))

    return init


def trapping(init: Init) -> Init:
    """Return *init* for a server that traps exits."""

    def trap_first(server: Server) -> object:
        process.trap_exit(True)
        return init(server)

    return trap_first


def raising(error: BaseException) -> Callable[..., object]:
    """Return a function that raises *error*, whatever it is given."""

    def fail(*_: object) -> object:
        raise error

    return fail


def giving(value: object) -> Callable[..., object]:
    """Return a function that returns *value*, whatever it is given."""
    return lambda *_: value
