"""A chat server: rooms, nicknames, and no client that can harm the others.

Start it with ``python examples/chat_server.py`` or ``otp run examples/chat_server.py``
and talk to it from several terminals with ``nc 127.0.0.1 4040``; CHAT_PORT sets
another port. Then crash things: ``/crash`` is the end of your own connection, ``/crash
room`` that of your room, which is back at once with everybody in it. Ctrl-C says
good-bye to all.

The processes, in the order in which they start::

    Chat                  the application
    └── Root              rest_for_one: whoever comes later needs those before it
        ├── Directory     who is who, and who is in which room
        ├── rooms         a Room each, for as long as somebody is in it
        ├── connections   a Connection each, with a reader and a writer linked to it
        └── listener      lets new ones in

They stop in the reverse order: nobody comes in any more, then everybody is told
good-bye. Calls go one way only, from Connection to Room to Directory, so that nobody
waits for somebody who waits for them; in the other direction there are casts.
"""

from __future__ import annotations

import math
import os
import re
import socket
import sys
from collections import Counter
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any, Final

import trio

import otp
from otp import gen_server, process, supervisor
from otp.proc_lib import Start, init_ack, start_link

if TYPE_CHECKING:
    from collections.abc import Iterator

HELP: Final = "/nick NAME, /join ROOM, /leave, /rooms, /who, /quit, /crash, /crash room"
WORD: Final = re.compile(r"[\w-]{1,20}")
MAX_LINE: Final = 1000  # bytes
QUEUE: Final = 2000  # lines for one who reads slowly, or whose writer had no turn yet
PAUSES: Final = otp.Backoff(initial=2.0)
FLUSH: Final = 3.0  # seconds for the last lines; the supervisor would wait for 5
HANG_UP: Final = b""  # for a writer; nothing is the end for a socket's reader, too


class Directory(otp.GenServer):
    """Knows everybody's nickname and room.

    Rooms come and go, and may crash. What must outlive them is kept here, in a server
    that is too simple to crash.
    """

    def __init__(self) -> None:
        self._nicks: dict[otp.Pid[Any], str] = {}
        self._rooms: dict[otp.Pid[Connection], str] = {}
        self._guests = (f"guest{n}" for n in count(1))

    @otp.call
    async def arrive(self, who: otp.Pid[Connection]) -> str:
        """Give a new connection a nickname, and keep an eye on it."""
        process.monitor(who)
        taken = self._nicks.values()
        self._nicks[who] = next(nick for nick in self._guests if nick not in taken)
        return self._nicks[who]

    @otp.call
    async def rename(self, who: otp.Pid[Connection], nick: str) -> bool:
        """Give a connection another nickname, if that is free."""
        if nick in self._nicks.values():
            return False
        self._nicks[who] = nick
        return True

    @otp.call
    async def move(self, who: otp.Pid[Connection], room: str | None) -> str | None:
        """Put somebody into one room, or none; return the nickname, None if gone."""
        if self._rooms.get(who) != room:
            self._leave(who)
        if room and who in self._nicks:
            self._rooms[who] = room
        return self._nicks.get(who)

    @otp.call
    async def members(self, room: str | None) -> dict[otp.Pid[Connection], str]:
        """Return who is in a room, with their nicknames."""
        return {who: self._nicks[who] for who, at in self._rooms.items() if at == room}

    @otp.call
    async def rooms(self) -> dict[str, int]:
        """Return the rooms, with the number of their members."""
        return Counter(self._rooms.values())

    async def handle_info(self, message: object) -> None:
        match message:
            case otp.Down(process=otp.Pid() as who):
                self._leave(who)
                self._nicks.pop(who, None)
            case _:
                pass

    def _leave(self, who: otp.Pid[Any]) -> None:
        if room := self._rooms.pop(who, None):
            Room.lost(room_name(room), who)


DIRECTORY: Final = otp.Name[Directory]("chat.directory")


