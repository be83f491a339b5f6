"""What people can do in the chat, and what they cannot do to each other."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

import otp
from examples import chat_server
from otp import application, process, supervisor
from tests.examples.chatting import Client

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from tests.examples.chatting import Chat

    Running = AbstractAsyncContextManager[Chat]


async def two_in_a_room(chat: Chat) -> tuple[Client, Client]:
    anna, bob = await chat.client(), await chat.client()
    await anna.join("anna", "lobby")
    await bob.join("bob", "lobby")
    await anna.until("* bob has joined #lobby")
    return anna, bob


async def quit_all(*clients: Client) -> None:
    for client in clients:
        await client.quit()


async def connection_of(nick: str) -> otp.Pid:
    members = await chat_server.Directory.members(chat_server.DIRECTORY, "lobby")
    return next(pid for pid, known in members.items() if known == nick)


# ------------------------------------------------------------------------ what it does


async def test_everybody_in_a_room_hears_what_is_said_there(running: Running) -> None:
    async with running as chat:
        anna, bob = await two_in_a_room(chat)
        carl = await chat.client()
        await carl.join("carl", "attic")
        await anna.send("hello")

        assert await anna.line() == await bob.line() == "<anna> hello"
        assert await carl.who() == {"carl"}
        assert carl.heard == []

        await quit_all(anna, bob, carl)


async def test_the_rooms_and_their_members_are_listed(running: Running) -> None:
    async with running as chat:
        anna, bob = await two_in_a_room(chat)
        carl = await chat.client()
        await carl.join("carl", "attic")
        await carl.send("/rooms")

        assert await carl.line() == "* rooms: #lobby (2) #attic (1)"
        assert await anna.who() == {"anna", "bob"}

        await quit_all(anna, bob, carl)


async def test_who_joins_a_room_has_left_the_one_before(running: Running) -> None:
    async with running as chat:
        anna, bob = await two_in_a_room(chat)
        await bob.send("/join attic")

        await anna.until("* bob has left #lobby")
        await bob.until("* bob has joined #attic")
        assert await anna.who() == {"anna"}

        await quit_all(anna, bob)


async def test_who_has_left_hears_nothing_and_is_not_heard(running: Running) -> None:
    async with running as chat:
        anna, bob = await two_in_a_room(chat)
        await bob.send("/leave", "hello")
        await bob.until("* try")
        await anna.until("* bob has left #lobby")
        await anna.send("he is gone")
        await anna.until("gone")

        assert await bob.who() == set()
        assert bob.heard == []
        assert anna.heard == ["<anna> he is gone"]

        await quit_all(anna, bob)


async def test_a_nickname_is_given_to_one_client_at_a_time(running: Running) -> None:
    async with running as chat:
        anna, bob = await two_in_a_room(chat)
        await bob.send("/nick anna")
        assert await bob.line() == "* anna is taken"
        await anna.send("/nick ann")
        await bob.until("* anna is now ann")
        await bob.send("/nick anna")
        await bob.until("* bob is now anna")

        assert await bob.who() == {"ann", "anna"}

        await quit_all(anna, bob)


async def test_a_room_ends_with_its_last_member_and_can_be_opened_again(
    running: Running,
) -> None:
    async with running as chat:
        before = chat.census.living
        anna, bob = await two_in_a_room(chat)
        await quit_all(anna, bob)
        await chat.census.wait_until(before)
        carl = await chat.client()
        await carl.join("carl", "lobby")

        assert await carl.who() == {"carl"}

        await quit_all(carl)


async def test_a_room_that_nobody_enters_is_closed(
    running: Running, autojump_clock: MockClock
) -> None:
    async with running as chat:
        before = chat.census.living
        await supervisor.start_dynamic_child(chat_server.ROOMS, "empty")
        start = autojump_clock.current_time()
        await chat.census.wait_until(before)

        assert autojump_clock.current_time() == start + 5


async def test_many_may_open_a_room_at_once(running: Running) -> None:
    async with running as chat:
        clients = [await chat.client() for _ in range(20)]
        async with trio.open_nursery() as nursery:
            for n, client in enumerate(clients):
                nursery.start_soon(client.join, f"c{n}", "lobby")

        assert await clients[0].who() == {f"c{n}" for n in range(20)}

        await quit_all(*clients)


async def test_a_line_may_come_in_pieces_and_many_in_one(running: Running) -> None:
    async with running as chat:
        anna, bob = await two_in_a_room(chat)
        for piece in (b"he", b"ll", b"o\none\r\ntwo\nthr", b"ee\n"):
            await anna.stream.send_all(piece)
            await wait_all_tasks_blocked()
        await bob.until("three")

        assert bob.heard == [
            f"<anna> {text}" for text in ("hello", "one", "two", "three")
        ]

        await quit_all(anna, bob)


# ---------------------------------------------------------------------------- crashes


async def test_a_connection_that_crashes_takes_nobody_along(running: Running) -> None:
    async with running as chat:
        anna, bob = await two_in_a_room(chat)
        await bob.send("/crash")

        assert (await bob.to_the_end())[-1] == "* good-bye: your connection has crashed"
        assert await anna.line() == "* bob has left #lobby"
        await anna.send("hello")
        assert await anna.line() == "<anna> hello"

        await bob.stream.aclose()
        await quit_all(anna)


async def test_a_room_that_crashes_comes_back_with_its_members(
    running: Running,
) -> None:
    async with running as chat:
        anna, bob = await two_in_a_room(chat)
        await bob.send("/nick rob")
        await anna.until("* bob is now rob")
        before = process.whereis(chat_server.room_name("lobby"))
        await anna.send("/crash room", "hello")
        await anna.until("* #lobby has crashed and is back")
        await bob.until("* #lobby has crashed and is back")

        assert process.whereis(chat_server.room_name("lobby")) is not before
        assert await anna.line() == await bob.line() == "<anna> hello"
        assert await anna.who() == {"anna", "rob"}

        await quit_all(anna, bob)


async def test_who_leaves_while_the_room_is_down_is_not_put_back(
    running: Running,
) -> None:
    async with running as chat:
        anna, bob = await two_in_a_room(chat)
        room = process.whereis(chat_server.room_name("lobby"))
        assert room is not None
        process.exit(room, otp.Kill())
        process.exit(await connection_of("bob"), otp.Kill())
        await anna.until("* #lobby has crashed and is back")

        assert await anna.who() == {"anna"}
        await bob.to_the_end()

        await bob.stream.aclose()
        await quit_all(anna)


async def test_who_leaves_a_room_that_has_just_come_back_is_missed_there(
    running: Running,
) -> None:
    async with running as chat:
        anna, bob = await two_in_a_room(chat)
        await bob.send("/crash room")
        bob.vanish()
        await anna.until("* #lobby has crashed and is back")
        await anna.until("* bob has left #lobby")

        assert await anna.who() == {"anna"}

        await quit_all(anna)


async def test_without_the_directory_the_chat_begins_anew(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    async with running as chat:
        anna, bob = await two_in_a_room(chat)
        directory = process.whereis(chat_server.DIRECTORY)
        assert directory is not None
        process.exit(directory, otp.Kill())

        for client in (anna, bob):
            assert (await client.to_the_end())[-1] == "* good-bye: the server stops"
            await client.stream.aclose()
        await wait_all_tasks_blocked()
        assert "listening" in capsys.readouterr().out


# ---------------------------------------------------------------------- bad neighbours


async def slow_client(chat: Chat, room: str) -> Client:
    """Return a member of *room* with little room for what it does not read."""
    sock = trio.socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    await sock.connect(("127.0.0.1", chat.port))
    client = Client(trio.SocketStream(sock))
    await client.join("slow", room)
    return client


async def test_who_does_not_read_is_thrown_out_and_holds_up_nobody(
    running: Running,
) -> None:
    async with running as chat:
        anna, bob = await two_in_a_room(chat)
        slow = await slow_client(chat, "lobby")
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

        await slow.stream.aclose()
        await quit_all(anna, bob)


async def test_who_does_not_read_holds_up_the_end_for_a_moment_at_most(
    running: Running, autojump_clock: MockClock
) -> None:
    async with running as chat:
        anna = await chat.client()
        await anna.join("anna", "lobby")
        slow = await slow_client(chat, "lobby")
        for n in range(chat_server.QUEUE // 2):
            await anna.send(f"{n} {'x' * 900}")
            await anna.until(f"> {n} ")
        start = autojump_clock.current_time()
        await application.stop(chat_server.Chat)

        assert autojump_clock.current_time() <= start + chat_server.FLUSH
        assert (await anna.to_the_end())[-1] == "* good-bye: the server stops"

        await slow.stream.aclose()
        await anna.stream.aclose()


async def test_who_asks_without_reading_is_thrown_out_too(running: Running) -> None:
    async with running as chat:
        before = chat.census.living
        slow = await slow_client(chat, "lobby")
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
