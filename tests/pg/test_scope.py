"""Joining and leaving groups, and who hears of it."""

from __future__ import annotations

from typing import Any

import pytest
import trio

import otp
from otp import (
    AlreadyStartedError,
    Down,
    Killed,
    Name,
    NoProcessError,
    NotAProcessError,
    Pid,
    Ref,
    child_spec,
    one_for_one,
    pg,
    process,
    registry,
    supervisor,
    sys,
)
from otp.gen import UnexpectedMessage
from otp.pg import Joined, Left, NoScopeError, NotLocalError, Scope
from tests.kernel.support import collected_reports, dead_pid, flush, in_process, on_node

from .support import another, kill, news, settled

CHAT = Name[Scope]("chat")


async def start() -> Pid[Scope]:
    """Start the scope that is meant if none is named."""
    return await pg.start()


# ---------------------------------------------------------------------- memberships


@in_process
async def test_who_has_joined_is_a_member() -> None:
    await start()
    me = process.self()
    pg.join("g", me)

    assert pg.get_members("g") == [me]
    assert pg.get_local_members("g") == [me]
    assert pg.which_groups() == pg.which_local_groups() == ["g"]


@in_process
async def test_members_come_newest_first() -> None:
    await start()
    first, second, third, fourth = (another() for _ in range(4))
    pg.join("g", first)
    pg.join("g", [third, second])
    pg.join("g", fourth)

    assert pg.get_members("g") == [fourth, third, second, first]
    assert pg.get_local_members("g") == [fourth, third, second, first]


@in_process
async def test_one_may_be_in_a_group_several_times() -> None:
    await start()
    me, other = process.self(), another()
    pg.join("g", [me, me])
    pg.join("g", other)
    pg.join("g", me)
    seen = [pg.get_members("g")]
    while pg.leave("g", me):
        seen.append(pg.get_members("g"))

    assert seen == [
        [me, other, me, me],
        [other, me, me],
        [other, me],
        [other],
    ]


@in_process
async def test_whoever_was_not_in_a_group_does_not_leave_it() -> None:
    await start()
    me, other = process.self(), another("g")

    assert pg.leave("g", me) is False
    assert pg.leave("never", me) is False
    assert pg.leave("g", []) is False
    assert pg.leave("g", [me, other, other]) is True
    assert pg.which_groups() == []


@in_process
async def test_several_are_given_as_any_iterable() -> None:
    await start()
    pids = {another(), another()}
    pg.join("g", pids)
    pg.join("g", iter(pids))
    pg.leave("g", (pid for pid in pids))

    assert sorted(map(repr, pg.get_members("g"))) == sorted(map(repr, pids))


@in_process
async def test_groups_are_anything_hashable() -> None:
    await start()
    me = process.self()
    groups: list[object] = [None, 1, ("a", 2)]
    for group in groups:
        pg.join(group, me)

    assert pg.which_groups() == groups
    assert [pg.get_members(group) for group in groups] == [[me]] * 3
    with pytest.raises(TypeError, match="unhashable"):
        pg.join([], me)  # type: ignore[arg-type]


@in_process
async def test_joining_with_nobody_makes_no_group() -> None:
    await start()
    pg.monitor_scope()
    pg.join("g", [])

    assert pg.which_groups() == []
    assert news() == []


@in_process
async def test_others_may_be_put_into_groups_and_taken_out() -> None:
    await start()
    other = another()
    pg.join("g", other)
    seen = pg.get_members("g")

    assert pg.leave("g", other)
    assert (seen, pg.get_members("g")) == ([other], [])
    assert other.process is not None
    assert not other.process.watched_by


@in_process
async def test_the_dead_are_in_no_group() -> None:
    await start()
    first, second = another("g", "h"), another("g")
    kill(first)

    assert pg.get_members("g") == [second]
    assert pg.which_groups() == ["g"]


