"""What a server's class can do, looked up once per class."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, TypeVar, final

from ._clauses import CallClause, CastClause, Clause

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")

_LEFT_OUT = "__otp_left_out__"


def left_out(fn: F) -> F:
    """Mark a callback of the base class: whoever has this one has left it out."""
    setattr(fn, _LEFT_OUT, True)
    return fn


@final
class Table:
    """The clauses and callbacks of one class.

    *calls* answer by their result, *deferred* ones are given who asks, *casts* do
    not answer. A method without a mark that overrides a clause is that clause.
    """

    __slots__ = ("calls", "casts", "deferred", "ends", "handles_call", "handles_cast")

    def __init__(self, cls: type[object]) -> None:
        self.calls: dict[str | None, Callable[..., Any]] = {}
        self.deferred: dict[str | None, Callable[..., Any]] = {}
        self.casts: dict[str | None, Callable[..., Any]] = {}
        for name, clause in _clauses(cls).items():
            fn = _implementation(cls, name, clause)
            if isinstance(clause, CastClause):
                self.casts[name] = fn
            elif isinstance(clause, CallClause) and clause.wants_from:
                self.deferred[name] = fn
            else:
                self.calls[name] = fn
        self.handles_call = not _is_left_out(cls, "handle_call")
        self.handles_cast = not _is_left_out(cls, "handle_cast")
        self.ends = not _is_left_out(cls, "terminate")


def _clauses(cls: type[object]) -> dict[str, Clause]:
    return {
        name: value
        for base in reversed(cls.__mro__)
        for name, value in vars(base).items()
        if isinstance(value, Clause)
    }


def _implementation(cls: type[object], name: str, clause: Clause) -> Callable[..., Any]:
    value = inspect.getattr_static(cls, name)
    if isinstance(value, Clause):
        return value.fn
    return value if inspect.iscoroutinefunction(value) else clause.fn


def _is_left_out(cls: type[object], callback: str) -> bool:
    return getattr(getattr(cls, callback, None), _LEFT_OUT, False) is True
