"""Servers that these tests have in common."""

from __future__ import annotations

import inspect
from abc import abstractmethod
from typing import TYPE_CHECKING, Any

import trio

from otp import (
    From,
    GenServer,
    NoReply,
    Reason,
    Reply,
    Stop,
    call,
    call_noreply,
    cast,
    process,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from otp import ExitReason
    from otp.gen_server import InfoResult, InitResult


class Counter(GenServer):
    """Counts."""

    def __init__(self, start: int = 0) -> None:
        self.value = start

    @call
    async def incr(self, by: int = 1) -> int:
        """Add to the counter and return its new value."""
        self.value += by
        return self.value

    @call
    async def get(self) -> int:
        return self.value

    @cast
    async def reset(self, to: int = 0) -> None:
        self.value = to

    @call
    async def slowly(self, seconds: float) -> int:
        await trio.sleep(seconds)
        return self.value


class Scripted(GenServer):
    """Does what it is told: its messages are functions of it.

    Everything that happens to it is put into *log*.
    """

    def __init__(
        self,
        log: list[object] | None = None,
        *,
        init: Callable[[Scripted], object] | None = None,
        trap: bool = False,
    ) -> None:
        self.log: list[object] = [] if log is None else log
        self.at_init = init
        self.trap = trap
        self.at_end: Callable[[ExitReason], object] | None = None

    async def init(self) -> InitResult:
        process.trap_exit(self.trap)
        follow: InitResult = await outcome(self.at_init(self)) if self.at_init else None
        return follow

    async def handle_call(self, request: Any, from_: From[Any]) -> object:
        self.log.append("call")
        if len(inspect.signature(request).parameters) > 1:
            return await outcome(request(self, from_))
        return await outcome(request(self))

    async def handle_cast(self, request: Any) -> InfoResult:
        self.log.append("cast")
        follow: InfoResult = await outcome(request(self))
        return follow

    async def handle_info(self, message: Any) -> InfoResult:
        if callable(message):
            self.log.append("info")
            follow: InfoResult = await outcome(message(self))
            return follow
        self.log.append(message)
        return None

    async def handle_continue(self, argument: Any) -> InfoResult:
        if callable(argument):
            self.log.append("continue")
            follow: InfoResult = await outcome(argument(self))
            return follow
        self.log.append(("continue", argument))
        return None

    async def terminate(self, reason: ExitReason) -> None:
        self.log.append(("terminate", reason))
        if self.at_end is not None:
            await outcome(self.at_end(reason))


class Later(GenServer):
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.waiting: list[From[str]] = []

    @call_noreply
    async def ask(self, from_: From[str], word: str, times: int = 1) -> NoReply | None:
        assert word * times
        self.waiting.append(from_)
        return None

    @call
    async def askers(self) -> list[From[str]]:
        return self.waiting


async def outcome(value: Any) -> Any:
    """Return *value*, or what comes of it if it can be waited for."""
    return await value if inspect.isawaitable(value) else value


def raising(error: BaseException) -> Callable[..., object]:
    """Return a function that raises *error*, whatever it is given."""

    def fail(_server: object) -> object:
        raise error

    return fail


def giving(value: object) -> Callable[..., object]:
    """Return a function that returns *value*, whatever it is given."""
    return lambda _server: value


def note(word: str) -> Callable[[Scripted], None]:
    """Return a function that puts *word* into a server's log."""
    return lambda server: server.log.append(word)


class Store(GenServer):
    """An interface."""

    @call
    @abstractmethod
    async def find(self, key: str) -> str | None: ...

    @cast
    async def put(self, key: str, value: str) -> None:
        raise NotImplementedError


class Results(GenServer):
    """Returns more than plain values."""

    @call
    async def reply(self, n: int) -> Reply[int]:
        return Reply(n)

    @call
    async def stop(self, n: int) -> Reply[int] | NoReply | Stop:
        return Stop(Reason("x"), reply=n)

    @cast
    async def leave(self) -> Stop:
        return Stop(Reason("left"))

    @call
    async def mixed(
        self, a: int, /, b: int, *more: int, c: int, **others: int
    ) -> list[int]:
        return [a, b, *more, c, *others.values()]
