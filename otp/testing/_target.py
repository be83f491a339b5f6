"""Who is meant, where a test speaks of a process."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeAlias

from ..kernel import Name, Pid, Via

Target: TypeAlias = (
    Pid[Any]
    | Name[Any]
    | Via[Any]
    | str
    | tuple[Hashable, ...]
    | type[Any]
    | Callable[..., Any]
)
"""Who is meant.

===================================== ===========================================
given                                 who that is
===================================== ===========================================
a `Pid`                               that process, and no other
a `Name`, a `Via`, or a name as text  whoever has it at the moment that counts
``("root", "workers", "cache")``      the child ``"cache"`` of the child
                                      ``"workers"`` of ``"root"``, who is found
                                      in one of the ways of this table
a class or a function                 all processes that run it
===================================== ===========================================
"""
