"""The probes of what Elixir adds to servers, supervisors and processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import trio

import otp
from otp import (
    GenServer,
    Stop,
    Supervisor,
    SupervisorSpec,
    child_spec,
    gen_server,
    one_for_one,
    process,
    supervisor,
)
from tests.kernel.support import flush

from .elixir import Atom, Module, exited, inspect
from .records import Probes

if TYPE_CHECKING:
    from otp import ChildSpec

PROBES = Probes("everyday.elixir1.18.txt", 49, inspect)
probe = PROBES.probe


class W(GenServer):
    """Answers slowly, or does not start."""

    def __init__(self, argument: object = None) -> None:
        self.argument = argument

    async def init(self) -> Stop | None:
        return Stop(otp.Reason("no")) if self.argument == "stop" else None

    async def handle_call(self, request: float, from_: object) -> None:
        del from_
        await trio.sleep(request)


def parts(spec: ChildSpec[Any]) -> list[tuple[str, object]]:
    """Return a child specification as Elixir shows it."""
    name = spec.id if isinstance(spec.id, Atom) else Module(spec.id)
    args = list(spec.start.args or ())
    assert isinstance(spec.shutdown, float)
    return [
        (Atom("id"), name),
        (Atom("restart"), Atom(spec.restart)),
        (Atom("shutdown"), round(spec.shutdown * 1000)),
        (Atom("start"), (Module("W"), Atom("start_link"), args)),
    ]


SPEC = child_spec(W, Atom("x")).override(restart="transient", shutdown=1.234)


@probe("use GenServer child_spec")
async def test_a_class_gives_a_specification() -> object:
    return parts(SPEC)


@probe("Supervisor.child_spec override")
async def test_a_specification_can_be_changed() -> object:
    return parts(SPEC.override(id=Atom("y"), restart="temporary"))


@probe("Supervisor defaults (max_restarts/seconds)")
async def test_the_limits_are_elixirs() -> object:
    spec = one_for_one()
    flags = {
        "intensity": spec.max_restarts,
        "period": spec.max_seconds,
        "strategy": Atom(spec.strategy),
        "auto_shutdown": Atom(spec.auto_shutdown),
    }
    return Atom("ok"), (flags, list(spec.children))


@probe("Supervisor missing strategy")
async def test_there_is_no_strategy_unless_it_is_said() -> object:
    with pytest.raises(TypeError, match="strategy"):
        SupervisorSpec(children=())  # type: ignore[call-arg]
    text = "expected :strategy option to be given"
    return Atom("error"), (Module("ArgumentError"), text)


@probe("Supervisor.start_link bad child")
async def test_a_child_that_does_not_start_is_named() -> object:
    process.trap_exit(True)
    try:
        return await supervisor.start_link(
            Supervisor, one_for_one(child_spec(W, "stop"))
        )
    except otp.StartError as error:
        match error.reason:
            case otp.Shutdown(supervisor.FailedToStartChild(str(id_), otp.Reason(why))):
                failure = (Atom("failed_to_start_child"), Module(id_), Atom(why))
                return Atom("error"), (Atom("shutdown"), failure)
            case reason:
                return reason


@probe("GenServer.call timeout")
async def test_a_call_has_its_time() -> object:
    pid = await gen_server.start(W)
    try:
        return await gen_server.call(pid, 60.0, timeout=0.01)
    except otp.CallTimeoutError as error:
        args = [Atom("pid"), (Atom("get"), Atom("fun")), round(error.timeout * 1000)]
        return exited(Atom("timeout"), "GenServer", "call", args)
    finally:
        process.exit(pid, otp.Kill())


@probe("GenServer.call atom noproc")
async def test_nobody_can_be_called() -> object:
    try:
        return await gen_server.call(otp.Name[W]("nosuch"), Atom("x"))
    except otp.NoProcessError:
        limit = round(gen_server.CALL_TIMEOUT * 1000)
        args = [Atom("nosuch"), Atom("x"), limit]
        return exited(Atom("noproc"), "GenServer", "call", args)


@probe("GenServer.stop")
async def test_a_server_stops_in_order() -> object:
    pid = await gen_server.start(W)
    await gen_server.stop(pid)
    assert not process.is_alive(pid)
    return Atom("ok")


@probe("Process.alias reply")
async def test_an_alias_leads_to_its_process_until_it_is_given_up() -> object:
    alias = process.alias()
    process.send(alias, 1)
    process.unalias(alias)
    process.send(alias, 2)
    return await flush(0)


def test_every_probe_is_tested() -> None:
    assert PROBES.tested(globals()) == set(PROBES.records)
