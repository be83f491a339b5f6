"""What the tests of the chat server talk to it with."""

from __future__ import annotations

import socket
import struct
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import trio

import otp
from examples import chat_server
from otp import application
from tests.examples.programs import LIMIT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import pytest


class Client:
    """A client of the chat; *lines* is all that it has read."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream = stream
        self.lines: list[str] = []
        self._unread: list[str] = []
        self._rest = b""

    async def send(self, *lines: str) -> None:
        await self.stream.send_all("".join(f"{line}\n" for line in lines).encode())

    async def line(self) -> str | None:
        """Read a line; None is the end."""
        while not self._unread:
            data = await self.stream.receive_some()
            if not data:
                return None
            *lines, self._rest = (self._rest + data).split(b"\n")
            self._unread = [line.decode() for line in lines]
        self.lines.append(self._unread.pop(0))
        return self.lines[-1]

    async def until(self, *texts: str) -> str:
        """Read up to a line that has one of *texts* in it, and return that."""
        while (line := await self.line()) is not None:
            if any(text in line for text in texts):
                return line
        raise EOFError(f"none of {texts} came, but {self.lines[-5:]}")

    async def seen(self, text: str) -> None:
        """Read up to a line that has *text* in it, unless it has been read before."""
        if not any(text in line for line in self.lines):
            await self.until(text)

    async def to_the_end(self) -> list[str]:
        """Read until the server hangs up, and return all lines ever read."""
        while await self.line() is not None:
            pass
        return self.lines

    async def join(self, nick: str, room: str) -> None:
        await self.send(f"/nick {nick}", f"/join {room}")
        await self.until(f"* {nick} has joined #{room}")

    async def who(self) -> set[str]:
        """Return who is in the room, when all that was sent before is dealt with.

        What was said in the room until then has been read then, too.
        """
        await self.send("/who")
        return set((await self.until("* here:")).split()[2:])

    @property
    def heard(self) -> list[str]:
        """What has been said in the rooms of this client."""
        return [line for line in self.lines if line.startswith("<")]

    async def quit(self) -> None:
        await self.send("/quit")
        await self.hang_up()

    async def hang_up(self) -> None:
        """Say no more, and wait until the server has noticed."""
        await self.stream.send_eof()
        await self.to_the_end()
        await self.stream.aclose()

    def vanish(self) -> None:
        """Be gone with a reset instead of an end, as after a crash."""
        linger = struct.pack("ii", 1, 0)
        self.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.stream.socket.close()


class Census(otp.abc.Instrument):
    """Knows at every moment how many processes live."""

    def __init__(self) -> None:
        self.living = 0
        self._changed = trio.Event()

    def process_started(self, pid: otp.Pid, parent: otp.Pid | None) -> None:
        del pid, parent
        self.living += 1
        self._changed.set()

    def process_exited(self, pid: otp.Pid, reason: otp.ExitReason) -> None:
        del pid, reason
        self.living -= 1
        self._changed.set()

    async def wait_until(self, living: int) -> None:
        """Wait until so many live."""
        while self.living != living:
            self._changed = trio.Event()
            await self._changed.wait()


class Chat:
    """A chat server in this Trio run."""

    def __init__(self, port: int, census: Census) -> None:
        self.port = port
        self.census = census

    async def client(self) -> Client:
        """Return a client who has been welcomed."""
        return await open_client(self.port)


async def open_client(port: int) -> Client:
    """Return a client who has been welcomed."""
    client = Client(await trio.open_tcp_stream("127.0.0.1", port))
    await client.until("* welcome")
    return client


async def two_in_a_room(chat: Chat) -> tuple[Client, Client]:
    anna, bob = await chat.client(), await chat.client()
    await anna.join("anna", "lobby")
    await bob.join("bob", "lobby")
    await anna.until("* bob has joined #lobby")
    return anna, bob


async def quit_all(*clients: Client) -> None:
    for client in clients:
        await client.quit()


@asynccontextmanager
async def running_chat(capsys: pytest.CaptureFixture[str]) -> AsyncIterator[Chat]:
    """Run the chat server in this Trio run, on any port that is free."""
    census = Census()
    with trio.fail_after(LIMIT):
        async with otp.Node(instruments=[census]):
            await application.start(chat_server.Chat)
            yield Chat(port_in(capsys.readouterr().out), census)


def port_in(said: str) -> int:
    """Return the port in what the server says when it is ready."""
    first = said.splitlines()[0]

    assert first.startswith("chat: listening on 127.0.0.1 ")

    return int(first.split()[-1])
