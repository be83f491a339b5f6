"""A class may have a limit for the mailboxes of its processes."""

from __future__ import annotations

from typing import ClassVar

import pytest

import otp
from otp import gen_server, process, supervisor, sys


class Small(otp.GenServer):
    __mailbox__: ClassVar[otp.Bounded | None] = otp.Bounded(2, "fail_sender")

    @otp.cast
    async def work(self) -> None: ...


async def messages_that_fit(server: otp.Pid[Small]) -> int:
    await sys.suspend(server)
    for n in range(10):
        try:
            Small.work(server)
        except otp.MailboxFullError:
            return n
    return 10


async def test_the_limit_of_a_class_counts_for_its_processes() -> None:
    async with otp.Node():
        assert await messages_that_fit(await gen_server.start_link(Small)) == 2


async def test_the_limit_of_a_class_counts_under_a_supervisor() -> None:
    async with otp.Node():
        spec = otp.one_for_one(otp.child_spec(Small))
        sup = await supervisor.start_link(otp.Supervisor, spec)
        (child,) = await supervisor.which_children(sup)

        assert isinstance(child.pid, otp.Pid)
        assert await messages_that_fit(child.pid) == 2


async def test_an_option_wins_over_the_limit_of_the_class() -> None:
    async with otp.Node():
        options = gen_server.Options(mailbox=otp.Bounded(5, "fail_sender"))

        assert await messages_that_fit(await options.start_link(Small)) == 5


async def test_other_classes_have_no_limit() -> None:
    class Large(Small):
        __mailbox__ = None

    async with otp.Node():
        large = await gen_server.start_link(Large)

        assert await messages_that_fit(large) == 10
        assert process.info(large) is not None


def test_a_limit_is_a_positive_whole_number() -> None:
    with pytest.raises(otp.InvalidSpecError, match="a whole number from 1, not 0"):
        otp.Bounded(0)