@in_process
async def test_the_dead_are_out_before_anybody_hears_of_the_death() -> None:
    await start()
    other = another("g")
    seen: list[object] = []

    async def watch() -> None:
        process.monitor(other)
        assert (await process.receive(Down)).reason == Killed()
        seen.append(pg.get_members("g"))

    process.spawn(watch)
    await settled()
    kill(other)
    await settled()

    assert seen == [[]]


@in_process
async def test_one_that_was_dead_already_is_out_at_once() -> None:
    await start()
    dead, alive = await dead_pid(), another()
    pg.monitor("g")
    pg.join("g", [dead, alive, dead])

    assert pg.get_members("g") == [alive]
    assert news() == [
        (Joined, "g", (dead, alive, dead)),
        (Left, "g", (dead,)),
        (Left, "g", (dead,)),
    ]


@in_process
async def test_ghosts_neither_join_nor_leave_nor_hear() -> None:
    await start()
    pg.monitor_scope()
    seen: list[object] = []

    async def linger() -> None:
        pg.join("g", process.self())
        pg.join("h", other)
        try:
            await trio.sleep_forever()
        finally:
            pg.join("g", other)
            seen.extend([pg.leave("h", other), pg.monitor("h")[1]])

    other = another()
    pid = process.spawn(linger)
    await settled()
    news()
    kill(pid)
    await settled()

    assert seen == [False, [other]]
    assert pg.which_groups() == ["h"]
    assert news() == [(Left, "g", (pid,))]


# ------------------------------------------------------------------------ monitors


@in_process
async def test_a_monitor_hears_of_every_change_of_its_group() -> None:
    await start()
    first, second = another("g"), another("other")
    ref, members = pg.monitor("g")
    pg.join("g", [second, second])
    pg.join("other", first)
    pg.leave("g", [second, first])
    kill(second)

    assert members == [first]
    assert await flush(0) == [
        Joined(ref, "g", (second, second)),
        Left(ref, "g", (second, first)),
        Left(ref, "g", (second,)),
    ]


@in_process
async def test_only_who_was_in_the_group_has_left_it() -> None:
    await start()
    first, second = another("g"), another()
    pg.monitor("g")
    pg.leave("g", [second, first, first])

    assert news() == [(Left, "g", (first,))]


@in_process
async def test_a_monitor_of_the_scope_hears_of_all_groups() -> None:
    await start()
    first = another("g", "h")
    ref, groups = pg.monitor_scope()
    second = another("new")
    kill(first)

    assert groups == {"g": [first], "h": [first]}
    assert await flush(0) == [
        Joined(ref, "new", (second,)),
        Left(ref, "h", (first,)),
        Left(ref, "g", (first,)),
    ]


@in_process
async def test_a_member_leaves_its_groups_newest_first() -> None:
    await start()
    pid = another("a", "b", "a")
    pg.monitor_scope()
    kill(pid)

    assert [group for _, group, _ in news()] == ["a", "b", "a"]


@in_process
async def test_monitors_are_as_many_as_one_likes() -> None:
    await start()
    refs = [pg.monitor("g")[0], pg.monitor("g")[0], pg.monitor_scope()[0]]
    me = process.self()
    pg.join("g", me)
    messages = await flush(0)

    assert len(set(refs)) == 3
    assert {m.ref for m in messages if isinstance(m, Joined)} == set(refs)
    assert len(messages) == 3


@in_process
async def test_one_that_monitors_may_be_a_member() -> None:
    await start()
    me = process.self()
    pg.join("g", me)
    ref, members = pg.monitor("g")
    pg.leave("g", me)

    assert members == [me]
    assert await flush(0) == [Left(ref, "g", (me,))]


@in_process
async def test_none_is_a_group_like_any_other() -> None:
    await start()
    pg.monitor(None)
    pg.join("g", process.self())
    pg.join(None, process.self())

    assert news() == [(Joined, None, (process.self(),))]


