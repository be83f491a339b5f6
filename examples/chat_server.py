"""A chat server: rooms, nicknames, and no client that can harm the others.

Start it with ``python examples/chat_server.py`` or ``otp run examples/chat_server.py``
and talk to it from several terminals with ``nc 127.0.0.1 4040``. Another port is set
by an argument or by ``CHAT_PORT``; with 0 it takes a free one. Then crash things:
``/crash`` is the end of your own connection, ``/crash room`` of your room, which is
back at once with everybody in it. Ctrl-C says good-bye to all.

The processes, in the order in which they start::

    Chat                 the application
    └── Root             rest_for_one: each needs those above it
        ├── Directory    who is who, and who is in which room
        ├── Rooms        a Room each, for as long as somebody is in it
        ├── Connections  a Connection each, with a reader and a writer linked to it
        └── listen       accepts new ones

They stop in the reverse order: nobody comes in any more, then everybody is told
good-bye. Calls go one way only, from Connection to Room to Directory, so nobody can
wait for somebody who waits for them; what goes the other way are casts.
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
from otp import gen_server, proc_lib, process, supervisor

if TYPE_CHECKING:
    from collections.abc import Iterable

HOST: Final = "127.0.0.1"
WORD: Final = re.compile(r"[\w-]{1,20}")
HELP: Final = "/nick NAME, /join ROOM, /leave, /rooms, /who, /quit, /crash, /crash room"

MAX_LINE: Final = 1000
"""Bytes in a line of a client."""

QUEUE: Final = 500
"""Lines that may wait for a client who reads slowly."""

FLUSH: Final = 1.0
"""Seconds for the last lines of a connection, less than its supervisor gives it."""

PATIENCE: Final = 5.0
"""Seconds after which a room is closed that nobody has entered."""


# ------------------------------------------------------------------- who is who


class Directory(otp.GenServer):
    """Knows everybody's nickname and room.

    Rooms come and go, and may crash. What must outlive them is kept here, in a server
    so simple that there is nothing in it to go wrong.
    """

    def __init__(self) -> None:
        self._nicks: dict[otp.Pid[Connection], str] = {}
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
        """Give a connection another nickname, if it is free."""
        if nick in self._nicks.values():
            return False
        self._nicks[who] = nick
        if who in self._rooms:
            Room.renamed(room_called(self._rooms[who]), who, nick)
        return True

    @otp.call
    async def enter(self, who: otp.Pid[Connection], room: str) -> str | None:
        """Note that somebody is in a room; None if there is no such connection."""
        if who in self._nicks:
            self._rooms[who] = room
        return self._nicks.get(who)

    @otp.call
    async def leave(self, who: otp.Pid[Connection]) -> None:
        """Note that somebody is in no room."""
        self._rooms.pop(who, None)

    @otp.call
    async def members(self, room: str) -> dict[otp.Pid[Connection], str]:
        """Return who is in a room, with their nicknames."""
        return {who: self._nicks[who] for who, at in self._rooms.items() if at == room}

    @otp.call
    async def rooms(self) -> dict[str, int]:
        """Return the rooms, with the number of their members."""
        return Counter(self._rooms.values())

    async def handle_info(self, message: object) -> None:
        match message:
            case otp.Down(process=otp.Pid() as who):
                self._nicks.pop(who, None)
                if room := self._rooms.pop(who, None):
                    Room.lost(room_called(room), who)
            case _:
                pass


DIRECTORY: Final = otp.Name[Directory]("chat.directory")


# ------------------------------------------------------------------------ rooms


class Room(otp.GenServer):
    """Passes on what its members say, to all of them in the same order.

    It ends with its last member; that is a normal end, so that its supervisor, which
    takes rooms for transient, does not start it again.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._members: dict[otp.Pid[Connection], str] = {}

    async def init(self) -> otp.NoReply:
        # A new room has no members; one that has crashed has them back. Whatever has
        # happened to them meanwhile is told by casts to the name, which this process
        # has already, so that none is lost between the question and the answer.
        self._members = await Directory.members(DIRECTORY, self._name)
        self._tell(f"* #{self._name} has crashed and is back")
        return otp.NoReply(timeout=PATIENCE)

    @otp.call
    async def join(self, who: otp.Pid[Connection]) -> None:
        """Let somebody in. Once is as good as twice."""
        nick = await Directory.enter(DIRECTORY, who, self._name)
        if nick is not None:
            self._members[who] = nick
            self._tell(f"* {nick} has joined #{self._name}")

    @otp.call
    async def leave(self, who: otp.Pid[Connection]) -> otp.Stop | None:
        """Let somebody out."""
        await Directory.leave(DIRECTORY, who)
        return self._without(who)

    @otp.call
    async def say(self, who: otp.Pid[Connection], text: str) -> None:
        """Pass on what a member says."""
        self._tell(f"<{self._members[who]}> {text}")

    @otp.cast
    async def crash(self) -> None:
        """Crash."""
        raise RuntimeError(f"room {self._name} crashes, as it was asked to")

    # What the directory tells.

    @otp.cast
    async def renamed(self, who: otp.Pid[Connection], nick: str) -> None:
        """Hear of the new nickname of a member."""
        if who in self._members:
            self._tell(f"* {self._members[who]} is now {nick}")
            self._members[who] = nick

    @otp.cast
    async def lost(self, who: otp.Pid[Connection]) -> otp.Stop | None:
        """Hear that a member is gone."""
        return self._without(who)

    async def handle_info(self, message: object) -> otp.Stop | None:
        # A time-out, the one that init has asked for.
        return None if self._members else otp.Stop()

    def _without(self, who: otp.Pid[Connection]) -> otp.Stop | None:
        if nick := self._members.pop(who, None):
            self._tell(f"* {nick} has left #{self._name}")
        return None if self._members else otp.Stop(reply=None)

    def _tell(self, line: str) -> None:
        for who in self._members:
            Connection.show(who, line)


