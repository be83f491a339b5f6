"""The probes of process groups."""

from __future__ import annotations

import pytest
import trio

from otp import Name, pg, process
from otp.pg import Joined, Left, NoScopeError, Scope
from tests.kernel.support import dead_pid, flush

from .erlang import term
from .records import Probes

SELF = process.self


def write(value: object) -> str:
    """Write *value* as the Erlang term that stands for it."""
    match value:
        case Joined(ref, group, pids):
            return term((ref, "join", group, list(pids)))
        case Left(ref, group, pids):
            return term((ref, "leave", group, list(pids)))
        case list():
            return "[" + ",".join(map(write, value)) + "]"
        case tuple():
            return "{" + ",".join(map(write, value)) + "}"
        case _:
            return term(value)


PROBES = Probes("pg.otp27.txt", 44, write)
probe = PROBES.probe


def leave(group: str, *pids: object) -> str:
    """Leave, and return what Erlang returns."""
    return "ok" if pg.leave(group, pids) else "not_joined"  # type: ignore[arg-type]


@probe("pg join twice / leave once")
async def test_each_leaving_ends_one_membership() -> object:
    await pg.start()
    pg.join("g", SELF())
    pg.join("g", SELF())
    twice = len(pg.get_members("g"))
    pg.leave("g", SELF())
    once = len(pg.get_members("g"))
    pg.leave("g", SELF())
    return (twice, once, pg.get_members("g"), leave("g", SELF()))


@probe("pg member death")
async def test_a_death_is_a_leaving() -> object:
    await pg.start()
    pid = process.spawn(trio.sleep, 0.01)
    ref, _ = pg.monitor("g2")
    pg.join("g2", pid)
    messages = await flush()
    same = all(isinstance(m, Joined | Left) and m.ref is ref for m in messages)
    return (messages, same, pg.which_groups())


@probe("pg get_members newest first")
async def test_the_newest_member_comes_first() -> object:
    await pg.start()
    first, second = process.spawn(trio.sleep, 1), process.spawn(trio.sleep, 1)
    pg.join("g3", first)
    pg.join("g3", second)
    return pg.get_members("g3") == [second, first]


@probe("pg monitor sees join/leave shape")
async def test_who_joins_at_once_is_told_of_at_once() -> object:
    await pg.start()
    _, members = pg.monitor("g4")
    assert members == []
    pg.join("g4", [SELF(), SELF()])
    pg.leave("g4", SELF())
    return await flush()


@probe("pg unknown group")
async def test_nobody_is_in_unknown_groups_and_scopes() -> object:
    await pg.start()
    nowhere = Name[Scope]("nosuchscope")
    return (pg.get_members("zz"), pg.get_local_members("zz", scope=nowhere))


@probe("pg non-existent scope join")
async def test_nobody_joins_where_there_is_no_scope() -> object:
    with pytest.raises(NoScopeError) as caught:
        pg.join("g", SELF(), scope=Name[Scope]("noscope"))
    # Nobody is called here; it is the same reason.
    request = ("join_local", "g", SELF())
    mfa = ("gen_server", "call", [caught.value.server, request, "infinity"])
    return ("'EXIT'", ("noproc", mfa))


@probe("pg join dead pid")
async def test_the_dead_may_join_and_do_not_stay() -> object:
    await pg.start()
    pg.join("g5", await dead_pid())
    return ("ok", pg.get_members("g5"))


@probe("pg leave list partially")
async def test_some_of_those_who_leave_may_not_have_been_there() -> object:
    await pg.start()
    pid = process.spawn(trio.sleep, 1)
    pg.join("g6", pid)
    return (leave("g6", pid, SELF()), pg.get_members("g6"))


def test_every_recorded_probe_of_groups_is_tested() -> None:
    assert PROBES.tested(globals()) == PROBES.records.keys()
