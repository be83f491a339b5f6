"""Aliases: a second address that can be taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from otp import NotAProcessError, process
from otp.kernel import current_node

from .support import Recorder, flush, idle, in_process, on_node

if TYPE_CHECKING:
    from otp import Alias


@in_process
async def test_an_alias_stays_until_it_is_taken_back() -> None:
    alias = process.alias()
    process.send(alias, 1)
    process.send(alias, 2)

    assert process.unalias(alias) is True
    process.send(alias, 3)
    assert await flush() == [1, 2]
    assert process.unalias(alias) is False


@in_process
async def test_what_came_through_an_alias_stays_when_it_ends() -> None:
    alias = process.alias()
    process.send(alias, 1)
    process.unalias(alias)

    assert await flush() == [1]


@in_process
async def test_an_alias_for_a_reply_ends_with_the_first_message() -> None:
    alias = process.alias(until="reply")
    process.send(alias, 1)

    assert process.unalias(alias) is False
    process.send(alias, 2)
    assert await flush() == [1]


@in_process
async def test_an_alias_for_a_reply_can_be_taken_back_before() -> None:
    alias = process.alias(until="reply")

    assert process.unalias(alias) is True
    process.send(alias, 1)
    assert await flush() == []


@in_process
async def test_only_its_own_process_can_take_an_alias_back() -> None:
    aliases: list[Alias] = []

    async def other() -> None:
        aliases.append(process.alias())
        await process.receive()

    pid = process.spawn(other)
    while not aliases:
        await flush(0.01)

    assert process.unalias(aliases[0]) is False
    process.send(aliases[0], "end")
    await process.wait_exited(pid)


@in_process
async def test_what_comes_through_an_alias_that_ended_is_a_dead_letter() -> None:
    recorder = Recorder()
    current_node().instruments.append(recorder)
    alias = process.alias()
    process.unalias(alias)
    process.send(alias, "late")

    assert [(letter.to, letter.message, letter.why) for letter in recorder.letters] == [
        (alias, "late", "dead")
    ]


@on_node
async def test_all_aliases_end_with_their_process() -> None:
    aliases: list[Alias] = []

    async def body() -> None:
        other = process.spawn(idle)
        aliases.extend(
            [
                process.alias(),
                process.alias(until="reply"),
                process.monitor(other, alias="unalias"),
                process.monitor(other, alias="reply_demonitor"),
                process.monitor(other, alias="demonitor"),
            ]
        )

    await process.wait_exited(process.spawn(body))

    assert [alias.process for alias in aliases] == [None] * 5
    for alias in aliases:
        process.send(alias, "x")
    assert current_node().statistics().dead_letters == 5


@in_process
async def test_a_process_may_have_many_aliases() -> None:
    aliases = [process.alias() for _ in range(10)]
    for alias in aliases[::2]:
        process.unalias(alias)
    for number, alias in enumerate(aliases):
        process.send(alias, number)

    assert await flush() == [1, 3, 5, 7, 9]


@on_node
async def test_only_a_process_can_have_an_alias() -> None:
    with pytest.raises(NotAProcessError, match=r"alias\(\) is for processes"):
        process.alias()
