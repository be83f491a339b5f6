"""Elixir's terms."""

from __future__ import annotations

from typing import cast

from otp import Down, Name, Normal, Pid, Ref
from otp.registry import Registered, Unregistered


def inspect(value: object) -> str:  # noqa: PLR0911
    """Write *value* as the Elixir term that stands for it; a string is an atom."""
    match value:
        case None | bool():
            return {None: "nil", True: "true", False: "false"}[value]
        case str():
            return f":{value}"
        case Pid():
            return ":pid"
        case Ref():
            return ":ref"
        case Name(name):
            return name
        case tuple():
            inner = map(inspect, cast("tuple[object, ...]", value))
            return "{" + ", ".join(inner) + "}"
        case list():
            inner = map(_element, cast("list[object]", value))
            return "[" + ", ".join(inner) + "]"
        case Registered() | Unregistered() | Down():
            return inspect(_parts(value))
        case _:
            return ":normal" if value == Normal() else str(value)


def _parts(message: Registered | Unregistered | Down) -> tuple[object, ...]:
    match message:
        case Registered(registry, key, pid, value):
            return ("register", registry, key, pid, value)
        case Unregistered(registry, key, pid):
            return ("unregister", registry, key, pid)
        case Down(ref, process, reason):
            return ("DOWN", ref, "process", process, reason)


def _element(value: object) -> str:
    """Write an element of a list; pairs with an atom in front have a short form."""
    match value:
        case (str() | Pid() as key, second):
            return f"{inspect(key)[1:]}: {inspect(second)}"
        case _:
            return inspect(value)
