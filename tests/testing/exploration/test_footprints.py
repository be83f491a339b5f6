"""What the steps of a run have touched."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import trio
from trio.lowlevel import checkpoint

import otp
from otp import gen_server, process
from otp.testing import touch
from otp.testing._exploration._run_once import Limits, run_once
from tests.kernel.support import idle

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from otp.testing._exploration._depth_first import Footprint

    Steps: TypeAlias = list[tuple[str, Footprint]]


class Recorder:
    """Notes what the steps touch, with as few switches as possible, or as many."""

    reduces = True
    redundant = exhaustive = False

    def __init__(self, *, switch: bool) -> None:
        self.steps: list[tuple[int, Footprint]] = []
        self.switch = switch

    def begin(self, longest: int) -> bool:
        raise AssertionError(longest)

    def choose(self, options: Sequence[int], *, preempts: bool) -> int:
        del preempts
        return len(options) - 1 if self.switch else 0

    def stepped(self, task: int, footprint: Footprint) -> None:
        self.steps.append((task, footprint))


def steps_of(test: Callable[[], Awaitable[object]], *, switch: bool = False) -> Steps:
    """Run *test*, and return who made which step and what it touched."""
    recorder = Recorder(switch=switch)
    run = run_once(test, recorder, Limits(1000, 100.0, 0))
    assert run.error is None
    return [(run.names[task], footprint) for task, footprint in recorder.steps]


def touched_by(name: str, steps: Steps) -> set[object]:
    """Return all that was touched in the steps of those called *name*."""
    found: set[object] = set()
    for who, footprint in steps:
        if who == name:
            assert footprint is not None
            found |= footprint
    return found


def key(serial: int) -> tuple[str, int]:
    return ("nonode", serial)


def on_node(body: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[object]]:
    async def run() -> None:
        async with otp.Node():
            await checkpoint()
            await body()

    return run


def test_who_does_nothing_touches_itself() -> None:
    async def lonely() -> None:
        await checkpoint()

    async def body() -> None:
        process.spawn(lonely)
        process.spawn(idle)
        await trio.sleep(1)

    steps = steps_of(on_node(body))

    first = next(footprint for name, footprint in steps if name == "lonely")
    assert first == frozenset([key(1)])


def test_who_sends_touches_the_receiver() -> None:
    async def send(to: otp.Pid) -> None:
        process.send(to, "hello")
        await checkpoint()

    async def body() -> None:
        process.spawn(send, process.spawn(idle))
        await trio.sleep(1)

    assert key(1) in touched_by("send", steps_of(on_node(body)))


def test_who_looks_whether_somebody_lives_touches_him() -> None:
    async def look(at: otp.Pid) -> None:
        assert process.info(at)
        await checkpoint()

    async def body() -> None:
        process.spawn(look, process.spawn(idle))
        await trio.sleep(1)

    assert key(1) in touched_by("look", steps_of(on_node(body)))


def test_who_asks_for_a_name_touches_it() -> None:
    async def look() -> None:
        assert process.whereis("nobody") is None
        await checkpoint()

    async def take() -> None:
        process.register("nobody", process.self())
        process.unregister("nobody")
        await checkpoint()

    async def body() -> None:
        process.spawn(look)
        await trio.sleep(1)
        process.spawn(take)
        await trio.sleep(1)

    steps = steps_of(on_node(body))

    assert ("name", "nobody") in touched_by("look", steps)
    assert ("name", "nobody") in touched_by("take", steps)


def test_who_ends_touches_those_who_are_told() -> None:
    async def end() -> None:
        await trio.sleep(0.5)

    async def watch(pid: otp.Pid) -> None:
        process.monitor(pid)
        await process.receive()

    async def body() -> None:
        process.spawn(watch, process.spawn(end))
        await trio.sleep(1)

    assert key(2) in touched_by("end", steps_of(on_node(body)))


def test_who_answers_touches_who_asked_even_if_that_one_is_busy() -> None:
    class Server(otp.GenServer):
        @otp.call
        async def ask(self) -> str:
            return "answer"

    async def client(server: otp.Pid[Server]) -> None:
        request = Server.ask.send_request(server)
        while not request.settled:
            await checkpoint()
        assert request.result() == "answer"

    async def body() -> None:
        server = await gen_server.Options(name=otp.Name[Server]("server")).start(Server)
        process.spawn(client, server)
        await trio.sleep(2)

    steps = steps_of(on_node(body), switch=True)

    assert any(
        name == "server" and footprint is not None and key(2) in footprint
        for name, footprint in steps
    )


def test_who_wakes_a_task_touches_it() -> None:
    async def body() -> None:
        event = trio.Event()

        async def wait() -> None:
            await event.wait()

        async def wake() -> None:
            event.set()
            await checkpoint()

        process.spawn(wait)
        await trio.sleep(1)
        process.spawn(wake)
        await trio.sleep(1)

    assert key(1) in touched_by("wake", steps_of(on_node(body)))


def test_what_is_said_to_be_touched_is() -> None:
    async def write() -> None:
        touch("file", "disk")
        await checkpoint()

    async def body() -> None:
        process.spawn(write)
        await trio.sleep(1)

    found = touched_by("write", steps_of(on_node(body)))
    assert {("touched", "file"), ("touched", "disk")} <= found


def test_tasks_that_are_no_processes_touch_each_other() -> None:
    async def body() -> None:
        async def one() -> None:
            await checkpoint()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(one)
            nursery.start_soon(checkpoint)

    steps = steps_of(body)

    assert touched_by("one", steps) & touched_by("checkpoint", steps)


def test_the_step_in_which_a_node_comes_to_be_touches_everything() -> None:
    steps = steps_of(on_node(checkpoint))

    assert any(footprint is None for _, footprint in steps)


def test_touching_something_elsewhere_means_nothing() -> None:
    touch("whatever")
