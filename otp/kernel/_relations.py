"""Links and monitors: who is told when somebody ends.

A *link* is mutual, and there is one at most between two processes; a *monitor* has
a direction, and there may be many. Both are kept at both ends, and the ends always
agree:

- ``b in a.links`` exactly if ``a in b.links``;
- ``a.watching[ref] is b`` exactly if ``b.watched_by[ref].watcher is a``, for
  watchers that are processes.

Nothing is sent here. `Relations.end_relations` gives what has to be sent, each kind in
the order in which it must go out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Sequence

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


class Relations:
    """The links and monitors of one process.

    What is not there takes no room: most processes have one link, to who started
    them, and no monitors for most of their lives.
    """

    __slots__ = ("_peers", "watched_by", "watching")

    # Nobody, the only one, or several in the order in which they were linked.
    _peers: Relations | dict[Relations, None] | None
    watching: dict[Ref, Relations] | None
    watched_by: dict[Ref, Monitor] | None

    def __init__(self) -> None:
        self._peers = None
        self.watching = None
        self.watched_by = None

    @property
    def links(self) -> Sequence[Relations]:
        """Whom it is linked to, in the order in which the links were made."""
        peers = self._peers
        if peers is None:
            return ()
        return (peers,) if isinstance(peers, Relations) else tuple(peers)

    def link(self, other: Relations) -> None:
        """Link the two. Once is enough, and with oneself it means nothing."""
        if other is not self:
            self._add(other)
            other._add(self)

    def unlink(self, other: Relations) -> bool:
        """Remove the link, and tell whether there was one."""
        return self.lose_link(other) and other.lose_link(self)

    def is_linked(self, other: Relations) -> bool:
        """Tell whether the two are linked."""
        peers = self._peers
        return peers is other or (isinstance(peers, dict) and other in peers)

    def _add(self, peer: Relations) -> None:
        peers = self._peers
        if peers is None:
            self._peers = peer
        elif isinstance(peers, dict):
            peers[peer] = None
        elif peers is not peer:
            self._peers = {peers: None, peer: None}

    def lose_link(self, peer: Relations) -> bool:
        """Remove this end of the link to *peer*, and tell whether there was one."""
        peers = self._peers
        if peers is peer:
            self._peers = None
            return True
        if isinstance(peers, dict) and peer in peers:
            del peers[peer]
            return True
        return False

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

    def end_relations(self) -> tuple[Sequence[Monitor], Sequence[Relations]]:
        """Dissolve every relation, and return who has to be told of the end.

        Those are the monitors, and the links, which are to hear of it first. Monitors
        that this one held on others go without a word.
        """
        if self.watching:
            for ref, target in list(self.watching.items()):
                target.unwatch(ref)
        downs: Sequence[Monitor] = ()
        if self.watched_by:
            downs = list(self.watched_by.values())
            for monitor in downs:
                self.unwatch(monitor.ref)
        exits = self.links
        for peer in exits:
            peer.lose_link(self)
        self._peers = self.watching = self.watched_by = None
        return downs, exits
