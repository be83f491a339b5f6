"""What a scope tells those who monitor it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

import attrs

if TYPE_CHECKING:
    from collections.abc import Hashable

    from ..kernel import Pid, Ref


@final
@attrs.frozen
class Joined:
    """Processes have joined a group; *ref* is what `monitor` has returned."""

    ref: Ref
    group: Hashable
    pids: tuple[Pid[Any], ...]


@final
@attrs.frozen
class Left:
    """Processes have left a group, or have ended; *ref* is as for `Joined`."""

    ref: Ref
    group: Hashable
    pids: tuple[Pid[Any], ...]
