"""What is done with agents from outside."""

from __future__ import annotations

from typing import (
    TYPE_CHECKING,
    Any,
    ParamSpec,
    TypeVar,
    TypeVarTuple,
    Unpack,
    overload,
)

from .. import gen_server
from ..gen import CALL_TIMEOUT
from ._agent import Agent, Get, GetAndUpdate, Update

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from ..kernel import Name, Pid, ServerRef, Via
    from ._agent import Message

P = ParamSpec("P")
S = TypeVar("S")
R = TypeVar("R")
Ts = TypeVarTuple("Ts")


@overload
async def start_link(
    fn: Callable[P, Coroutine[Any, Any, S]], /, *args: P.args, **kwargs: P.kwargs
) -> Pid[Agent[S]]: ...
@overload
async def start_link(
    fn: Callable[P, S], /, *args: P.args, **kwargs: P.kwargs
) -> Pid[Agent[S]]: ...
async def start_link(
    fn: Callable[..., Any], /, *args: Any, **kwargs: Any
) -> Pid[Agent[Any]]:
    """Start an agent, linked to the caller, whose state is ``fn(*args, **kwargs)``.

    The function runs in the agent, and may be async.

    Raises:
        StartError: the function raised; the reason is in it.
        TypeError: *fn* cannot be called.
    """
    return await gen_server.start_link(Agent, _checked(fn), *args, **kwargs)


@overload
async def start(
    fn: Callable[P, Coroutine[Any, Any, S]], /, *args: P.args, **kwargs: P.kwargs
) -> Pid[Agent[S]]: ...
@overload
async def start(
    fn: Callable[P, S], /, *args: P.args, **kwargs: P.kwargs
) -> Pid[Agent[S]]: ...
async def start(
    fn: Callable[..., Any], /, *args: Any, **kwargs: Any
) -> Pid[Agent[Any]]:
    """Start an agent like `start_link`, without a link."""
    return await gen_server.start(Agent, _checked(fn), *args, **kwargs)


@overload
async def start_named(
    name: Name[Agent[S]] | Via[Agent[S]],
    fn: Callable[P, Coroutine[Any, Any, S]],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> Pid[Agent[S]]: ...
@overload
async def start_named(
    name: Name[Agent[S]] | Via[Agent[S]],
    fn: Callable[P, S],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> Pid[Agent[S]]: ...
async def start_named(
    name: Name[Agent[Any]] | Via[Agent[Any]],
    fn: Callable[..., Any],
    /,
    *args: Any,
    **kwargs: Any,
) -> Pid[Agent[Any]]:
    """Start an agent like `start_link`, registered as *name*.

    Raises:
        AlreadyStartedError: somebody has the name; nothing is started.
    """
    return await gen_server.start_named(name, Agent, _checked(fn), *args, **kwargs)


@overload
async def get(
    agent: ServerRef[Agent[S]],
    fn: Callable[[S, Unpack[Ts]], Coroutine[Any, Any, R]],
    /,
    *args: *Ts,
    timeout: float = CALL_TIMEOUT,
) -> R: ...
@overload
async def get(
    agent: ServerRef[Agent[S]],
    fn: Callable[[S, Unpack[Ts]], R],
    /,
    *args: *Ts,
    timeout: float = CALL_TIMEOUT,
) -> R: ...
async def get(
    agent: ServerRef[Agent[Any]],
    fn: Callable[[Any, Unpack[Ts]], Any],
    /,
    *args: *Ts,
    timeout: float = CALL_TIMEOUT,
) -> Any:
    """Return ``fn(state, *args)``.

    The function runs in the agent, which does nothing else meanwhile. What it returns
    is not copied: return what nobody changes, not the list or dict that is the state.

    Raises:
        ServerExitedError: the function raised, and the agent has crashed; or it ended
            for another reason.
        CallTimeoutError: no answer after *timeout* seconds.
        NoProcessError: there is no such agent.
        TypeError: *fn* cannot be called.
    """
    return await _ask(agent, Get(_checked(fn), args), timeout)


@overload
async def update(
    agent: ServerRef[Agent[S]],
    fn: Callable[[S, Unpack[Ts]], Coroutine[Any, Any, S]],
    /,
    *args: *Ts,
    timeout: float = CALL_TIMEOUT,
) -> None: ...
@overload
async def update(
    agent: ServerRef[Agent[S]],
    fn: Callable[[S, Unpack[Ts]], S],
    /,
    *args: *Ts,
    timeout: float = CALL_TIMEOUT,
) -> None: ...
async def update(
    agent: ServerRef[Agent[Any]],
    fn: Callable[[Any, Unpack[Ts]], Any],
    /,
    *args: *Ts,
    timeout: float = CALL_TIMEOUT,
) -> None:
    """Make ``fn(state, *args)`` the state, and wait until it is.

    After a time-out it may still happen.

    Raises:
        CallError: as for `get`.
        TypeError: *fn* cannot be called.
    """
    await _ask(agent, Update(_checked(fn), args), timeout)


@overload
async def get_and_update(
    agent: ServerRef[Agent[S]],
    fn: Callable[[S, Unpack[Ts]], Coroutine[Any, Any, tuple[R, S]]],
    /,
    *args: *Ts,
    timeout: float = CALL_TIMEOUT,
) -> R: ...
@overload
async def get_and_update(
    agent: ServerRef[Agent[S]],
    fn: Callable[[S, Unpack[Ts]], tuple[R, S]],
    /,
    *args: *Ts,
    timeout: float = CALL_TIMEOUT,
) -> R: ...
async def get_and_update(
    agent: ServerRef[Agent[Any]],
    fn: Callable[[Any, Unpack[Ts]], Any],
    /,
    *args: *Ts,
    timeout: float = CALL_TIMEOUT,
) -> Any:
    """Let ``fn(state, *args)`` return an answer and the next state; return the answer.

    Nobody else sees or changes the state in between. If the function returns no pair
    the agent crashes.

    Raises:
        CallError: as for `get`.
        TypeError: *fn* cannot be called.
    """
    return await _ask(agent, GetAndUpdate(_checked(fn), args), timeout)


def cast(
    agent: ServerRef[Agent[S]],
    fn: Callable[[S, Unpack[Ts]], S | Coroutine[Any, Any, S]],
    /,
    *args: *Ts,
) -> None:
    """Make ``fn(state, *args)`` the state, some time. Never waits.

    Raises:
        TypeError: *fn* cannot be called.
    """
    gen_server.cast(agent, Update(_checked(fn), args))


async def _ask(agent: ServerRef, message: Message, timeout: float) -> Any:
    return await gen_server.call(agent, message, timeout=timeout)


def _checked(fn: Callable[..., Any]) -> Callable[..., Any]:
    if not callable(fn):
        raise TypeError(f"an agent is sent functions of its state, and not {fn!r}")
    return fn
