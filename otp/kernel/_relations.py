"""Links and monitors: who is told when somebody ends.

A *link* is mutual, and there is one at most between two processes; a *monitor* has
a direction, and there may be many. Both are kept at both ends, and the ends always
agree:

- ``b in a.links`` exactly if ``a in b.links``;
- ``a.watching[ref] is b`` exactly if ``b.watched_by[ref].watcher is a``, for
  watchers that are processes.

Nothing is sent here. `Relations.end_relations` gives what has to be sent, as a
`Farewell`, each list in the order in which it must go out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import attrs

if TYPE_CHECKING:
    from ._ids import Ref, ServerRef


@attrs.frozen(eq=False)
class Monitor:
    """One monitor: *watcher* is told, under *ref*, when the process ends.

    *shown* is what the watcher asked for, a pid or a name, and *tag* what it wants
    to find in the message.
    """

    ref: Ref
    watcher: object
    shown: ServerRef
    tag: object = None


class Farewell(NamedTuple):
    """What the end of a process sets off: *exits* first, then *downs*."""

    downs: list[Monitor]
    exits: list[Relations]


class Relations:
    """The links and monitors of one process.

    The three tables are None as long as they are empty, which most of them are for
    most of their lives.
    """

    __slots__ = ("links", "watched_by", "watching")

    links: dict[Relations, None] | None
    watching: dict[Ref, Relations] | None
    watched_by: dict[Ref, Monitor] | None

    def __init__(self) -> None:
        self.links = None
        self.watching = None
        self.watched_by = None

    def link(self, other: Relations) -> None:
        """Link the two. Once is enough, and with oneself it means nothing."""
        if other is self:
            return
        if self.links is None:
            self.links = {}
        if other.links is None:
            other.links = {}
        self.links[other] = None
        other.links[self] = None

    def unlink(self, other: Relations) -> bool:
        """Remove the link, and tell whether there was one."""
        if self.links is None or other.links is None or other not in self.links:
            return False
        del self.links[other]
        del other.links[self]
        return True

    def is_linked(self, other: Relations) -> bool:
        """Tell whether the two are linked."""
        return self.links is not None and other in self.links

    def watch(self, monitor: Monitor) -> None:
        """Let the watcher of *monitor* be told when this one ends."""
        if self.watched_by is None:
            self.watched_by = {}
        self.watched_by[monitor.ref] = monitor
        watcher = monitor.watcher
        if isinstance(watcher, Relations):
            if watcher.watching is None:
                watcher.watching = {}
            watcher.watching[monitor.ref] = self

    def unwatch(self, ref: Ref) -> bool:
        """Take the monitor *ref* from this one, and tell whether it was active."""
        if self.watched_by is None:
            return False
        monitor = self.watched_by.pop(ref, None)
        if monitor is None:
            return False
        watcher = monitor.watcher
        if isinstance(watcher, Relations) and watcher.watching is not None:
            watcher.watching.pop(ref, None)
        return True

    def end_relations(self) -> Farewell:
        """Dissolve every relation, and return who has to be told of the end.

        Monitors that this one held on others go without a word.
        """
        for ref, target in list((self.watching or {}).items()):
            target.unwatch(ref)
        downs = list((self.watched_by or {}).values())
        for monitor in downs:
            self.unwatch(monitor.ref)
        exits = list(self.links or ())
        for peer in exits:
            self.unlink(peer)
        self.links = self.watching = self.watched_by = None
        return Farewell(downs, exits)
