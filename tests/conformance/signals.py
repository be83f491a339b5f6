"""Kind ``signals``: plain processes that execute one command after the other.

A process takes its messages in order. A command it executes, and reports the result;
anything else it reports. While it is paused it takes nothing out of its mailbox, but
signals act on it all the same.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from operator import eq
from typing import TYPE_CHECKING, Final, cast, final

import attrs
import trio

import otp
from otp import process
from tests.conformance.common import (
    Replay,
    Scripted,
    World,
    on_a_node,
    settle,
    to_reason,
    uncaught_throw,
)
from tests.conformance.outbox import Outbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.conformance.common import Scenario, Term


async def replay(scenario: Scenario) -> Replay:
    """Replay a scenario of plain processes."""
    return await on_a_node(world := World(), lambda: _play(world, scenario))


async def _play(world: World, scenario: Scenario) -> Term:
    for who in cast("Iterable[str]", scenario["procs"]):
        world.register(process.spawn(Actor(world, who).live), who)
    await settle()
    for n, step in enumerate(cast("Iterable[Term]", scenario["steps"]), 1):
        world.event("step", n)
        await _take(world, n, step)
        await settle()
    return tuple(_final(world, who, pid) for who, pid in world.processes())


async def _take(world: World, n: int, step: Term) -> None:
    match step:
        case ("do", who, command):
            _command(world, n, who, command)
        case ("burst", tuple(listed), tuple(commands)):
            paused = [pid for who in listed if (pid := world.alive(who)) is not None]
            await _burst(world, n, paused, commands)
        case _:
            raise ValueError(f"unknown step {step!r}")


async def _burst(
    world: World,
    n: int,
    paused: Iterable[otp.Pid],
    commands: Iterable[tuple[Term, ...]],
) -> None:
    """Give commands to processes of which some are paused, then let those go on."""
    for pid in paused:
        process.send(pid, Pause(n))
    await settle()
    for k, (_, who, command) in enumerate(commands, 1):
        _command(world, (n, k), who, command)
        await settle()
    for pid in paused:
        process.send(pid, Resume(n))
        await settle()


def _command(world: World, step: Term, id: Term, command: Term) -> None:
    pid = world.alive(id)
    if pid is None:
        world.event("noproc", step, id)
    else:
        process.send(pid, Do(step, command))


def _final(world: World, id: Term, pid: otp.Pid) -> Term:
    info = process.info(pid)
    if info is None:
        return (id, "dead")
    links = tuple(sorted(str(world.id(peer)) for peer in info.links))
    mail = info.message_queue_len
    return (id, "alive", links, info.trap_exit, mail, info.name or "none")


@final
@attrs.frozen
class Do:
    """Execute *command*, and report the result as that of *step*."""

    step: Term
    command: Term


@final
@attrs.frozen
class Pause:
    """Take nothing out of the mailbox but the `Resume` of the same turn."""

    turn: int


@final
@attrs.frozen
class Resume:
    """Go on."""

    turn: int


class UnknownProcessError(Exception):
    """A command is about a process that there never was."""


@final
class Actor:
    """One process. The command ``["link", Q]`` is its method ``link``."""

    def __init__(self, world: World, id: str) -> None:
        self._world = world
        self._id = id
        self._monitors: dict[str, otp.Ref] = {}
        self._outbox = Outbox(self._monitor)

    async def live(self) -> None:
        """Take messages for ever, or until a command says otherwise."""
        while True:
            match await self._receive():
                case Pause(turn):
                    await self._receive(partial(eq, Resume(turn)))
                case Resume():
                    pass
                case Do(step, command):
                    if command == "return":
                        self._outbox.send()
                        return
                    result = await self._execute(command)
                    self._world.event("result", step, self._id, result)
                case message:
                    self._world.event("msg", self._id, message)

    async def _receive(self, fits: Callable[[object], bool] | None = None) -> object:
        """Take a message; what this process sends goes out before it waits for one."""
        with suppress(trio.WouldBlock):
            return process.receive_nowait(fits or _anything)
        await self._outbox.send_in_turns()
        return await process.receive(fits or _anything)

    async def _execute(self, command: Term) -> object:
        match command:
            case ("select", str(tag)):
                return await self._receive(_tagged(tag))
            case (str(name), *arguments):
                result = self._execute_at_once(name, arguments)
                if name in _LOOKING:
                    await _look_for_nothing()
                return result
            case _:
                raise ValueError(f"unknown command {command!r}")

    def _execute_at_once(self, name: str, arguments: list[Term]) -> object:
        try:
            return getattr(self, name)(*arguments)
        except UnknownProcessError:
            return "unknown"
        except (otp.OTPError, ValueError):
            return ("$error", "badarg")

    def _pid(self, id: str) -> otp.Pid:
        pid = self._world.pid(id)
        if pid is None:
            raise UnknownProcessError
        return pid

    # ----------------------------------------------------------- starting, ending

    def spawn(self, id: str) -> otp.Pid:
        return self._spawned(process.spawn(Actor(self._world, id).live), id)

    def spawn_link(self, id: str) -> otp.Pid:
        return self._spawned(process.spawn_link(Actor(self._world, id).live), id)

    def spawn_monitor(self, id: str, label: str) -> tuple[otp.Pid, otp.Ref]:
        pid, ref = process.spawn_monitor(Actor(self._world, id).live)
        return self._spawned(pid, id), self._labelled(ref, label)

    def _spawned(self, pid: otp.Pid, id: str) -> otp.Pid:
        self._world.register(pid, id)
        self._outbox.touch(pid)
        return pid

    def exit(self, reason: Term) -> None:
        self._outbox.send()
        raise otp.Exit(to_reason(reason))

    def error(self, term: Term) -> None:
        self._outbox.send()
        raise Scripted(term)

    def throw(self, value: Term) -> None:
        self._outbox.send()
        raise uncaught_throw(value)

    def is_alive(self, id: str) -> bool:
        return process.is_alive(self._pid(id))

    # ----------------------------------------------------------- exit signals

    def trap(self, on: bool) -> bool:
        return process.trap_exit(on)

    def exit2(self, id: str, reason: Term) -> bool:
        pid = self._pid(id)
        if pid is process.self():
            self._outbox.send()
            process.exit(pid, to_reason(reason))
        else:
            self._outbox.exit(pid, to_reason(reason))
        return True

    def link(self, id: str) -> Term:
        pid = self._pid(id)
        if not _is_linked_to(pid):
            self._outbox.touch(pid)
            if self._outbox.has_condemned(pid):
                # The link goes out behind the exit signal, and finds nobody.
                self._outbox.link(pid)
                return True
        try:
            process.link(pid)
        except otp.NoProcessError:
            return ("$error", "noproc")
        return True

    def unlink(self, id: str) -> bool:
        self._unlink(id, flush=False)
        return True

    def unlink_flush(self, id: str) -> Term:
        return "flushed" if self._unlink(id, flush=True) else True

    def _unlink(self, id: str, *, flush: bool) -> bool:
        pid = self._pid(id)
        self._outbox.unlink(pid)
        if _is_linked_to(pid):
            self._outbox.touch(pid)
        return process.unlink(pid, flush=flush)

    # ----------------------------------------------------------- monitors

    def monitor(self, id: str, label: str) -> str:
        pid = self._pid(id)
        if pid is process.self():
            self._monitor(pid, label)
        else:
            self._outbox.monitor(pid, label)
        return label

    def monitor_name(self, name: str, label: str) -> otp.Ref:
        return self._labelled(process.monitor(otp.Name(name)), label)

    def demonitor(self, label: str, options: tuple[str, ...]) -> Term:
        self._outbox.send_monitor(label)
        ref = self._monitors.get(label)
        if ref is None:
            return "unknown"
        active = process.demonitor(ref, flush="flush" in options)
        return active if "info" in options else True

    def _monitor(self, pid: otp.Pid, label: str) -> None:
        self._labelled(process.monitor(pid), label)

    def _labelled(self, ref: otp.Ref, label: str) -> otp.Ref:
        self._monitors[label] = ref
        self._world.label(ref, label)
        return ref

    # ----------------------------------------------------------- messages, names

    def send(self, id: str, message: Term) -> str:
        self._outbox.mail(self._pid(id), message)
        return "sent"

    def send_name(self, name: str, message: Term) -> str:
        pid: otp.Pid | None = process.whereis(name)
        if pid is None:
            raise otp.NoProcessError(name)
        self._outbox.mail(pid, message)
        return "sent"

    def select0(self, tag: str) -> object:
        try:
            return process.receive_nowait(_tagged(tag))
        except trio.WouldBlock:
            return "none"

    def register(self, name: str, id: str) -> bool:
        process.register(name, self._pid(id))
        return True

    def unregister(self, name: str) -> bool:
        process.unregister(name)
        return True

    def whereis(self, name: str) -> object:
        return process.whereis(name) or "undefined"


# What Erlang does by looking through the mail and taking nothing.
_LOOKING: Final = frozenset({"select0", "unlink_flush", "is_alive"})


async def _look_for_nothing() -> None:
    with suppress(otp.ReceiveTimeoutError):
        await process.receive(lambda _: False, timeout=0)


def _is_linked_to(pid: otp.Pid) -> bool:
    info = process.info(process.self())
    return info is not None and pid in info.links


def _anything(_message: object) -> bool:
    return True


def _tagged(tag: str) -> Callable[[object], bool]:
    return lambda m: isinstance(m, tuple) and m[:2] == ("m", tag)