def room_called(name: str) -> otp.Name[Room]:
    """Return the address of a room, which stays the same when the room crashes."""
    return otp.Name(f"chat.room.{name}")


async def start_room(name: str) -> otp.Pid[Room]:
    """Start a room: what the supervisor of the rooms does for each."""
    try:
        return await gen_server.start_named(room_called(name), Room, name)
    except otp.AlreadyStartedError as error:
        # Somebody else was quicker, which is all right. To ignore it matters most to
        # a supervisor that restarts a room: it need not try again.
        raise otp.StartIgnored(name, error.reason) from error


# ------------------------------------------------------------------ connections


class Connection(otp.GenServer):
    """One client.

    A server has to be free for the next message at any time, so it does not wait for
    its socket itself. Two processes do that for it. The *reader* calls with a line at
    a time, and reads on when that is dealt with: who types too fast is slowed down by
    TCP. The *writer* has a mailbox with a limit: who reads too slowly is thrown out
    when that is full, and no room ever waits.

    The three are linked, and the reason of the end is never `Normal`, so that none
    is left without the others.
    """

    _writer: otp.Pid

    def __init__(self, stream: trio.SocketStream) -> None:
        self._stream = stream
        self._me: otp.Pid[Any] = process.self()
        self._room: str | None = None

    async def init(self) -> None:
        # An exit signal, from the supervisor or the links, is to call terminate().
        process.trap_exit(True)
        nick = await Directory.arrive(DIRECTORY, self._me)
        limit = process.Bounded(QUEUE, "fail_sender")
        self._writer = process.spawn_link(write, self._stream, mailbox=limit)
        process.spawn_link(read, self._stream, self._me)
        self._tell(f"* welcome, {nick}: {HELP}")

    @otp.cast
    async def show(self, line: str) -> None:
        """Show the client a line."""
        self._tell(line)

    @otp.call
    async def typed(self, line: str) -> otp.Stop | None:
        """Do what the client has typed."""
        try:
            if not line.startswith("/"):
                await self._say(line)
                return None
            return await self._obey(line.split())
        except otp.CallError:
            # The room has crashed over it, or is not back yet. So what: this process
            # is in order, and still in the room.
            self._tell(f"* that did not work, try again: {line}")
            return None

    async def handle_info(self, message: object) -> otp.Stop | None:
        match message:
            case otp.Exited(reason=otp.Shutdown() as reason):
                return otp.Stop(reason)
            case otp.Exited():
                return otp.Stop(otp.Shutdown("you are gone"))
            case _:
                return None

    async def terminate(self, reason: otp.ExitReason) -> None:
        # Through the writer, behind all that waits there, if it gets that far in time.
        with suppress(otp.MailboxFullError), trio.move_on_after(FLUSH):
            process.send(self._writer, f"* good-bye: {farewell(reason)}\n".encode())
            process.send(self._writer, HANG_UP)
            await process.wait_exited(self._writer)
        await trio.aclose_forcefully(self._stream)

    async def _obey(self, words: list[str]) -> otp.Stop | None:
        match words:
            case ["/nick", nick] if WORD.fullmatch(nick):
                free = await Directory.rename(DIRECTORY, self._me, nick)
                self._tell(f"* you are {nick}" if free else f"* {nick} is taken")
            case ["/join", room] if WORD.fullmatch(room):
                await self._join(room)
            case ["/leave"]:
                await self._leave()
            case ["/rooms"]:
                rooms = await Directory.rooms(DIRECTORY)
                self._tell(f"* rooms: {shown(f'#{r} ({n})' for r, n in rooms.items())}")
            case ["/who"]:
                members = await Directory.members(DIRECTORY, self._room or "")
                self._tell(f"* here: {shown(members.values())}")
            case ["/crash", "room"] if self._room:
                Room.crash(room_called(self._room))
            case ["/crash"]:
                raise RuntimeError("a connection crashes, as it was asked to")
            case ["/quit"]:
                return otp.Stop(otp.Shutdown("come again"))
            case _:
                self._tell(f"* try {HELP}")
        return None

    async def _say(self, text: str) -> None:
        if self._room:
            await Room.say(room_called(self._room), self._me, text)
        elif text:
            self._tell("* you are in no room")

    async def _join(self, room: str) -> None:
        await self._leave()
        while self._room is None:
            with suppress(otp.StartIgnored):
                await supervisor.start_dynamic_child(ROOMS, room)
            # It may be gone again, because the last member has left it just now.
            with suppress(otp.NoProcessError, otp.ServerExitedError):
                await Room.join(room_called(room), self._me)
                self._room = room

    async def _leave(self) -> None:
        if self._room:
            await Room.leave(room_called(self._room), self._me)
            self._tell(f"* you have left #{self._room}")
            self._room = None

    def _tell(self, line: str) -> None:
        try:
            process.send(self._writer, f"{line}\n".encode())
        except otp.MailboxFullError:
            raise otp.Exit(otp.Shutdown("you read too slowly")) from None


