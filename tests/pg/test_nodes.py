"""Scopes of one name on several nodes of a Trio run are peers."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import trio

import otp
from otp import pg, process
from otp.pg import Joined, Left
from tests.kernel.support import in_process

from .support import another, kill, news, settled

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from otp import Node, Pid

EAST = pg.SCOPE.at("east")


@asynccontextmanager
async def east() -> AsyncIterator[Node]:
    """Run a node with a scope."""
    async with otp.Node("east") as node:
        await pg.start()
        yield node


def member(node: Node, *groups: object) -> Pid[Any]:
    """Start a process on *node*, and put it into *groups* there."""
    pid = node.spawn(trio.sleep_forever)
    for group in groups:
        pg.join(group, pid, scope=pg.SCOPE.at(node.name))
    return pid


@in_process
async def test_members_are_seen_on_all_nodes() -> None:
    me = process.self()
    here = pg.SCOPE.at(me.node)
    await pg.start()
    async with east() as node:
        first = member(node, "g")
        pg.join("g", me, scope=here)
        member(node, "there")

        assert pg.get_members("g", scope=here) == [me, first]
        assert pg.get_members("g", scope=EAST) == [me, first]
        assert pg.get_local_members("g", scope=here) == [me]
        assert pg.get_local_members("g", scope=EAST) == [first]
        assert pg.which_groups(scope=here) == ["g", "there"]
        assert pg.which_local_groups(scope=here) == ["g"]
        assert pg.which_local_groups(scope=EAST) == ["g", "there"]


@in_process
async def test_changes_on_one_node_are_heard_of_on_the_others() -> None:
    await pg.start()
    me = process.self()
    pg.monitor("g")
    async with east() as node:
        first, second = member(node, "g"), member(node, "g", "g")
        pg.leave("g", [first, second], scope=EAST)
        kill(second)
        told = news(me)

    assert told == [
        (Joined, "g", (first,)),
        (Joined, "g", (second,)),
        (Joined, "g", (second,)),
        (Left, "g", (first, second)),
        (Left, "g", (second,)),
    ]


@in_process
async def test_a_scope_that_comes_late_knows_who_is_there() -> None:
    await pg.start()
    first, second = another("g", "h"), another("g", "g")
    async with east():
        members = pg.get_members("g", scope=EAST)
        groups = pg.which_groups(scope=EAST)
        local = pg.which_local_groups(scope=EAST)
        kill(second)
        left = pg.get_members("g", scope=EAST)

    assert members == [second, second, first]
    assert set(groups) == {"g", "h"}
    assert local == []
    assert left == [first]


@in_process
async def test_a_third_takes_from_each_what_is_its_own() -> None:
    await pg.start()
    mine = another("g", "mine")
    async with east() as node:
        theirs = member(node, "g")
        async with otp.Node("west"):
            await pg.start()
            west = pg.SCOPE.at("west")
            assert sorted(map(repr, pg.get_members("g", scope=west))) == sorted(
                map(repr, [mine, theirs])
            )
            assert pg.get_members("mine", scope=west) == [mine]


@in_process
async def test_what_a_scope_had_brought_goes_with_it() -> None:
    await pg.start()
    me = process.self()
    here = pg.SCOPE.at(me.node)
    mine = another("g")
    pg.monitor_scope()
    async with east() as node:
        theirs = member(node, "g", "h", "g")
        news(me)
        scope = process.whereis(EAST)
        assert scope is not None
        kill(scope)
        await settled()

        assert process.is_alive(theirs)
        assert pg.get_members("g", scope=here) == [mine]
        assert news(me) == [(Left, "g", (theirs, theirs)), (Left, "h", (theirs,))]


@in_process
async def test_the_end_of_a_node_takes_its_members_out() -> None:
    await pg.start()
    here = pg.SCOPE.at(process.self().node)
    async with east() as node:
        member(node, "g")
        before = pg.get_members("g", scope=here)

    assert len(before) == 1
    assert pg.which_groups() == []


@in_process
async def test_scopes_of_other_names_are_no_peers() -> None:
    await pg.start(chat := otp.Name[pg.Scope]("chat", process.self().node))
    async with east() as node:
        member(node, "g")

        assert pg.get_members("g", scope=chat) == []


@in_process
async def test_who_only_has_the_name_is_no_peer() -> None:
    process.register("pg", process.self())
    async with east() as node:
        pid = member(node, "g")

        assert pg.get_members("g", scope=EAST) == [pid]