class Room(otp.GenServer):
    """Passes on what its members say, to all of them in the same order.

    It ends with its last member. That is a normal end, after which a transient child
    is not started again.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._members: dict[otp.Pid[Connection], str] = {}

    async def init(self) -> otp.NoReply:
        # A new room has no members; one that has crashed has them back. Who leaves is
        # told by a cast to the name, and this process has that name already: nothing
        # is lost between the directory's answer and the next cast.
        self._members = await Directory.members(DIRECTORY, self._name)
        self._tell(f"* #{self._name} has crashed and is back")
        return otp.NoReply(timeout=5.0)

    @otp.call
    async def join(self, who: otp.Pid[Connection]) -> None:
        """Let somebody in, or hear of a new nickname. Once is as good as twice."""
        nick = await Directory.move(DIRECTORY, who, self._name)
        if nick is None:
            return
        before = self._members.get(who, nick)
        self._members[who] = nick
        what = f"has joined #{self._name}" if before == nick else f"is now {nick}"
        self._tell(f"* {before} {what}")

    @otp.call
    async def say(self, who: otp.Pid[Connection], text: str) -> None:
        """Pass on what a member says."""
        self._tell(f"<{self._members[who]}> {text}")

    @otp.cast
    async def lost(self, who: otp.Pid[Connection]) -> otp.Stop | None:
        """Hear from the directory that a member is gone."""
        if nick := self._members.pop(who, None):
            self._tell(f"* {nick} has left #{self._name}")
        return None if self._members else otp.Stop()

    @otp.cast
    async def crash(self) -> None:
        """Crash."""
        raise RuntimeError(f"room {self._name} crashes, as it was asked to")

    async def handle_info(self, message: object) -> otp.Stop | None:
        # The time-out that init has asked for: has anybody come in?
        alone = isinstance(message, otp.Timeout) and not self._members
        return otp.Stop() if alone else None

    def _tell(self, line: str) -> None:
        for who in self._members:
            Connection.show(who, line)


def room_name(room: str) -> otp.Name[Room]:
    """Return the address of a room, which is the same after a crash."""
    return otp.Name(f"chat.room.{room}")


async def open_room(room: str) -> otp.Name[Room]:
    """Return the address of a room, and see to it that somebody is there."""
    if process.whereis(room_name(room)) is None:
        # If it has crashed just now, the supervisor hears of that first and brings it
        # back, and has nothing more to start when it comes to this.
        with suppress(otp.StartIgnored):
            await supervisor.start_dynamic_child(ROOMS, room)
    return room_name(room)


async def start_room(room: str) -> otp.Pid[Room]:
    """Start a room, for its supervisor."""
    try:
        return await gen_server.start_named(room_name(room), Room, room)
    except otp.AlreadyStartedError as error:
        raise otp.StartIgnored(room, error.reason) from error


class Connection(otp.GenServer):
    """One client.

    A server has to be free for its next message, so it does not wait for the socket
    itself. Two processes do: the *reader* calls with one line at a time, and reads on
    when that is dealt with, so that TCP slows down who types too fast. The *writer*
    has a mailbox with a limit; who reads too slowly is thrown out when it is full, and
    no room ever waits. The three are linked, and the connection never ends with
    `Normal`, which a link would not pass on: none is left without the others.
    """

    _writer: otp.Pid

    def __init__(self, stream: trio.SocketStream) -> None:
        self._stream = stream
        self._me: otp.Pid[Any] = process.self()
        self._room: str | None = None

    async def init(self) -> None:
        # So that terminate() is called when the supervisor or a link says: end.
        process.trap_exit(True)
        nick = await Directory.arrive(DIRECTORY, self._me)
        limit = otp.Bounded(QUEUE, "fail_sender")
        self._writer = process.spawn_link(write, self._stream, mailbox=limit)
        process.spawn_link(read, self._stream, self._me)
        await self.show(f"* welcome, {nick}: {HELP}")

    @otp.cast
    async def show(self, line: str) -> None:
        """Show the client a line."""
        try:
            process.send(self._writer, f"{line}\n".encode())
        except otp.MailboxFullError:
            raise otp.Exit(otp.Shutdown("you read too slowly")) from None

    @otp.call
    async def typed(self, line: str) -> otp.Stop | None:
        """Do what the client has typed."""
        try:
            if line and self._room and not line.startswith("/"):
                await Room.say(await open_room(self._room), self._me, line)
                return None
            return await self._obey(line.split())
        except otp.CallError:
            # The room has crashed, perhaps over this line. This process is well.
            await self.show(f"* that did not work, try again: {line}")
            return None

    async def _obey(self, words: list[str]) -> otp.Stop | None:
        match words:
            case ["/nick", nick] if WORD.fullmatch(nick):
                free = await Directory.rename(DIRECTORY, self._me, nick)
                await self.show(f"* you are {nick}" if free else f"* {nick} is taken")
                if free and self._room:
                    await self._join(self._room)
            case ["/join", room] if WORD.fullmatch(room):
                await self._join(room)
            case ["/leave"]:
                await Directory.move(DIRECTORY, self._me, None)
                self._room = None
            case ["/rooms"]:
                rooms = await Directory.rooms(DIRECTORY)
                shown = " ".join(f"#{room} ({n})" for room, n in rooms.items())
                await self.show(f"* rooms: {shown}")
            case ["/who"]:
                members = await Directory.members(DIRECTORY, self._room)
                await self.show(f"* here: {' '.join(members.values())}")
            case ["/crash", "room"] if self._room:
                Room.crash(room_name(self._room))
            case ["/crash"]:
                raise RuntimeError("a connection crashes, as it was asked to")
            case ["/quit"]:
                return otp.Stop(otp.Shutdown("come again"))
            case _:
                await self.show(f"* try {HELP}")
        return None

    async def _join(self, room: str) -> None:
        while True:
            # It may be gone before it answers, as its last member has just left.
            with suppress(otp.ServerExitedError):
                await Room.join(await open_room(room), self._me)
                self._room = room
                return

    async def handle_info(self, message: object) -> otp.Stop | None:
        match message:
            case otp.Exited(reason=otp.Shutdown() as reason):
                return otp.Stop(reason)
            case otp.Exited():
                return otp.Stop(otp.Shutdown("you have hung up"))
            case _:
                return None

    async def terminate(self, reason: otp.ExitReason) -> None:
        match reason:
            case otp.Shutdown(why):
                text = why or "the server stops"
            case _:
                text = "your connection has crashed"
        # Behind all that waits for the writer, if it gets that far in time.
        with suppress(otp.MailboxFullError), trio.move_on_after(FLUSH):
            process.send(self._writer, f"* good-bye: {text}\n".encode())
            process.send(self._writer, HANG_UP)
            await process.wait_exited(self._writer)


async def read(stream: trio.SocketStream, connection: otp.Pid[Connection]) -> None:
    """Be a reader.

    It can be cancelled at every await without any care: that happens when the
    connection is dead, and then nobody misses half a line.
    """
    typed = Connection.typed.within(math.inf)
    rest = b""
    # The first two are how sockets end, and the third is how connections do.
    with suppress(trio.BrokenResourceError, trio.ClosedResourceError, otp.CallError):
        while data := await stream.receive_some(MAX_LINE):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                text = line.decode(errors="replace").strip()
                await typed(connection, "".join(filter(str.isprintable, text)))
            if len(rest) > MAX_LINE:
                raise otp.Exit(otp.Shutdown("that line is too long"))


async def write(stream: trio.SocketStream) -> None:
    """Be a writer: send what comes, as much at a time as there is.

    The socket is the writer's: whatever its end, a link for example, it is closed.
    """
    lines: list[bytes] = []
    async with stream:
        with suppress(trio.BrokenResourceError):
            while HANG_UP not in lines:
                lines = [await process.receive(bytes), *waiting()]
                await stream.send_all(b"".join(lines))


def waiting() -> Iterator[bytes]:
    """Take what waits in the mailbox."""
    with suppress(trio.WouldBlock):
        while True:
            yield process.receive_nowait(bytes)


async def listen() -> None:
    """Be the listener: a plain process, as it does nothing but wait for one thing."""
    port = int(os.environ.get("CHAT_PORT", "4040"))
    (listener,) = await trio.open_tcp_listeners(port, host="127.0.0.1")
    async with listener:
        # So that who vanishes without a word is missed; connections inherit it.
        listener.socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        print("chat: listening on", *listener.socket.getsockname(), flush=True)
        init_ack(process.self())
        while True:
            stream = await listener.accept()
            try:
                await supervisor.start_dynamic_child(CONNECTIONS, stream)
            except otp.OTPError:
                await trio.aclose_forcefully(stream)


ROOMS: Final = otp.Name[otp.Supervisor]("chat.rooms")
CONNECTIONS: Final = otp.Name[otp.Supervisor]("chat.connections")


class Root(otp.Supervisor):
    """The top of the tree."""

    def children(self) -> otp.SupervisorSpec:
        room = otp.ChildSpec("room", Start(start_room), restart="transient")
        one = otp.ChildSpec("connection", Start(Connection), restart="temporary")
        return otp.rest_for_one(
            otp.child_spec(Directory).named(DIRECTORY),
            # With more patience than usual, as people may crash rooms for fun.
            many(room, ROOMS, max_restarts=100),
            many(one, CONNECTIONS),
            # With pauses: if the system is out of sockets, that takes a while.
            otp.ChildSpec("listener", Start(start_link, (listen,)), backoff=PAUSES),
        )


def many(
    child: otp.ChildSpec, name: otp.Name[otp.Supervisor], max_restarts: int = 3
) -> otp.ChildSpec[otp.Supervisor]:
    """Return the specification of a supervisor of any number of *child*."""
    spec = supervisor.simple_one_for_one(child, max_restarts=max_restarts)
    return otp.child_spec(otp.Supervisor, spec).named(name).override(id=str(name))


class Chat(otp.Application):
    """The program."""

    name = "chat"

    def start(self) -> otp.ChildSpec[otp.Supervisor]:
        return otp.child_spec(Root)


if __name__ == "__main__":
    sys.exit(otp.run(Chat))
