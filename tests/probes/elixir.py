"""Probes of Elixir: small programs whose outcome is recorded beside this file.

A test marked with `probe` is the same program; what it returns, written as Elixir
writes it, must be what was recorded. Where Elixir exits and a Python function raises,
the test says which error stands for which exit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from otp import (
    Crash,
    Exited,
    Killed,
    Node,
    Normal,
    Pid,
    Reason,
    Task,
)
from otp.task import Done, Failed
from tests.kernel.support import assert_nothing_left, outcome_in_process, with_clock

from .erlang import read_records

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

NAMES: Final = 49
"""How many columns the names have."""


class Atom(str):
    """An atom."""

    __slots__ = ()


class Module(str):
    """The name of a module."""

    __slots__ = ()


RECORDS: Final = read_records("tasks_agents.elixir118.txt", NAMES)


def probe(
    name: str,
) -> Callable[[Callable[[], Awaitable[object]]], Callable[[], Awaitable[None]]]:
    """Mark the test of the probe *name*, which returns the outcome."""
    recorded = RECORDS[name]

    def decorate(
        body: Callable[[], Awaitable[object]],
    ) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            results: list[object] = []

            async def keep() -> None:
                results.append(await body())

            async with Node() as node:
                outcome = await outcome_in_process(node, keep)
            if isinstance(outcome, BaseException):
                raise outcome
            assert_nothing_left(node)
            got = (Atom("died"), outcome) if outcome is not None else results[0]
            assert inspect(got) == recorded

        test = with_clock(body, run)
        test.probe = name  # type: ignore[attr-defined]
        return test

    return decorate


def inspect(value: object) -> str:  # noqa: PLR0911
    """Write *value* as Elixir would write what stands for it."""
    match value:
        case None:
            return "nil"
        case bool():
            return str(value).lower()
        case Module():
            return str(value)
        case Atom():
            return f":{value}"
        case str():
            return f'"{value}"'
        case int():
            return str(value)
        case tuple():
            inside = map(inspect, cast("tuple[object, ...]", value))
            return "{" + ", ".join(inside) + "}"
        case dict():
            return "%{" + _keywords(cast("dict[str, object]", value).items()) + "}"
        case list():
            return _inspect_list(cast("list[object]", value))
        case _:
            return inspect(_parts(value))


def _inspect_list(values: list[object]) -> str:
    if values == [10]:
        return '~c"\\n"'  # a list of numbers that are characters
    parts = [_parts(v) if isinstance(v, (Done, Failed)) else v for v in values]
    pairs = [p for p in parts if isinstance(p, tuple) and isinstance(p[0], Atom)]
    if values and len(pairs) == len(parts) and all(len(p) == 2 for p in pairs):
        return f"[{_keywords(cast('list[tuple[str, object]]', pairs))}]"
    return f"[{', '.join(map(inspect, parts))}]"


def _keywords(pairs: object) -> str:
    items = cast("list[tuple[str, object]]", list(cast("list[object]", pairs)))
    return ", ".join(f"{key}: {inspect(value)}" for key, value in items)


def _parts(value: object) -> object:  # noqa: PLR0911
    match value:
        case Pid():
            return Atom("pid")
        case Task():
            return Module("Task")
        case Done(inner):
            return Atom("ok"), inner
        case Failed(reason):
            return Atom("exit"), reason
        case Exited(pid, reason):
            return Atom("EXIT"), pid, reason
        case Crash(error):
            return (Module(type(error).__name__), str(error)), Atom("st")
        case Reason(str(word)):
            return Atom(word)
        case Normal() | Killed():
            return Atom(type(value).__name__.lower())
        case _:
            raise AssertionError(f"nothing in Elixir stands for {value!r}")


def exited(reason: object, module: str, function: str, args: object) -> object:
    """Return what a probe gives that exits with a reason and what it had called."""
    return Atom("exit"), (reason, (Module(module), Atom(function), args))