@pytest.mark.parametrize("whole", [True, False])
@in_process
async def test_a_monitor_that_is_taken_back_leaves_nothing(whole: bool) -> None:
    scope = await start()
    other = another()
    ref = pg.monitor_scope()[0] if whole else pg.monitor("g")[0]
    pg.join("g", other)
    process.send(process.self(), Joined(Ref(), "g", ()))
    pg.leave("g", other)

    assert pg.demonitor(ref) is True
    assert pg.demonitor(ref) is False
    pg.join("g", other)
    messages = await flush(0)
    assert [type(m) for m in messages] == [Joined]
    assert messages != [Joined(ref, "g", ())]
    pg.leave("g", other)
    assert_watches_nobody(scope)


@in_process
async def test_one_of_several_monitors_is_taken_back() -> None:
    await start()
    first, second = pg.monitor("g")[0], pg.monitor("g")[0]
    pg.demonitor(first)
    pg.join("g", process.self())

    assert await flush(0) == [Joined(second, "g", (process.self(),))]


@in_process
async def test_a_monitor_ends_with_its_process() -> None:
    scope = await start()

    async def watch() -> None:
        pg.monitor("g")
        pg.monitor_scope()
        await trio.sleep_forever()

    pid = process.spawn(watch)
    await settled()
    kill(pid)
    pg.join("g", process.self())
    pg.leave("g", process.self())

    assert_watches_nobody(scope)


def assert_watches_nobody(scope: Pid[Scope]) -> None:
    """Check that a scope has no monitors and no members left."""
    assert scope.process is not None
    hub: Any = next(iter((scope.process.dictionary or {}).values()))
    assert hub.groups.groups() == []
    assert (hub._ends, hub._watchers, hub._of_scope, hub._of_group) == ({}, {}, {}, {})


@in_process
async def test_a_full_mailbox_is_told_all_the_same() -> None:
    await start()
    seen: list[object] = []

    async def watch() -> None:
        pg.monitor("g")
        await process.receive(lambda m: m == "go")
        seen.extend(news())

    pid = process.spawn(watch, mailbox=otp.Bounded(1))
    await settled()
    for _ in range(3):
        pg.join("g", pid)
    process.send(pid, "lost")
    process.exit(pid, otp.Normal())
    assert pid.process is not None
    pid.process.mailbox.put("go")
    await settled()

    assert len(seen) == 3


# --------------------------------------------------------------------------- scopes


@in_process
async def test_scopes_have_nothing_to_do_with_each_other() -> None:
    await start()
    await pg.start(CHAT)
    me = process.self()
    pg.join("g", me, scope=CHAT)
    ref, members = pg.monitor("g", scope=CHAT)
    _, groups = pg.monitor_scope(scope=CHAT)

    assert pg.get_members("g") == pg.which_groups() == []
    assert pg.get_members("g", scope=CHAT) == members == [me]
    assert pg.get_local_members("g", scope=CHAT) == [me]
    assert pg.which_groups(scope=CHAT) == pg.which_local_groups(scope=CHAT) == ["g"]
    assert groups == {"g": [me]}
    assert pg.demonitor(ref) is False
    assert pg.demonitor(ref, scope=CHAT) is True
    assert pg.leave("g", me) is False
    assert pg.leave("g", me, scope=CHAT) is True


@in_process
async def test_a_scope_is_a_child_like_any_other() -> None:
    process.trap_exit(True)
    spec = one_for_one(
        child_spec(pg.Scope),
        child_spec(pg.Scope).named(CHAT).override(id="chat"),
    )
    await supervisor.start_link(otp.Supervisor, spec)
    pg.join("g", process.self())
    pg.join("g", process.self(), scope=CHAT)
    scope = process.whereis(pg.SCOPE)
    assert scope is not None
    kill(scope)
    await settled()

    assert pg.get_members("g") == []
    assert pg.get_members("g", scope=CHAT) == [process.self()]


@in_process
async def test_there_is_one_scope_of_a_name() -> None:
    pid = await pg.start_link()
    with pytest.raises(AlreadyStartedError) as caught:
        await pg.start()

    assert caught.value.pid is pid
    assert process.registered() == ["pg"]


