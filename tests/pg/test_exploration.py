from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import trio
from trio.lowlevel import checkpoint

import otp
from otp import pg, process
from otp.testing import Cancelling, cancel_everywhere, explore
from tests.testing.worlds import all_exited, cancelled_world, mail, together, world

if TYPE_CHECKING:
    from otp import Pid


async def stop_scope() -> None:
    await otp.sys.stop(pg.SCOPE)


def told_of(came: list[Pid]) -> list[Pid]:
    """Take the caller's mail, about changes, and return who is there after them.

    *came* are those who were there before; nobody leaves who is not there.
    """
    there = list(came)
    for message in mail():
        assert isinstance(message, (pg.Joined, pg.Left))
        for pid in message.pids:
            if isinstance(message, pg.Joined):
                there.append(pid)
            else:
                there.remove(pid)
    return there


async def come_and_go(pid: Pid, times: int) -> None:
    for _ in range(times):
        pg.join("g", pid)
        await checkpoint()
        assert process.is_alive(pid) == (pid in pg.get_members("g"))
        pg.leave("g", pid)
        await checkpoint()


async def kill(pid: Pid) -> None:
    process.exit(pid, otp.Kill())
    assert pid not in pg.get_members("g")
    await checkpoint()


def test_nobody_who_is_dead_is_ever_seen_as_a_member() -> None:
    async def body() -> None:
        await pg.start()
        members = [process.spawn(trio.sleep_forever) for _ in range(3)]

        async def look(pid: Pid) -> None:
            """Look when the death is heard of, and before and after it."""
            process.monitor(pid)
            while True:
                assert all(map(process.is_alive, pg.get_members("g")))
                try:
                    await process.receive(otp.Down, timeout=0)
                except otp.ReceiveTimeoutError:
                    await checkpoint()
                else:
                    break
            assert pid not in pg.get_members("g")

        async def join_all() -> None:
            # Those that are dead by now join, too, and leave at once.
            for pid in members:
                pg.join("g", [pid, pid])
                pg.join("other", pid)
                await checkpoint()
                # It is still in both, so its death still matters.
                pg.leave("g", pid)

        await together(
            join_all, *(partial(do, pid) for pid in members for do in (look, kill))
        )
        assert pg.get_members("g") == []
        assert pg.which_groups() == []
        await stop_scope()

    explore(world(body), runs=30)


def test_who_monitors_knows_who_is_there_by_what_it_was_told() -> None:
    seen: set[int] = set()

    async def body() -> None:
        await pg.start()
        first, second = (process.spawn(trio.sleep_forever) for _ in range(2))
        counts: list[int] = []

        async def watch() -> None:
            await checkpoint()
            ref, there = pg.monitor("g")
            for _ in range(3):
                await checkpoint()
                there = told_of(there)
                assert sorted(map(str, there)) == sorted(map(str, pg.get_members("g")))
            assert pg.demonitor(ref)
            await checkpoint()
            counts.append(len(there))
            assert mail() == []

        await together(
            watch,
            partial(come_and_go, first, 2),
            partial(come_and_go, second, 2),
            partial(kill, second),
        )
        process.exit(first, otp.Kill())
        await all_exited(first)
        assert len(counts) == 1
        seen.update(counts)
        await stop_scope()

    explore(world(body), runs=60)

    assert seen >= {0, 1}


def test_scopes_of_two_nodes_agree_whenever_anybody_looks() -> None:
    async def body() -> None:
        async with otp.Node("a") as a, otp.Node("b") as b:
            errors: list[Exception] = []

            async def live(node: otp.Node, other: str) -> None:
                scope = await pg.start()
                there = otp.Name[pg.Scope]("pg", other)
                member = process.spawn(trio.sleep_forever)
                for _ in range(2):
                    pg.join("g", member)
                    agree(there)
                    await checkpoint()
                    agree(there)
                    pg.leave("g", member)
                    await checkpoint()
                pg.join("g", member)
                process.exit(member, otp.Kill())
                agree(there)
                assert member not in pg.get_members("g")
                await otp.sys.stop(scope)
                left = pg.get_members("g", scope=there)
                assert node.name not in {pid.node for pid in left}

            async def try_to_live(node: otp.Node, other: str) -> None:
                try:
                    await live(node, other)
                except Exception as error:  # noqa: BLE001 - raised below
                    errors.append(error)

            await all_exited(a.spawn(try_to_live, a, "b"), b.spawn(try_to_live, b, "a"))
        for error in errors:
            raise error

    explore(body, runs=60)


def agree(there: otp.Name[pg.Scope]) -> None:
    """Check that two scopes know the same members, if both are there."""
    try:
        pg.demonitor(otp.Ref(), scope=there)
    except (pg.NoScopeError, otp.NodeDownError):
        return
    other = pg.get_members("g", scope=there)
    assert sorted(map(str, pg.get_members("g"))) == sorted(map(str, other))


def test_a_scope_is_there_or_not_if_its_start_is_cancelled() -> None:
    async def begin(cancelling: Cancelling) -> None:
        scope = None
        with cancelling:
            scope = await pg.start()
        assert process.whereis(pg.SCOPE) is scope
        if scope is None:
            await pg.start()
        pg.join("g", process.self())
        await stop_scope()

    assert cancel_everywhere(cancelled_world(begin), schedules=5) > 3
