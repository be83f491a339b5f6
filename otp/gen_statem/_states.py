"""States that are methods, and how the events of a class reach its code.

A class has either ``handle_event``, for all events in all states, or a method for
each state, with a mark. Such a method is a descriptor: on the class and on an
instance it is the state as a value, so that a state that does not exist is a type
error; on an instance it can also be called, as a test would.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, final, overload

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._results import Result
    from ._statem import GenStatem

M = TypeVar("M")
E = TypeVar("E")

StateFunction = Callable[[Any, Any], Coroutine[Any, Any, Any]]


@attrs.frozen(eq=False, repr=False)
class State:
    """A state that is a method, as a value; equal to others of the same name.

    It is got by naming the method, ``DoorLock.locked`` or ``self.locked``.
    """

    name: str

    def __eq__(self, other: object) -> bool:
        return self.name == other.name if isinstance(other, State) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return self.name


@final
@attrs.frozen(eq=False, repr=False)
class BoundState(State, Generic[E]):
    """A state, got from an instance: ``await self.locked(event)`` is its method."""

    _machine: GenStatem[Any, E]
    _fn: StateFunction

    def __call__(self, event: E) -> Coroutine[Any, Any, Result[State]]:
        """Call the method, past the process: for tests, and for one another."""
        return self._fn(self._machine, event)


def plain(state: object) -> object:
    """Return *state* without the instance that it was got from."""
    return State(state.name) if isinstance(state, BoundState) else state


def same_state(one: object, other: object) -> bool:
    """Tell whether two states are the same: what Erlang calls exactly equal.

    So 1, 1.0 and True are three states, in tuples as well.
    """
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, tuple):
        many = cast("tuple[object, ...]", one)
        more = cast("tuple[object, ...]", other)
        return len(many) == len(more) and all(map(same_state, many, more))
    return bool(one == other)


@final
class StateMethod(Generic[E]):
    """A method that handles the events of one state: see `state`."""

    def __init__(self, fn: StateFunction) -> None:
        if not inspect.iscoroutinefunction(fn):
            name = getattr(fn, "__qualname__", repr(fn))
            raise TypeError(f"a state is an async method: write 'async def {name}'")
        self.fn = fn
        self.state = State(fn.__name__)
        self.__doc__ = fn.__doc__
        self.__wrapped__ = fn

    @overload
    def __get__(self, instance: None, owner: type[GenStatem[Any, E]], /) -> State: ...
    @overload
    def __get__(
        self, instance: GenStatem[Any, E], owner: type[GenStatem[Any, E]], /
    ) -> BoundState[E]: ...
    def __get__(
        self, instance: GenStatem[Any, E] | None, owner: type[GenStatem[Any, E]], /
    ) -> State | BoundState[E]:
        if instance is None:
            return self.state
        return BoundState(self.state.name, instance, self.fn)

    def __repr__(self) -> str:
        return f"<state {self.fn.__qualname__}>"


def state(fn: Callable[[M, E], Coroutine[Any, Any, Result[State]]]) -> StateMethod[E]:
    """Make an async method of a `GenStatem` a state: it handles the events in it.

    The name of the method is the name of the state.

    Raises:
        TypeError: it is not an ``async def``.
    """
    return StateMethod(fn)


@final
class Mode:
    """How events reach the code of one class.

    *functions* are the methods of its states by name, or None if it has
    ``handle_event``; *enter* says whether it wants to hear of each entered state.
    """

    __slots__ = ("enter", "functions")

    def __init__(
        self, functions: Mapping[str, StateFunction] | None, *, enter: bool
    ) -> None:
        self.functions = functions
        self.enter = enter

    def callback(self, state: object) -> str:
        """Return the name of the method that handles events in *state*."""
        return "handle_event" if self.functions is None else str(state)


def mode_in(cls: type[object]) -> Mode:
    """Return the mode that *cls* was found to have.

    Raises:
        TypeError: it has none.
    """
    mode = getattr(cls, "__mode__", None)
    if not isinstance(mode, Mode):
        raise TypeError(
            f"{cls.__name__} has neither a handle_event() nor a method that is "
            f"marked with @gen_statem.state: give it one of them"
        )
    return mode


def mode_of(
    cls: type[GenStatem[Any, Any]], base: type[GenStatem[Any, Any]]
) -> Mode | None:
    """Return the mode of *cls*, None if it has none: a base for others.

    Raises:
        TypeError: it has both of them, or a method in the place of a state.
    """
    names = {
        name
        for parent in cls.__mro__
        for name, value in vars(parent).items()
        if isinstance(value, StateMethod)
    }
    enter = bool(cls.state_enter)
    handles = inspect.getattr_static(cls, "handle_event")
    if handles is not inspect.getattr_static(base, "handle_event"):
        if names:
            raise TypeError(
                f"{cls.__name__} has handle_event() and the states "
                f"{', '.join(sorted(names))}: a class has one or the other"
            )
        return Mode(None, enter=enter)
    if not names:
        return None
    functions = {name: _function(cls, name) for name in sorted(names)}
    return Mode(functions, enter=enter)


def _function(cls: type[object], name: str) -> StateFunction:
    method: Any = inspect.getattr_static(cls, name)
    if not isinstance(method, StateMethod):
        raise TypeError(
            f"{cls.__name__}.{name} stands in the place of a state: mark it with "
            f"@gen_statem.state"
        )
    fn: StateFunction = method.fn
    return fn
