"""The probes of global names."""

from __future__ import annotations

import otp
from otp import global_, process

from .erlang import term
from .records import Probes

PROBES = Probes("global.otp27.txt", 44, term)
probe = PROBES.probe


async def idle() -> None:
    await process.receive()


def yes(answer: bool) -> str:
    """Return what Erlang says for a truth here."""
    return "yes" if answer else "no"


def whereis(name: str) -> object:
    return global_.whereis_name(name) or "undefined"


@probe("global register/conflict/whereis")
async def test_a_name_has_one_process() -> object:
    me, other = process.self(), process.spawn(idle)
    taken = yes(global_.register_name("gn", me))
    again = yes(global_.register_name("gn", other))
    found = global_.whereis_name("gn") is me
    global_.unregister_name("gn")
    gone = whereis("gn")
    global_.unregister_name("gn")
    process.exit(other, otp.Kill())
    return (taken, again, found, "ok", gone, "ok")


@probe("global re_register")
async def test_a_name_can_be_taken_over() -> object:
    me, other = process.self(), process.spawn(idle)
    global_.register_name("gr", me)
    taken = yes(global_.re_register_name("gr", other))
    found = global_.whereis_name("gr") is other
    process.exit(other, otp.Kill())
    return (taken, found)


@probe("global one pid two names")
async def test_a_process_has_one_name() -> object:
    me = process.self()
    first = yes(global_.register_name("g1", me))
    second = yes(global_.register_name("g2", me))
    global_.unregister_name("g1")
    return (first, second)


@probe("global send unknown")
async def test_nobody_can_be_sent_to() -> object:
    try:
        return global_.send("nosuchg", "hi")
    except otp.NoProcessError:
        return ("exit", ("badarg", ("nosuchg", "hi")))


@probe("global name freed on death")
async def test_a_death_frees_the_name() -> object:
    pid = process.spawn(idle)
    global_.register_name("gd", pid)
    process.exit(pid, otp.Kill())
    return whereis("gd")


def test_every_probe_is_tested() -> None:
    assert PROBES.tested(globals()) == set(PROBES.records)
