"""Typed clauses: one declaration for both ends of a call.

A clause is a descriptor with two faces. On the class it is the client's function,
``await Counter.incr(pid, by=5)``; on an instance it is the method itself. What is
sent is the *name* of the clause and the arguments, and the name is looked up on the
class of the server that receives it, so overriding works as it does for methods.

`CallClause` is covariant in its server by declaration, although the server stands in
a parameter: that is sound because clauses are found by name on the server's own
class, and it is what makes a subclass's pid acceptable to the clause of its base.
"""

from __future__ import annotations

import inspect
from functools import update_wrapper
from types import MethodType
from typing import (
    TYPE_CHECKING,
    Any,
    Concatenate,
    Generic,
    ParamSpec,
    Self,
    TypeVar,
    cast as type_cast,
    final,
    overload,
)

from ..gen import (
    CALL_TIMEOUT,
    NO_KWARGS,
    From,
    KeywordCast,
    call as call_server,
    check_timeout,
    find_quietly,
    make_cast,
    send_cast,
    send_request,
)
from ..kernel import Mailbox, Pid, dead_letter, is_ghost

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from .._util import Cast
    from ..gen import Request
    from ..kernel import ServerRef
    from ._results import CallResult, InfoResult

ServerT = TypeVar("ServerT")
ServerT_co = TypeVar("ServerT_co", covariant=True)
ReplyT = TypeVar("ReplyT")
ReplyT_co = TypeVar("ReplyT_co", covariant=True)
P = ParamSpec("P")


