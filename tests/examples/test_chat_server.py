"""What people can do in the chat, and how it survives crashes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio
from trio.testing import MockClock, wait_all_tasks_blocked

import otp
from examples import chat_server
from otp import process, supervisor
from tests.examples.chatting import Client, quit_all, two_in_a_room

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    import pytest

    from tests.examples.chatting import Chat

    Running = AbstractAsyncContextManager[Chat]


async def connection_of(nick: str, room: str = "lobby") -> otp.Pid:
    members = await chat_server.Directory.members(chat_server.DIRECTORY, room)
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


async def test_the_nickname_of_who_is_gone_is_free_again(running: Running) -> None:
    async with running as chat:
        anna, bob = await two_in_a_room(chat)
        await anna.quit()
        await bob.until("* anna has left #lobby")
        await bob.send("/nick anna")

        assert await bob.line() == "* you are anna"

        await quit_all(bob)


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


async def test_who_comes_when_the_last_member_goes_is_in_the_next_room_of_that_name(
    running: Running,
) -> None:
    async with running as chat:
        anna, bob = await chat.client(), await chat.client()
        await anna.join("anna", "lobby")
        room = process.whereis(chat_server.room_name("lobby"))
        assert room is not None
        await otp.sys.suspend(room)
        await anna.send("/leave")
        await wait_all_tasks_blocked()
        await bob.send("/nick bob", "/join lobby")
        await wait_all_tasks_blocked()
        await otp.sys.resume(room)
        await bob.until("* bob has joined #lobby")

        assert not process.is_alive(room)
        assert await bob.who() == {"bob"}

        await quit_all(anna, bob)


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


async def test_who_dies_while_joining_is_not_in_the_room(running: Running) -> None:
    async with running as chat:
        anna, bob = await chat.client(), await chat.client()
        await anna.join("anna", "lobby")
        await bob.join("bob", "attic")
        room = chat_server.room_name("lobby")
        await otp.sys.suspend(room)
        await bob.send("/join lobby")
        await wait_all_tasks_blocked()
        process.exit(await connection_of("bob", "attic"), otp.Kill())
        await otp.sys.resume(room)
        await bob.to_the_end()

        assert await anna.who() == {"anna"}
        assert anna.lines[-2:] == ["* anna has joined #lobby", "* here: anna"]

        await bob.stream.aclose()
        await quit_all(anna)


async def test_who_cannot_be_served_is_hung_up_on_and_the_next_one_is_welcome(
    running: Running, autojump_clock: MockClock
) -> None:
    async with running as chat:
        await otp.sys.suspend(chat_server.DIRECTORY)
        start = autojump_clock.current_time()
        anna = Client(await trio.open_tcp_stream("127.0.0.1", chat.port))
        assert await anna.to_the_end() == []
        assert autojump_clock.current_time() > start
        await otp.sys.resume(chat_server.DIRECTORY)
        bob = await chat.client()

        assert bob.lines[0].startswith("* welcome")

        await anna.stream.aclose()
        await quit_all(bob)


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
