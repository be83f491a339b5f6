"""`Agent`: a server that is nothing but a state, and does what it is told with it."""

from __future__ import annotations

from inspect import iscoroutine
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Generic,
    ParamSpec,
    TypeGuard,
    TypeVar,
    cast,
    final,
    overload,
)

import attrs

from ..gen import UnknownRequestError
from ..gen_server import BadReturnError, GenServer, NoReply, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from ..gen_server import From

P = ParamSpec("P")
S = TypeVar("S")


@attrs.frozen
class Message:
    """What an agent is sent: a function of the state, and its other arguments."""

    fn: Callable[..., object]
    args: tuple[object, ...]


@final
class Get(Message):
    """Answer with what the function returns."""


@final
class Update(Message):
    """Make what the function returns the state."""


@final
class GetAndUpdate(Message):
    """Do both: the function returns an answer and a state."""


@final
class Agent(GenServer, Generic[S]):
    """A process that keeps a state of type *S* for others to read and change.

    What is done with the state are functions that are sent there, by `get`, `update`
    and so on, one after the other. An agent is started with a function that gives the
    first state: ``child_spec(otp.Agent, dict[str, int])``.

    If one of the functions raises, the agent crashes; so whoever restarts it starts
    with the first state again.
    """

    __state__: ClassVar[str | None] = "state"

    @overload
    def __init__(
        self,
        fn: Callable[P, Coroutine[Any, Any, S]],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None: ...
    @overload
    def __init__(
        self, fn: Callable[P, S], /, *args: P.args, **kwargs: P.kwargs
    ) -> None: ...
    def __init__(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> None:
        # What fn returns: the first state, or what is awaited for it.
        self.state: S = fn(*args, **kwargs)

    async def init(self) -> None:
        self.state = cast("S", await _awaited(self.state))

    async def handle_call(self, request: object, from_: From[object]) -> object:
        match request:
            case Get(fn, args):
                return Reply(await _awaited(fn(self.state, *args)))
            case Update(fn, args):
                self.state = cast("S", await _awaited(fn(self.state, *args)))
                return Reply(None)
            case GetAndUpdate(fn, args):
                pair = await _awaited(fn(self.state, *args))
                if not _is_pair(pair):
                    raise BadReturnError(Agent, "get_and_update", pair)
                answer, state = pair
                self.state = cast("S", state)
                return Reply(answer)
            case _:
                text = f"an agent is sent functions, and not {request!r}"
                from_.fail(UnknownRequestError(from_.server, text))
                return NoReply()

    async def handle_cast(self, request: object) -> None:
        match request:
            case Update(fn, args):
                self.state = cast("S", await _awaited(fn(self.state, *args)))
            case _:
                await self.handle_info(request)


async def _awaited(value: object) -> object:
    return await value if iscoroutine(value) else value


def _is_pair(value: object) -> TypeGuard[tuple[object, object]]:
    return isinstance(value, tuple) and len(cast("tuple[object, ...]", value)) == 2  # noqa: PLR2004
