"""What an operation costs when there are many: children, names, timers, messages.

What is level in these tables costs the same however many there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from . import children, mailbox, names, timers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ..rows import Metrics

    Subject = Callable[[int], Awaitable[Metrics]]

SUBJECTS: Final[dict[str, Subject]] = {
    "dynamic supervisor": children.dynamic,
    "supervisor": children.static,
    "names": names.plain,
    "registry": names.unique,
    "registry with duplicate keys": names.duplicate,
    "group": names.group,
    "timers": timers.timers,
    "mailbox": mailbox.mailbox,
}

MOST: Final = {"mailbox": 1_000_000}
"""How many there are at most, where it is not `USUAL`."""

USUAL: Final = 100_000


def sizes_of(subject: str, most: int = USUAL) -> list[int]:
    """Return for how many a subject is measured: powers of ten up to *most*."""
    largest = min(MOST.get(subject, USUAL), most * MOST.get(subject, USUAL) // USUAL)
    sizes = [10]
    while sizes[-1] < largest:
        sizes.append(sizes[-1] * 10)
    return sizes
