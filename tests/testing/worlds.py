"""Worlds for explorations: a node with one process in it that is to leave no trace."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeVarTuple

import trio

from otp import Node, process
from otp.kernel import current
from otp.testing import leaks, snapshot, wait_until_idle
from tests.kernel.support import assert_nothing_left, outcome_in_process

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Unpack

    from otp import Name, Pid
    from otp.testing import Cancelling

    Body = Callable[[], Awaitable[object]]

Ts = TypeVarTuple("Ts")


def world(body: Body, *, prepare: Callable[[], object] | None = None) -> Body:
    """Return a test for `explore` that runs *body* in a process, on a node of its own.

    When it is over, its mailbox is to be empty, nobody may be owed an answer, and
    nothing may be left of what has come to be since *prepare* was called.
    """

    async def run() -> None:
        async with Node() as node:
            outcome = await outcome_in_process(
                node, partial(_leave_nothing, body, prepare)
            )
        if isinstance(outcome, BaseException):
            raise outcome
        assert outcome is None, f"the test's own process died of {outcome!r}"
        assert_nothing_left(node)

    return run


def in_world(body: Body) -> Body:
    """Return a test that runs *body* on a node, of which nothing may be left."""

    async def run() -> None:
        async with Node() as node:
            await body()
        assert_nothing_left(node)

    return run


def cancelled_world(
    scenario: Callable[[Cancelling], Awaitable[object]],
    *,
    prepare: Callable[[], object] | None = None,
) -> Callable[[Cancelling], Awaitable[object]]:
    """Return a scenario for `cancel_everywhere`, run as by `world`."""

    async def run(cancelling: Cancelling) -> None:
        await world(partial(scenario, cancelling), prepare=prepare)()

    return run


def start_is_cancelled(
    name: Name[Any], start: Callable[[], Awaitable[Pid[Any]]], settle: Body
) -> Callable[[Cancelling], Awaitable[object]]:
    """Return a scenario for `cancel_everywhere`: *start* starts who has *name*.

    When *settle* is over, either that one is there, or nobody.
    """

    async def run(cancelling: Cancelling) -> None:
        async def starter() -> None:
            process.trap_exit(True)
            pid: Pid | None = None
            with cancelling:
                pid = await start()
            await settle()
            assert process.whereis(name) is pid
            if pid is None:
                assert process.processes() == [process.self()]

        async with Node():
            await together(starter)

    return run


async def _leave_nothing(
    body: Body, prepare: Callable[[], object] | None = None
) -> None:
    if prepare is not None:
        prepare()
    before = snapshot()
    await body()
    await wait_until_idle()
    me = current()
    assert list(me.mailbox) == []
    for living in me.node.processes.values():
        assert not living.owed, living
    assert leaks(before) == []


class Crew:
    """Processes of a test, whose failures are those of the test."""

    def __init__(self) -> None:
        self._pids: list[Pid] = []
        self._errors: list[BaseException] = []

    def start(self, body: Callable[[Unpack[Ts]], Awaitable[object]], *args: *Ts) -> Pid:
        """Start a process that runs *body*."""

        async def run() -> None:
            try:
                await body(*args)
            except Exception as error:
                self._errors.append(error)
                raise

        pid = process.spawn(run, label=body.__qualname__.rpartition(".")[2])
        self._pids.append(pid)
        return pid

    async def wait(self) -> None:
        """Wait until all have ended."""
        for pid in self._pids:
            await process.wait_exited(pid)
        if self._errors:
            raise self._errors[0]


async def together(*bodies: Body) -> None:
    """Run each of *bodies* in a process of its own; raise what one of them raises."""
    errors: list[Exception] = []

    async def run(body: Body) -> None:
        try:
            await body()
        except Exception as error:  # noqa: BLE001 - raised by the caller
            errors.append(error)

    pids = [process.spawn(run, body, label=name_of(body)) for body in bodies]
    await all_exited(*pids)
    if errors:
        raise errors[0]


def name_of(body: Body) -> str:
    """Return what *body* is called, if it has a name at all."""
    inner = body.func if isinstance(body, partial) else body
    return getattr(inner, "__name__", "body")


async def all_exited(*pids: Pid) -> None:
    """Wait until all of *pids* are dead."""
    for pid in pids:
        await process.wait_exited(pid)


def mail(pid: Pid | None = None) -> list[object]:
    """Take all that lies in a mailbox, that of the caller by default."""
    owner = current() if pid is None else pid.process
    assert owner is not None
    taken = list(owner.mailbox)
    for _ in taken:
        owner.mailbox.take()
    return taken


async def rest(seconds: float = 3) -> None:
    """Let everybody come to rest, and what is due in so many seconds be done, too."""
    await wait_until_idle()
    await trio.sleep(seconds)
    await wait_until_idle()
