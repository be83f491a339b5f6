"""The programs that are measured, written once for all frameworks on Trio.

Each is given an adapter and its sizes, checks its answer, and returns its numbers:
microseconds for each operation, if its row does not say otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from . import naming, plain, servers, trees, watching

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ..adapter import Adapter
    from ..rows import Metrics, Sizes

    Workload = Callable[[Adapter, Sizes], Awaitable[Metrics]]

WORKLOADS: Final[dict[str, Workload]] = {
    "call": servers.call,
    "cast": servers.cast,
    "one_server": servers.one_server,
    "many_servers": servers.many_servers,
    "start": servers.start,
    "restart": trees.restart,
    "report": trees.report,
    "ring": plain.ring,
    "skynet": plain.skynet,
    "spawn": plain.spawn,
    "task": plain.task,
    "selective": plain.selective,
    "timers": plain.timers,
    "memory": trees.memory,
    "watch": watching.watch,
    "names": naming.names,
    "registry": naming.registry,
}
