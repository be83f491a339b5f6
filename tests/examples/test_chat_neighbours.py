"""What people cannot do to each other in the chat, by intention or by accident."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from examples import chat_server
from otp import application
from tests.examples.chatting import Client, quit_all, two_in_a_room

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from otp.kernel import Report
    from tests.examples.chatting import Chat

    Running = AbstractAsyncContextManager[Chat]


async def slow_client(chat: Chat, nick: str = "slow") -> Client:
    """Return somebody in the lobby with little space for what is not read."""
    sock = trio.socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    await sock.connect(("127.0.0.1", chat.port))
    client = Client(trio.SocketStream(sock))
    await client.join(nick, "lobby")
    return client


async def fill(client: Client, lines: int) -> None:
    """Let *client* say more than who does not read can take in."""
    for n in range(lines):
        await client.send(f"{n} {'x' * 900}")
        await client.until(f"> {n} ")


def troubles(reports: list[Report]) -> list[str]:
    return [report.text() for report in reports if report.level != "INFO"]


async def test_who_does_not_read_is_thrown_out_and_holds_up_nobody(
    running: Running, reports: list[Report]
) -> None:
    async with running as chat:
        anna, bob = await two_in_a_room(chat)
        slow = await slow_client(chat)
        gone, said = "* slow has left #lobby", 0
        while gone not in anna.lines:
            said += 1
            await anna.send(f"{said} {'x' * 900}")
            await anna.who()
        await bob.who()

        assert said > chat_server.QUEUE
        assert anna.heard == bob.heard
        assert bob.heard == [f"<anna> {n} {'x' * 900}" for n in range(1, said + 1)]
        assert gone in bob.lines
        assert troubles(reports) == []

        await slow.stream.aclose()
        await quit_all(anna, bob)


async def test_who_does_not_read_holds_up_the_end_for_a_moment_at_most(
    running: Running, autojump_clock: MockClock
) -> None:
    async with running as chat:
        anna = await chat.client()
        await anna.join("anna", "lobby")
        slow = await slow_client(chat)
        await fill(anna, 200)
        start = autojump_clock.current_time()
        await application.stop(chat_server.Chat)

        assert autojump_clock.current_time() <= start + chat_server.FLUSH
        assert (await anna.to_the_end())[-1] == "* good-bye: the server stops"

        await slow.stream.aclose()
        await anna.stream.aclose()


async def test_who_asks_without_reading_is_thrown_out_too(running: Running) -> None:
    async with running as chat:
        before = chat.census.living
        slow = await slow_client(chat)
        with suppress(trio.BrokenResourceError):
            while chat.census.living > before:
                await slow.send(*["/rooms"] * 100)
                await wait_all_tasks_blocked()
        await chat.census.wait_until(before)

        await slow.stream.aclose()


async def test_who_vanishes_has_left_and_disturbs_nobody(running: Running) -> None:
    async with running as chat:
        anna, bob = await two_in_a_room(chat)
        living = chat.census.living
        carl = await chat.client()
        await carl.join("carl", "lobby")
        await anna.send("one")
        carl.vanish()
        await anna.send("two")
        await anna.until("* carl has left #lobby")
        await anna.send("three")
        await bob.until("three")
        await chat.census.wait_until(living)

        assert bob.heard == ["<anna> one", "<anna> two", "<anna> three"]

        await quit_all(anna, bob)


async def test_those_who_vanish_while_much_waits_for_them_are_no_news(
    running: Running, reports: list[Report]
) -> None:
    async with running as chat:
        anna = await chat.client()
        await anna.join("anna", "lobby")
        living = chat.census.living
        slow = [await slow_client(chat, f"slow{n}") for n in range(8)]
        await fill(anna, 200)
        for client in slow:
            client.vanish()
        await chat.census.wait_until(living)
        await wait_all_tasks_blocked()

        assert troubles(reports) == []

        await quit_all(anna)


async def test_who_says_something_and_hangs_up_is_heard(running: Running) -> None:
    async with running as chat:
        anna, bob = await two_in_a_room(chat)
        await bob.send("one", "two")
        await bob.hang_up()
        await anna.until("* bob has left #lobby")

        assert anna.heard == bob.heard == ["<bob> one", "<bob> two"]
        assert bob.lines[-1] == "* good-bye: you have hung up"

        await quit_all(anna)


async def test_a_line_without_an_end_is_the_end(running: Running) -> None:
    async with running as chat:
        anna, bob = await two_in_a_room(chat)
        with suppress(trio.BrokenResourceError):
            await bob.stream.send_all(b"x" * 2 * chat_server.MAX_LINE)

        assert "* good-bye: that line is too long" in await bob.to_the_end()
        assert await anna.line() == "* bob has left #lobby"

        await bob.stream.aclose()
        await quit_all(anna)


async def test_nobody_can_play_with_the_terminals_of_others(running: Running) -> None:
    async with running as chat:
        anna, bob = await two_in_a_room(chat)
        await bob.send("\x1b[2Jboo\a\0")
        await bob.stream.send_all(b"\xff\n")
        await anna.until("\N{REPLACEMENT CHARACTER}")

        assert anna.heard == ["<bob> [2Jboo", "<bob> \N{REPLACEMENT CHARACTER}"]

        await quit_all(anna, bob)


@pytest.mark.parametrize(
    "line", ["/nick", "/nick a b", "/nick <x>", "/join", "/fly", ""]
)
async def test_who_types_nonsense_is_helped(running: Running, line: str) -> None:
    async with running as chat:
        anna = await chat.client()
        await anna.send(line)

        assert await anna.line() == f"* try {chat_server.HELP}"

        await quit_all(anna)
