"""What a node tells about itself in numbers."""

from __future__ import annotations

from typing import final

import attrs


@final
@attrs.frozen
class NodeStatistics:
    """What a node has to do at this moment, and what it has done."""

    processes: int
    names: int
    started: int
    dead_letters: int
    ghosts: int
