"""Links and monitors, fact by fact."""

from __future__ import annotations

import pytest

from otp import Name, Ref
from otp.kernel import Monitor, Relations

SHOWN = Name[object]("shown")


def watch(watcher: object, target: Relations, tag: object = None) -> Monitor:
    """Let *watcher* watch *target*."""
    monitor = Monitor(Ref(), watcher, SHOWN, tag)
    target.watch(monitor)
    return monitor


def is_empty(one: Relations) -> bool:
    """Tell whether *one* has no relations at all."""
    return not (one.links or one.watching or one.watched_by)


def test_a_new_one_has_no_relations_and_no_tables() -> None:
    one = Relations()

    assert (one.links, one.watching, one.watched_by) == ((), None, None)
    assert one.end_relations() == ((), ())


def test_a_link_is_mutual() -> None:
    a, b, c = Relations(), Relations(), Relations()
    a.link(b)

    assert a.is_linked(b)
    assert b.is_linked(a)
    assert not a.is_linked(c)
    assert not c.is_linked(a)
    assert (a.links, b.links) == ((b,), (a,))


def test_a_link_to_oneself_is_none() -> None:
    a = Relations()
    a.link(a)

    assert not a.is_linked(a)
    assert is_empty(a)


def test_linking_twice_is_linking_once() -> None:
    a, b = Relations(), Relations()
    a.link(b)
    b.link(a)

    assert a.unlink(b)
    assert not a.is_linked(b)
    assert not b.is_linked(a)


def test_unlinking_tells_whether_there_was_a_link() -> None:
    a, b, c = Relations(), Relations(), Relations()

    assert a.unlink(b) is False
    a.link(b)
    assert a.unlink(c) is False
    assert c.unlink(a) is False
    assert b.unlink(a) is True
    assert b.unlink(a) is False
    assert a.unlink(b) is False


def test_unlinking_leaves_other_links_alone() -> None:
    a, b, c = Relations(), Relations(), Relations()
    a.link(b)
    a.link(c)
    a.unlink(b)

    assert a.is_linked(c)
    assert c.is_linked(a)


def test_unlinking_two_that_have_links_to_others_only() -> None:
    a, b, c = Relations(), Relations(), Relations()
    a.link(c)
    b.link(c)

    assert a.unlink(b) is False
    assert a.is_linked(c)
    assert b.is_linked(c)


def test_a_monitor_is_known_at_both_ends() -> None:
    a, b = Relations(), Relations()
    monitor = watch(a, b)

    assert b.watched_by == {monitor.ref: monitor}
    assert a.watching == {monitor.ref: b}
    assert not a.watched_by
    assert not b.watching


def test_a_second_monitor_is_another_one() -> None:
    a, b = Relations(), Relations()
    first, second = watch(a, b), watch(a, b)

    assert list(b.watched_by or ()) == [first.ref, second.ref]
    assert list(a.watching or ()) == [first.ref, second.ref]


def test_a_watcher_need_not_have_relations() -> None:
    waiter, b = object(), Relations()
    monitor = watch(waiter, b)

    assert b.end_relations() == ([monitor], ())


def test_unwatching_tells_whether_the_monitor_was_active() -> None:
    a, b = Relations(), Relations()
    assert b.unwatch(Ref()) is False
    monitor = watch(a, b)

    assert b.unwatch(Ref()) is False
    assert a.unwatch(monitor.ref) is False
    assert b.unwatch(monitor.ref) is True
    assert b.unwatch(monitor.ref) is False
    assert is_empty(a)
    assert is_empty(b)


def test_unwatching_a_watcher_without_relations() -> None:
    b = Relations()
    monitor = watch(object(), b)

    assert b.unwatch(monitor.ref) is True
    assert is_empty(b)


def test_unwatching_leaves_other_monitors_alone() -> None:
    a, b = Relations(), Relations()
    first, second = watch(a, b), watch(a, b)
    b.unwatch(first.ref)

    assert a.watching == {second.ref: b}
    assert b.watched_by == {second.ref: second}


@pytest.mark.parametrize("watching", [None, {}])
def test_unwatching_when_the_watcher_has_forgotten(
    watching: dict[Ref, Relations] | None,
) -> None:
    a, b = Relations(), Relations()
    monitor = watch(a, b)
    a.watching = watching

    assert b.unwatch(monitor.ref) is True


def test_the_end_tells_links_and_monitors_in_the_order_of_their_making() -> None:
    a, peers = Relations(), [Relations() for _ in range(5)]
    for peer in peers:
        a.link(peer)
    monitors = [watch(peer, a) for peer in peers]

    assert a.end_relations() == (monitors, tuple(peers))


def test_linking_again_does_not_change_the_order() -> None:
    a, b, c = Relations(), Relations(), Relations()
    a.link(b)
    a.link(c)
    a.link(b)

    assert a.end_relations()[1] == (b, c)


def test_after_the_end_nobody_knows_the_dead() -> None:
    a, b = Relations(), Relations()
    a.link(b)
    watch(a, b)
    watch(b, a)
    a.end_relations()

    assert (a.links, a.watching, a.watched_by) == ((), None, None)
    assert is_empty(b)
    assert b.end_relations() == ((), ())


def test_monitors_that_the_dead_held_go_without_a_word() -> None:
    a, b = Relations(), Relations()
    watch(a, b)

    assert a.end_relations() == ((), ())
    assert b.end_relations() == ((), ())


def test_the_end_of_one_that_watches_itself_tells_nobody() -> None:
    a = Relations()
    watch(a, a)

    assert a.end_relations() == ((), ())


def test_a_monitor_shows_what_the_watcher_asked_for() -> None:
    monitor = watch(Relations(), Relations(), "tag")

    assert (monitor.shown, monitor.tag) == (SHOWN, "tag")
    assert Monitor(Ref(), None, SHOWN).tag is None


def test_monitors_are_compared_by_identity() -> None:
    ref = Ref()

    assert Monitor(ref, None, SHOWN) != Monitor(ref, None, SHOWN)


def test_relations_take_no_further_attributes() -> None:
    with pytest.raises(AttributeError):
        Relations().other = 1  # type: ignore[attr-defined]
