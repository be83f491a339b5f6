"""Links and monitors agree with two plain lists."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from otp import Name, Ref
from otp.kernel import Monitor, Relations

SHOWN = Name[object]("shown")


class RelationsMachine(RuleBasedStateMachine):
    """Drives relations, and beside them lists of pairs and of monitors."""

    people = Bundle[Relations]("people")
    monitors = Bundle[Monitor]("monitors")

    def __init__(self) -> None:
        super().__init__()
        self.alive: list[Relations] = []
        # In the order of their making.
        self.links: list[tuple[Relations, Relations]] = []
        self.watches: list[tuple[Monitor, Relations]] = []

    def linked(self, a: Relations, b: Relations) -> bool:
        return (a, b) in self.links or (b, a) in self.links

    def peers(self, one: Relations) -> list[Relations]:
        return [b if a is one else a for a, b in self.links if one in (a, b)]

    @rule(target=people)
    def be_born(self) -> Relations:
        one = Relations()
        self.alive.append(one)
        return one

    @rule(a=people, b=people)
    def link(self, a: Relations, b: Relations) -> None:
        a.link(b)
        if a is not b and not self.linked(a, b):
            self.links.append((a, b))

    @rule(a=people, b=people)
    def unlink(self, a: Relations, b: Relations) -> None:
        assert a.unlink(b) == self.linked(a, b)
        self.links = [pair for pair in self.links if pair not in ((a, b), (b, a))]

    @rule(target=monitors, watcher=people, target_=people, tag=st.none() | st.text())
    def watch(self, watcher: Relations, target_: Relations, tag: object) -> Monitor:
        return self._watch(watcher, target_, tag)

    @rule(target=monitors, target_=people)
    def watch_from_outside(self, target_: Relations) -> Monitor:
        return self._watch(object(), target_, None)

    def _watch(self, watcher: object, target: Relations, tag: object) -> Monitor:
        monitor = Monitor(Ref(), watcher, SHOWN, tag)
        target.watch(monitor)
        self.watches.append((monitor, target))
        return monitor

    @rule(monitor=monitors, target_=people)
    def unwatch(self, monitor: Monitor, target_: Relations) -> None:
        active = (monitor, target_) in self.watches

        assert target_.unwatch(monitor.ref) == active
        if active:
            self.watches.remove((monitor, target_))

    @rule(one=consumes(people))
    def die(self, one: Relations) -> None:
        downs = [m for m, t in self.watches if t is one and m.watcher is not one]
        exits = self.peers(one)

        told = one.end_relations()
        assert tuple(map(list, told)) == (downs, exits)
        self.alive.remove(one)
        self.links = [pair for pair in self.links if one not in pair]
        self.watches = [
            (m, t) for m, t in self.watches if t is not one and m.watcher is not one
        ]
        assert (one.links, one.watching, one.watched_by) == ((), None, None)

    @invariant()
    def both_ends_of_all_links_agree(self) -> None:
        for one in self.alive:
            peers = self.peers(one)

            assert list(one.links) == peers
            assert [p for p in self.alive if one.is_linked(p)] == [
                p for p in self.alive if p in peers
            ]

    @invariant()
    def both_ends_of_all_monitors_agree(self) -> None:
        for one in self.alive:
            assert list((one.watched_by or {}).values()) == [
                m for m, t in self.watches if t is one
            ]
            assert one.watched_by is None or all(
                ref is monitor.ref for ref, monitor in one.watched_by.items()
            )
            assert list((one.watching or {}).items()) == [
                (m.ref, t) for m, t in self.watches if m.watcher is one
            ]


TestRelationsMachine = RelationsMachine.TestCase
