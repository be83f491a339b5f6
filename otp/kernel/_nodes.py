"""The nodes of a Trio run, by name: there may be several."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from trio.lowlevel import RunVar

if TYPE_CHECKING:
    from collections.abc import Container

    from ._node import Node

_nodes: RunVar[dict[str, Node]] = RunVar("otp_nodes")


def nodes() -> dict[str, Node]:
    """Return the nodes of this Trio run, by name."""
    try:
        return _nodes.get()
    except LookupError:
        found: dict[str, Node] = {}
        _nodes.set(found)
        return found


def make_up_name(known: Container[str]) -> str:
    """Return a name for a node that was given none."""
    name = "nonode"
    for n in count(2):
        if name not in known:
            break
        name = f"nonode{n}"
    return name
