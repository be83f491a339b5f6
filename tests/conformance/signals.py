"""Kind ``signals``: plain processes that execute one command after the other.

A process takes its messages in order. A command it executes, and reports the result;
anything else it reports. While it is paused it takes nothing out of its mailbox, but
signals act on it all the same.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from itertools import takewhile
from operator import eq
from typing import TYPE_CHECKING, cast, final

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
        self._outbox = Outbox()

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
                try:
                    return getattr(self, name)(*arguments)
                except UnknownProcessError:
                    return "unknown"
                except (otp.OTPError, ValueError):
                    return ("$error", "badarg")
            case _:
                raise ValueError(f"unknown command {command!r}")

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

    def monitor(self, id: str, label: str) -> otp.Ref:
        pid = self._pid(id)
        self._outbox.watch(pid)
        return self._labelled(process.monitor(pid), label)

    def monitor_name(self, name: str, label: str) -> otp.Ref:
        return self._labelled(process.monitor(otp.Name(name)), label)

    def demonitor(self, label: str, options: tuple[str, ...]) -> Term:
        ref = self._monitors.get(label)
        if ref is None:
            return "unknown"
        active = process.demonitor(ref, flush="flush" in options)
        return active if "info" in options else True

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


@final
class Outbox:
    """What a process sends to others, kept back until it waits or ends.

    Erlang promises little of the time at which signals work, but this is what its one
    scheduler does: whoever was sent an exit signal dies of it when it gets its turn,
    before it takes any mail. Those who were sent something earlier have had their turns
    by then, and the sender has no mail left. Here a signal works when it is sent.
    """

    def __init__(self) -> None:
        self._mail: list[tuple[otp.Pid, Term]] = []
        self._exits: list[tuple[otp.Pid, otp.ExitReason]] = []
        self._links: dict[otp.Pid, None] = {}
        # Who gets a turn because of the process, in the order of the turns.
        self._touched: dict[otp.Pid, None] = {}
        # Who has been monitored last, and gets to know it with the next signal.
        self._watched: list[otp.Pid] = []

    def touch(self, pid: otp.Pid) -> None:
        """Note that *pid* is sent a signal of any kind."""
        for each in (*self._watched, pid):
            self._touched.setdefault(each)
        self._watched.clear()

    def watch(self, pid: otp.Pid) -> None:
        """Note that *pid* is monitored; that is sent with the next signal only."""
        if self._watched:
            self.touch(self._watched[0])
        self._watched.append(pid)

    def mail(self, pid: otp.Pid, message: Term) -> None:
        """Send a message in time; one to oneself is there at once."""
        self._touched.setdefault(pid)
        if pid is process.self():
            process.send(pid, message)
        else:
            self._mail.append((pid, message))

    def exit(self, pid: otp.Pid, reason: otp.ExitReason) -> None:
        """Send an exit signal in time."""
        self.touch(pid)
        self._exits.append((pid, reason))

    def has_condemned(self, pid: otp.Pid) -> bool:
        """Tell whether an exit signal to *pid* waits here."""
        return any(victim is pid for victim, _ in self._exits)

    def link(self, pid: otp.Pid) -> None:
        """Link to *pid* when it has had the exit signals that wait here."""
        self._links.setdefault(pid)

    def unlink(self, pid: otp.Pid) -> None:
        """Take back a link that has not gone out."""
        self._links.pop(pid, None)

    async def send_in_turns(self) -> None:
        """Send everything; who was touched before the first victim has its turn."""
        if self._exits:
            victim = self._exits[0][0]
            earlier = set(takewhile(lambda pid: pid is not victim, self._touched))
            first = [item for item in self._mail if item[0] in earlier]
            self._mail = [item for item in self._mail if item[0] not in earlier]
            for pid, message in first:
                process.send(pid, message)
            await trio.lowlevel.checkpoint()
        self.send()
        links, self._links = self._links, {}
        for pid in links:
            try:
                process.link(pid)
            except otp.NoProcessError:
                # To Erlang's link this is news that comes by an exit signal.
                process.exit(process.self(), otp.NoProc())

    def send(self) -> None:
        """Send everything at once."""
        mail, exits = self._mail, self._exits
        self._mail, self._exits = [], []
        self._touched.clear()
        self._watched.clear()
        for pid, message in mail:
            process.send(pid, message)
        for pid, reason in exits:
            process.exit(pid, reason)


def _is_linked_to(pid: otp.Pid) -> bool:
    info = process.info(process.self())
    return info is not None and pid in info.links


def _anything(_message: object) -> bool:
    return True


def _tagged(tag: str) -> Callable[[object], bool]:
    return lambda m: isinstance(m, tuple) and m[:2] == ("m", tag)