@in_process
async def test_a_scope_may_be_known_to_a_registry_only() -> None:
    process.trap_exit(True)
    names = Name[otp.Registry[str, None]]("names")
    await registry.start_link(names, keys="unique")
    via = registry.via(names, "scope")
    await pg.start(via)
    pg.join("g", process.self(), scope=via)

    assert pg.get_members("g", scope=via) == [process.self()]


@in_process
async def test_groups_go_with_their_scope() -> None:
    scope = await start()
    me = process.self()
    other = another("g")
    assert me.process is not None
    before = len(me.process.watched_by or {})
    pg.join("g", me)
    pg.monitor("g")
    kill(scope)

    assert pg.get_members("g") == []
    assert len(me.process.watched_by or {}) == before
    assert other.process is not None
    assert not other.process.watched_by
    await start()
    assert pg.which_groups() == []
    assert news() == []


@in_process
async def test_a_scope_that_is_not_there_is_an_error_for_who_wants_something() -> None:
    me = process.self()
    ref = Ref()
    acts: list[Any] = [
        lambda scope: pg.join("g", me, scope=scope),
        lambda scope: pg.leave("g", me, scope=scope),
        lambda scope: pg.which_groups(scope=scope),
        lambda scope: pg.which_local_groups(scope=scope),
        lambda scope: pg.monitor("g", scope=scope),
        lambda scope: pg.monitor_scope(scope=scope),
        lambda scope: pg.demonitor(ref, scope=scope),
    ]
    for act in acts:
        for scope in (pg.SCOPE, CHAT, me):
            with pytest.raises(NoScopeError, match="there is no scope") as caught:
                act(scope)
            assert caught.value.server is scope
            assert isinstance(caught.value, NoProcessError)
    assert pg.get_members("g") == []
    assert pg.get_local_members("g", scope=CHAT) == []


@on_node
async def test_only_processes_monitor_groups() -> None:
    await start()
    for act in (lambda: pg.monitor("g"), pg.monitor_scope, lambda: pg.demonitor(Ref())):
        with pytest.raises(NotAProcessError):
            act()
    pg.join("g", another())
    assert len(pg.get_members("g")) == 1


@pytest.mark.parametrize("wrong", ["x", [None], Name("x"), 3])
@in_process
async def test_members_are_pids(wrong: Any) -> None:
    await start()
    with pytest.raises(TypeError):
        pg.join("g", wrong)
    with pytest.raises(TypeError):
        pg.leave("g", wrong)

    assert pg.which_groups() == []


@in_process
async def test_a_wrong_member_is_named() -> None:
    await start()
    with pytest.raises(TypeError, match="the members of groups are pids, not 'x'"):
        pg.join("g", "x")  # type: ignore[arg-type]


@in_process
async def test_who_lives_on_another_node_neither_joins_nor_leaves() -> None:
    await start()
    me = process.self()
    here = pg.SCOPE.at(me.node)
    async with otp.Node("east") as east:
        other = east.spawn(trio.sleep_forever)
        for act in (pg.join, pg.leave):
            with pytest.raises(NotLocalError, match="does not live on") as caught:
                act("g", [me, other], scope=here)
            assert (caught.value.pid, caught.value.node) == (other, me.node)

    assert pg.get_members("g") == []


@in_process
async def test_a_scope_shows_its_groups() -> None:
    scope = await start()
    me = process.self()
    pg.join("g", me)
    state: Any = await sys.get_state(scope)
    status = await sys.get_status(scope)

    assert repr(state["groups"]) == "<groups: 1, members: 1>"
    assert status.state == {"groups": {"g": [me]}}
    assert "<groups: 1, members: 1>" in repr(status.dictionary)


@in_process
async def test_a_scope_drops_what_is_sent_to_it() -> None:
    scope = await start()
    with collected_reports() as reports:
        process.send(scope, "hello")
        await settled()

    assert [type(report) for report in reports] == [UnexpectedMessage]
