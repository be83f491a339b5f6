"""What explorations of our own have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVarTuple

import trio

import otp
from otp import process
from tests.kernel.support import assert_nothing_left

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Unpack

Ts = TypeVarTuple("Ts")


def in_world(body: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[None]]:
    """Return a test that runs *body* on a node, of which nothing may be left."""

    async def run() -> None:
        async with otp.Node() as node:
            await body()
        assert_nothing_left(node)

    return run


class Crew:
    """Processes of a test, whose failures are those of the test."""

    def __init__(self) -> None:
        self._pids: list[otp.Pid] = []
        self._errors: list[BaseException] = []

    def start(
        self, body: Callable[[Unpack[Ts]], Awaitable[object]], *args: *Ts
    ) -> otp.Pid:
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


async def run_together(*bodies: Callable[[], Awaitable[object]]) -> None:
    """Run each of *bodies* in a process of its own, and wait until all have ended."""
    crew = Crew()
    for body in bodies:
        crew.start(body)
    await crew.wait()


def mail() -> list[object]:
    """Return the messages that wait for the caller, who keeps none."""
    found: list[object] = []
    while True:
        try:
            found.append(process.receive_nowait())
        except trio.WouldBlock:
            return found
