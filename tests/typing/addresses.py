"""The types of addresses and of starts. Read by the checkers, never run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_type

from otp import (
    Alias,
    Bounded,
    ChildSpec,
    GenServer,
    Name,
    Pid,
    Ref,
    ServerRef,
    Via,
    call,
    cast,
    child_spec,
    gen_server,
    process,
    sys,
    timer,
)
from otp.gen_server import Options
from otp.timer import TimerRef

if TYPE_CHECKING:
    from otp.abc import NameRegistry


class Base(GenServer):
    """A server with arguments."""

    def __init__(self, start: int, *, word: str = "") -> None:
        self.start = start
        self.word = word

    @call
    async def get(self) -> int:
        return self.start


class Derived(Base):
    """A server that derives from another."""


class Plain(GenServer):
    """A server without arguments."""


def a_pid_is_covariant(derived: Pid[Derived], base: Pid[Base], bare: Pid) -> None:
    as_base: Pid[Base] = derived
    as_object: Pid[object] = base
    as_bare: Pid = derived
    wrong: Pid[Derived] = base  # type: ignore[assignment]
    other: Pid[Plain] = base  # type: ignore[assignment]
    narrow: Pid[Base] = bare  # type: ignore[assignment]
    assert_type(bare, Pid[object])
    del as_base, as_object, as_bare, wrong, other, narrow


def a_name_is_covariant(derived: Name[Derived], base: Name[Base]) -> None:
    as_base: Name[Base] = derived
    as_bare: Name = derived
    wrong: Name[Derived] = base  # type: ignore[assignment]
    assert_type(Name[Base]("x"), Name[Base])
    assert_type(Name("x"), Name[object])
    assert_type(base.at("east"), Name[Base])
    Name(3)  # type: ignore[arg-type]
    base.at(3)  # type: ignore[arg-type]
    base.name = "y"  # type: ignore[misc]
    del as_base, as_bare, wrong


def a_via_is_covariant(derived: Via[Derived], registry: NameRegistry) -> None:
    as_base: Via[Base] = derived
    assert_type(Via[Base](registry, ("any", 1)), Via[Base])
    Via[Base](3, "k")  # type: ignore[arg-type]
    Via[Base](registry, [])  # type: ignore[arg-type]
    del as_base


def every_address_is_a_server_ref(
    pid: Pid[Derived], name: Name[Derived], via: Via[Derived], alias: Alias
) -> None:
    refs: list[ServerRef[Base]] = [pid, name, via]
    wrong: ServerRef = alias  # type: ignore[assignment]
    del refs, wrong


def a_name_leads_to_a_pid_of_its_type(name: Name[Base], via: Via[Base]) -> None:
    assert_type(process.whereis(name), Pid[Base] | None)
    assert_type(process.whereis(via), Pid[Base] | None)
    process.whereis(3)  # type: ignore[arg-type]


async def a_start_gives_a_pid_of_the_class() -> None:
    assert_type(await gen_server.start(Base, 1), Pid[Base])
    assert_type(await gen_server.start_link(Derived, 1, word="x"), Pid[Derived])
    assert_type(await gen_server.start_link(Plain), Pid[Plain])
    assert_type(await gen_server.start_monitor(Base, start=1), tuple[Pid[Base], Ref])
    assert_type(await gen_server.start_named(Name[Base]("x"), Base, 1), Pid[Base])
    options = Options(name=Name[Base]("x"), timeout=1.0, mailbox=Bounded(3))
    assert_type(await options.start_link(Base, 1), Pid[Base])
    assert_type(await options.start(Base, 1, word="x"), Pid[Base])
    assert_type(await options.start_monitor(Base, 1), tuple[Pid[Base], Ref])


async def its_arguments_are_those_of_the_class() -> None:
    await gen_server.start(Base)  # type: ignore[call-arg]
    await gen_server.start_link(Base, "x")  # type: ignore[arg-type]
    await gen_server.start_link(Base, 1, "x")  # type: ignore[call-arg]
    await gen_server.start_link(Base, 1, words="x")  # type: ignore[call-arg]
    await gen_server.start_link(Plain, 1)  # type: ignore[call-arg]
    await Options().start(Base, "x")  # type: ignore[arg-type]
    Options(timeout="x")  # type: ignore[arg-type]


def a_specification_knows_its_class(name: Name[Derived]) -> None:
    spec = child_spec(Derived, 1, word="x")
    assert_type(spec, ChildSpec[Derived])
    assert_type(spec.named(name), ChildSpec[Derived])
    assert_type(spec.override(restart="transient"), ChildSpec[Derived])
    as_base: ChildSpec[Base] = spec
    child_spec(Base, "x")  # type: ignore[arg-type]
    child_spec(Base)  # type: ignore[call-arg]
    spec.override(restart="sometimes")  # type: ignore[arg-type]
    spec.override(shutdown="kill")  # type: ignore[arg-type]
    del as_base


async def system_functions_take_any_address(
    pid: Pid[Base], name: Name[Base], via: Via[Base]
) -> None:
    assert_type(await sys.get_state(pid), object)
    assert_type(await sys.get_status(name), sys.Status)
    assert_type(await sys.get_statistics(via), sys.Statistics | None)
    assert_type(await sys.get_log(via), list[sys.Event])
    await sys.suspend("x")  # type: ignore[arg-type]
    await sys.stop(pid, "normal")  # type: ignore[arg-type]


async def debug_options_are_values(pid: Pid[Base]) -> None:
    debug: list[sys.DebugOption] = [sys.Trace(print), sys.Log(3), sys.Count()]
    options = Options(debug=[*debug, sys.LogToFile("x"), sys.Install(watch, 0)])
    assert_type(options.child_spec(Base, 1, word="x"), ChildSpec[Base])
    assert_type(options.debug, tuple[sys.DebugOption, ...])
    assert_type((await sys.get_status(pid)).debug, tuple[sys.DebugOption, ...])
    assert_type(await sys.install(pid, watch, 0, key="k"), object)
    await sys.log_to_file(pid, None)
    await sys.trace(pid, write=print)
    Options(debug=["trace"])  # type: ignore[list-item]
    Options(debug=sys.Trace())  # type: ignore[arg-type]
    options.child_spec(Base, "x")  # type: ignore[arg-type]
    options.child_spec(Base)  # type: ignore[call-arg]
    sys.Log("x")  # type: ignore[arg-type]
    sys.Trace("x")  # type: ignore[arg-type]
    sys.LogToFile(3)  # type: ignore[arg-type]
    sys.Install(3)  # type: ignore[arg-type]
    await sys.log_to_file(pid, 3)  # type: ignore[arg-type]


def watch(seen: int, event: sys.Event, server: Base) -> int:
    assert_type(event.kind, sys.EventKind)
    assert_type(event.asker, Pid | None)
    return seen + server.start


class Lamp(sys.SpecialProcess[bool]):
    """Has a loop of its own."""

    async def run(self) -> None:
        assert_type(self.state, bool)
        assert_type(await self.receive(), object)
        assert_type(await self.receive(int, timeout=1), int)
        assert_type(await self.receive(lambda message: message == 1), object)
        self.state = "x"  # type: ignore[assignment]
        await self.receive("x")  # type: ignore[call-overload]
        self.tell("x")  # type: ignore[arg-type]


class Own(GenServer):
    """Sends itself requests."""

    @cast
    async def tick(self) -> None:
        Own.tick(self.pid)
        Further.more(self.pid)  # type: ignore[arg-type]


class Further(Own):
    """Is another one, and knows it."""

    @cast
    async def more(self) -> None:
        Own.tick(self.pid)
        Further.more(self.pid)


def the_own_pid_is_of_the_class(own: Own, further: Further) -> None:
    assert_type(own.pid, Pid[Own])
    assert_type(further.pid, Pid[Further])
    own.pid = further.pid  # type: ignore[misc]


def timers_take_any_address(pid: Pid[Base], name: Name[Base], alias: Alias) -> None:
    assert_type(timer.send_after(1, pid, "x"), TimerRef)
    assert_type(timer.send_after(1, name, "x"), TimerRef)
    ref = timer.start_timer(0.5, alias, "x")
    assert_type(timer.cancel_timer(ref), float | None)
    assert_type(timer.read_timer(ref), float | None)
    timer.cancel_timer("x")  # type: ignore[arg-type]
    timer.send_after("1", pid, "x")  # type: ignore[arg-type]
    timer.kill_after(1, name)  # type: ignore[arg-type]


def functions_of_timers_have_their_arguments() -> None:
    async def later(n: int, word: str) -> None:
        del n, word

    timer.apply_after(1, later, 1, "x")
    timer.apply_interval(1, later, 1, "x")
    timer.apply_repeatedly(1, later, 1, "x")
    timer.apply_after(1, later, 1)  # type: ignore[arg-type]
    timer.apply_after(1, later, "x", 1)  # type: ignore[arg-type]


async def messages_are_anything(pid: Pid[Base], message: Any) -> None:
    process.send(pid, message)
    gen_server.cast(pid, message)
    assert_type(await gen_server.call(pid, message), object)
    assert_type(await gen_server.call(pid, message, timeout=1), object)
    gen_server.cast("x", message)  # type: ignore[arg-type]
