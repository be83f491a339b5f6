"""Tools that look at the same processes do not get into each other's way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from trio.lowlevel import checkpoint

import otp
from otp import gen_server, process, supervisor
from otp.kernel import Mailbox, Process, current
from otp.testing import (
    DepthFirst,
    delay_messages,
    drop_messages,
    explore,
    fail_starts,
    kill,
    wait_until_idle,
)
from otp.testing.stateful import SupervisionMachine, rule

if TYPE_CHECKING:
    from collections.abc import Iterator


class OtherProcess(Process):
    """What another tool has made of a process."""

    __slots__ = ()


class OtherMailbox(Mailbox):
    """What another tool has made of a mailbox."""

    __slots__ = ()


class Counter(otp.GenServer):
    async def init(self) -> None:
        self.count = 0

    @otp.call
    async def add(self) -> int:
        self.count += 1
        return self.count


COUNTER = otp.Name[Counter]("counter")
TREE = otp.one_for_one(otp.child_spec(Counter).named(COUNTER))


class MadeOtherwise(otp.abc.Instrument):
    """Another tool, which was there first."""

    def process_started(self, pid: otp.Pid, parent: otp.Pid | None) -> None:
        del parent
        assert pid.process is not None
        pid.process.__class__ = OtherProcess
        pid.process.mailbox.__class__ = OtherMailbox


@pytest.fixture
def classes() -> Iterator[list[type[object]]]:
    """The classes that a process and its mailbox have at the end of a test."""
    found: list[type[object]] = []
    yield found
    assert found == [OtherProcess, OtherMailbox]


async def test_what_another_tool_has_made_of_a_mailbox_comes_back(
    classes: list[type[object]],
) -> None:
    async with otp.Node(instruments=[MadeOtherwise()]):
        server = await gen_server.start(Counter)

        with drop_messages(server) as lost:
            process.send(server, "hello")
            assert lost.hits == 1
        assert await Counter.add(server) == 1

        assert server.process is not None
        classes += [type(server.process), type(server.process.mailbox)]


async def test_what_another_tool_has_made_of_a_process_comes_back(
    classes: list[type[object]],
) -> None:
    async with otp.Node(instruments=[MadeOtherwise()]):
        with fail_starts(Counter, times=1) as fault:
            with pytest.raises(otp.StartError):
                await gen_server.start(Counter)
            server = await gen_server.start(Counter)
        assert fault.hits == 1

        assert server.process is not None
        classes += [type(server.process), type(server.process.mailbox)]


def test_faults_hit_in_an_exploration_that_looks_at_footprints() -> None:
    async def scenario() -> None:
        async with otp.Node():
            # At once, before anybody has had a look at the node.
            fault = fail_starts(Counter, times=1)
            await supervisor.start_link(otp.Supervisor, otp.one_for_one())
            with pytest.raises(otp.StartError):
                await gen_server.start(Counter)
            server = await gen_server.start(Counter)
            assert fault.hits == 1
            with delay_messages(server, 1):
                assert await Counter.add(server) == 1
            await checkpoint()

    explore(scenario, DepthFirst(reduce=True), runs=50)


def test_the_order_of_what_is_seen_does_not_matter() -> None:
    seen: list[list[str]] = []

    async def scenario() -> None:
        async with otp.Node():
            fail_starts(Counter, times=1)
            await checkpoint()
            with pytest.raises(otp.StartError):
                await gen_server.start(Counter)
            server = await gen_server.start(Counter)
            assert server.process is not None
            names = [kind.__name__ for kind in type(server.process).__mro__]
            seen.append(names)
            assert current() is not server.process

    explore(scenario, DepthFirst(reduce=True), runs=5)

    # Two runs before the others are not watched.
    assert all("_WatchedProcess" in names for names in seen[2:])


class Faulty(SupervisionMachine):
    """Loses messages now and then, which breaks no law."""

    tree = TREE
    requests = ()

    @rule()
    async def lose(self) -> None:
        with drop_messages(COUNTER):
            process.send(COUNTER, "hello")

    @rule()
    async def fail_once(self) -> None:
        with fail_starts(COUNTER, times=1):
            kill(COUNTER)
            await wait_until_idle()


TestFaulty = Faulty.TestCase
TestFaulty.settings = settings(max_examples=20, stateful_step_count=10)