HANG_UP: Final = b""
"""What a writer takes for the end, as those who read from a socket do."""


async def read(stream: trio.SocketStream, connection: otp.Pid[Connection]) -> None:
    """Be a reader.

    Nothing here needs care when it is cancelled, at whatever await: that happens when
    the connection is dead, and then nobody misses half a line.
    """
    typed = Connection.typed.within(math.inf)
    rest = b""
    # The first two are how sockets end, and the last one is how connections do.
    with suppress(trio.BrokenResourceError, trio.ClosedResourceError, otp.CallError):
        while data := await stream.receive_some(MAX_LINE):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                text = line.decode(errors="replace").strip()
                await typed(connection, "".join(filter(str.isprintable, text)))
            if len(rest) > MAX_LINE:
                raise otp.Exit(otp.Shutdown("that line is too long"))


async def write(stream: trio.SocketStream) -> None:
    """Be a writer: send what comes, and be done when there is nobody to send to."""
    with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
        while data := await process.receive(bytes):
            await stream.send_all(data)


def farewell(reason: otp.ExitReason) -> str:
    """Return in words for the client why a connection ends."""
    match reason:
        case otp.Shutdown(None):
            return "the server stops"
        case otp.Shutdown(why):
            return str(why)
        case _:
            return "your connection has crashed"


def shown(words: Iterable[str]) -> str:
    """Return *words* in order, or say that there are none."""
    return ", ".join(sorted(words)) or "none"


# --------------------------------------------------------------------- the tree


async def listen(port: int) -> None:
    """Be the listener: a plain process, which accepts connections and does no more."""
    (listener,) = await trio.open_tcp_listeners(port, host=HOST)
    async with listener:
        # Those who vanish without a word are found out; connections inherit it.
        listener.socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        _, port = listener.socket.getsockname()
        print(f"chat: listening on {HOST} {port}", flush=True)
        proc_lib.init_ack(process.self())
        while True:
            stream = await listener.accept()
            try:
                await supervisor.start_dynamic_child(CONNECTIONS, stream)
            except otp.OTPError:
                await trio.aclose_forcefully(stream)


class Rooms(otp.Supervisor):
    """Brings rooms back, and has more patience than usual, as people may crash them."""

    def children(self) -> otp.SupervisorSpec:
        start = proc_lib.Start(start_room)
        room = otp.ChildSpec("room", start, restart="transient")
        return supervisor.simple_one_for_one(room, max_restarts=100)


class Connections(otp.Supervisor):
    """Knows the connections, to stop them; a client has to call again by itself."""

    def children(self) -> otp.SupervisorSpec:
        start = proc_lib.Start(Connection)
        connection = otp.ChildSpec("connection", start, restart="temporary")
        return supervisor.simple_one_for_one(connection)


ROOMS: Final = otp.Name[Rooms]("chat.rooms")
CONNECTIONS: Final = otp.Name[Connections]("chat.connections")


class Root(otp.Supervisor):
    """The top of the tree."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port

    def children(self) -> otp.SupervisorSpec:
        listener = proc_lib.Start(proc_lib.start_link, (listen, self._port))
        return otp.rest_for_one(
            otp.child_spec(Directory).named(DIRECTORY),
            otp.child_spec(Rooms).named(ROOMS),
            otp.child_spec(Connections).named(CONNECTIONS),
            # With pauses: it crashes if there are too many connections.
            otp.ChildSpec("listener", listener, backoff=otp.Backoff(initial=2.0)),
        )


class Chat(otp.Application):
    """The program; *port* is where it listens."""

    name = "chat"

    def __init__(self, port: int | None = None) -> None:
        self._port = int(os.environ.get("CHAT_PORT", "4040")) if port is None else port

    def start(self) -> otp.ChildSpec[otp.Supervisor]:
        return otp.child_spec(Root, self._port)


if __name__ == "__main__":
    sys.exit(otp.run(Chat(*map(int, sys.argv[1:2]))))