class Clause:
    """What the clauses of all kinds have in common."""

    # What makes it look like its function fills the dict, and attributes are found
    # there more slowly than in slots: that would be a twelfth of a cast.
    __slots__ = ("__dict__", "__weakref__", "_skip", "fn", "least", "most", "name")

    def __init__(self, fn: Callable[..., Any], skip: int) -> None:
        if not inspect.iscoroutinefunction(fn):
            name = getattr(fn, "__qualname__", repr(fn))
            raise TypeError(f"a clause is an async method: write 'async def {name}'")
        self.fn = fn
        self.name = fn.__name__
        # How many of the method's parameters the client does not give.
        self._skip = skip
        # How many arguments fit if there are no keywords.
        self.least, self.most = _arity(fn, skip)
        update_wrapper(type_cast("Callable[..., Any]", self), fn)

    def check(self, args: tuple[object, ...], kwargs: Mapping[str, object]) -> None:
        """Say at the caller's place what does not fit the clause.

        Raises:
            TypeError: too many or too few arguments, or one with an unknown name.
        """
        try:
            inspect.signature(self.fn).bind(*(None,) * self._skip, *args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{self.fn.__qualname__}(): {error}") from None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.fn.__qualname__}>"


def _arity(fn: Callable[..., Any], skip: int) -> tuple[int, float]:
    least, most = -skip, float(-skip)
    for parameter in inspect.signature(fn).parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            most = float("inf")
        elif parameter.kind is parameter.KEYWORD_ONLY:
            if parameter.default is parameter.empty:
                return (1, 0)  # never fits without keywords
        elif parameter.kind is not parameter.VAR_KEYWORD:
            most += 1
            least += parameter.default is parameter.empty
    return least, most


class CallClause(Clause, Generic[ServerT_co, P, ReplyT_co]):
    """A clause that answers: see `call`."""

    __slots__ = ("timeout", "wants_from")

    def __init__(
        self, fn: Callable[..., Any], skip: int, timeout: float = CALL_TIMEOUT
    ) -> None:
        super().__init__(fn, skip)
        self.timeout = timeout
        # Whether the method is given who asked, to answer later.
        self.wants_from = skip > 1

    @overload
    def __get__(self, instance: None, owner: type[object], /) -> Self: ...
    @overload
    def __get__(
        self, instance: object, owner: type[object], /
    ) -> Callable[P, Coroutine[Any, Any, ReplyT_co]]: ...
    def __get__(
        self, instance: object | None, owner: type[object], /
    ) -> Self | Callable[P, Coroutine[Any, Any, ReplyT_co]]:
        return self if instance is None else MethodType(self.fn, instance)

    def __call__(
        self, server: ServerRef[ServerT_co], /, *args: P.args, **kwargs: P.kwargs
    ) -> Coroutine[Any, Any, ReplyT_co]:
        """Call the server; await the result for its answer.

        Raises:
            CallError: there was no answer; which of the family says why.
            TypeError: the arguments do not fit the clause; before any await.
        """
        if kwargs or not self.least <= len(args) <= self.most:
            self.check(args, kwargs)
        # Not a coroutine around a coroutine: that is a twentieth of a call.
        return call_server(server, self.name, args, kwargs or NO_KWARGS, self.timeout)

    def within(self, timeout: float) -> CallClause[ServerT_co, P, ReplyT_co]:
        """Return the same clause with another time-out, in seconds.

        ``math.inf`` waits as long as the server lives.

        Raises:
            ValueError: *timeout* is negative or no number.
        """
        return CallClause(self.fn, self._skip, check_timeout(timeout))

    def send_request(
        self, server: ServerRef[ServerT_co], /, *args: P.args, **kwargs: P.kwargs
    ) -> Request[ReplyT_co]:
        """Send the request and do not wait; the answer is fetched later.

        Raises:
            TypeError: the arguments do not fit the clause.
        """
        if kwargs or not self.least <= len(args) <= self.most:
            self.check(args, kwargs)
        request = send_request(server, self.name, args, kwargs or NO_KWARGS)
        return type_cast("Request[ReplyT_co]", request)


@final
class CastClause(Clause, Generic[ServerT_co, P]):
    """A clause that does not answer: see `cast`."""

    __slots__ = ("_head",)

    def __init__(self, fn: Callable[..., Any]) -> None:
        super().__init__(fn, 1)
        self._head: Cast = make_cast(self.name)

    @overload
    def __get__(self, instance: None, owner: type[object], /) -> Self: ...
    @overload
    def __get__(
        self, instance: object, owner: type[object], /
    ) -> Callable[P, Coroutine[Any, Any, InfoResult]]: ...
    def __get__(
        self, instance: object | None, owner: type[object], /
    ) -> Self | Callable[P, Coroutine[Any, Any, InfoResult]]:
        return self if instance is None else MethodType(self.fn, instance)

    def __call__(
        self, server: ServerRef[ServerT_co], /, *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """Send the request and go on. Never waits, and is content if nobody is there.

        Raises:
            TypeError: the arguments do not fit the clause.
        """
        if kwargs:
            self.check(args, kwargs)
            send_cast(server, KeywordCast(self.name, args, kwargs))
            return
        if len(args) != self.most and not self.least <= len(args) < self.most:
            self.check(args, kwargs)
        # send_cast(), without a call of its own: there is little else in a cast.
        process = server.process if type(server) is Pid else find_quietly(server)
        message = self._head + args
        if process is None:
            dead_letter(server, message, "dead")
        elif not process.node.ghosts or not is_ghost():
            box = process.mailbox
            inbox = box.inbox
            # Behind others that wait, where nothing is to be woken or refused.
            if inbox and box.parked is None and type(box) is Mailbox:
                inbox.append(message)
            else:
                box.deliver(message)


@overload
def call(
    fn: Callable[Concatenate[ServerT, P], Coroutine[Any, Any, CallResult[ReplyT]]],
) -> CallClause[ServerT, P, ReplyT]: ...
@overload
def call(
    fn: Callable[
        Concatenate[ServerT, P], Coroutine[Any, Any, ReplyT | CallResult[ReplyT]]
    ],
) -> CallClause[ServerT, P, ReplyT]: ...
def call(fn: Callable[..., Any]) -> CallClause[Any, Any, Any]:
    """Make an async method of a `GenServer` a call: the client waits for its result.

    The client gets the answer alone: for it, a method that returns
    ``int | Reply[int] | Stop`` returns an ``int``.

    Raises:
        TypeError: it is not an ``async def``.
    """
    return CallClause(fn, 1)


def call_noreply(
    fn: Callable[
        Concatenate[ServerT, From[ReplyT], P], Coroutine[Any, Any, InfoResult]
    ],
) -> CallClause[ServerT, P, ReplyT]:
    """Make an async method a call that is answered later.

    The method is given who asks, for `gen_server.reply`, and returns nothing; the
    client waits until somebody answers.

    Raises:
        TypeError: it is not an ``async def``.
    """
    return CallClause(fn, 2)


def cast(
    fn: Callable[Concatenate[ServerT, P], Coroutine[Any, Any, InfoResult]],
) -> CastClause[ServerT, P]:
    """Make an async method of a `GenServer` a cast: the client does not wait.

    Raises:
        TypeError: it is not an ``async def``.
    """
    return CastClause(fn)
