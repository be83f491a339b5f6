"""What has come of loading modules again."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..kernel import Pid
    from ..supervisor import SwapResult


@final
@attrs.frozen
class Move:
    """A process that goes on as an instance of the new class."""

    pid: Pid
    old: type[object]
    new: type[object]


@final
@attrs.frozen
class ReloadResult:
    """What has come of loading modules again.

    Args:
        modules: the names of those that were loaded: those that were asked for, and
            those with classes that are derived from theirs.
        moved: the processes that go on with new code.
        left: the processes that go on with the old one, because there is no class of
            that name any more; or it was a class inside of a function, which cannot
            be found.
        swaps: what has become of the children of supervisors, if they were swapped.
    """

    modules: tuple[str, ...]
    moved: tuple[Move, ...] = ()
    left: tuple[Pid, ...] = ()
    swaps: Mapping[Pid, SwapResult] = attrs.field(factory=dict["Pid", "SwapResult"])
