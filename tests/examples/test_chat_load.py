"""The chat server in a storm: many clients, many messages and many crashes at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, final

import attrs
import pytest
import trio
from trio.testing import wait_all_tasks_blocked

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from tests.examples.chatting import Chat, Client

# 20 rooms of 10 members who say 25 things each. In a calm room two members crash when
# they are done; a stormy room is itself crashed, three times, while they talk.
CALM: Final = [f"calm{n}" for n in range(10)]
STORMY: Final = [f"stormy{n}" for n in range(10)]
MEMBERS: Final = 10
MESSAGES: Final = 25
CRASHERS: Final = 2
ROOM_CRASHES: Final = 3

FDS: Final = Path("/proc/self/fd")


@final
@attrs.frozen
class Member:
    """A client in a room."""

    client: Client
    room: str
    n: int

    @property
    def nick(self) -> str:
        return f"{self.room}-{self.n}"

    @property
    def crashes(self) -> bool:
        return self.room in CALM and self.n < CRASHERS

    @property
    def messages(self) -> list[str]:
        return [f"{k} of {self.nick}" for k in range(MESSAGES)]

    @property
    def refused(self) -> set[str]:
        """What was not said, and the member knows it."""
        told = "* that did not work, try again: "
        lines = self.client.lines
        return {line.removeprefix(told) for line in lines if line.startswith(told)}

    async def act(self) -> None:
        if self.room in STORMY and self.n == 0:
            await self.crash_room()
        await self.talk()
        if self.crashes:
            await self.crash()

    async def talk(self) -> None:
        """Wait for each message to be heard or refused, or send all in one go."""
        if self.n % 2:
            await self.client.send(*self.messages)
            await self.client.who()
            return
        for message in self.messages:
            await self.client.send(message)
            await self.client.until(f"> {message}", f"again: {message}")

    async def crash(self) -> None:
        await self.client.send("/crash")
        lines = await self.client.to_the_end()
        await self.client.stream.aclose()

        assert lines[-1] == "* good-bye: your connection has crashed"

    async def crash_room(self) -> None:
        for _ in range(ROOM_CRASHES):
            await self.client.send("/crash room")
            await self.client.until(f"* #{self.room} has crashed and is back")

    async def leave(self) -> None:
        match self.n % 3:
            case 0:
                await self.client.quit()
            case 1:
                await self.client.hang_up()
            case _:
                self.client.vanish()


async def come(chat: Chat, room: str) -> list[Member]:
    """Let all members of a room come in, one after the other."""
    members = [Member(await chat.client(), room, n) for n in range(MEMBERS)]
    for member in members:
        await member.client.join(member.nick, room)
    return members


async def storm(rooms: list[list[Member]]) -> None:
    """Let everybody do everything at once."""
    async with trio.open_nursery() as nursery:
        for member in (member for room in rooms for member in room):
            nursery.start_soon(member.act)


async def check_room(room: list[Member]) -> None:
    """All members have heard the same: all that was said and not refused, in order."""
    steady = [member for member in room if not member.crashes]
    for member in steady:
        for crashed in room[: len(room) - len(steady)]:
            await member.client.seen(f"* {crashed.nick} has left")

        assert await member.client.who() == {one.nick for one in steady}

    heard = steady[0].client.heard
    assert all(member.client.heard == heard for member in steady)
    for member in room:
        mine = [line for line in heard if line.startswith(f"<{member.nick}> ")]
        said = [m for m in member.messages if m not in member.refused]
        assert mine == [f"<{member.nick}> {message}" for message in said]


def check_calm(room: list[Member]) -> None:
    """Nothing at all is lost in a room that has not crashed."""
    assert not any(member.refused for member in room)
    assert len(room[-1].client.heard) == MEMBERS * MESSAGES


def check_stormy(room: list[Member]) -> None:
    """Everybody was in the room again after each of its crashes."""
    for member in room:
        back = [line for line in member.client.lines if "has crashed and is" in line]

        assert len(back) == ROOM_CRASHES


def resources() -> tuple[int, int]:
    """Return how many tasks and how many open files there are."""
    tasks = trio.lowlevel.current_statistics().tasks_living
    return tasks, len(list(FDS.iterdir())) if FDS.is_dir() else 0


@pytest.mark.slow
async def test_a_storm_harms_nobody_who_is_not_in_it_and_leaves_nothing_behind(
    running: AbstractAsyncContextManager[Chat],
) -> None:
    async with running as chat:
        await wait_all_tasks_blocked()
        before, processes = resources(), chat.census.living
        rooms = [await come(chat, room) for room in CALM + STORMY]
        await storm(rooms)
        for room in rooms:
            await check_room(room)
        for room in rooms[: len(CALM)]:
            check_calm(room)
        for room in rooms[len(CALM) :]:
            check_stormy(room)
        async with trio.open_nursery() as nursery:
            for member in (member for room in rooms for member in room):
                if not member.crashes:
                    nursery.start_soon(member.leave)
        await chat.census.wait_until(processes)
        await wait_all_tasks_blocked()

        assert resources() == before
