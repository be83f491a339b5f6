"""What tests of processes have in common: nodes, reports, and cancelling anywhere."""

from __future__ import annotations

import inspect
from contextlib import contextmanager
from typing import TYPE_CHECKING, ParamSpec, TypeVar, cast

import pytest
import trio
from loguru import logger
from trio.testing import MockClock, wait_all_tasks_blocked

from otp import Exited, Node, process
from otp.abc import Instrument
from otp.kernel import Report, Scheduler, _steps, nodes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable, Iterator

    from otp import DeadLetter, ExitReason, Pid

P = ParamSpec("P")
T = TypeVar("T")
ReportT = TypeVar("ReportT", bound=Report)

# What a test's body may raise to fail, besides exceptions.
FAILED = (Exception, pytest.fail.Exception)


def on_node(test: Callable[P, Awaitable[None]]) -> Callable[P, Awaitable[None]]:
    """Run a test inside a node, and check that the node leaves nothing behind."""

    async def run(*args: P.args, **kwargs: P.kwargs) -> None:
        errors: list[BaseException] = []
        async with Node() as node:
            # Kept apart from what the node itself may raise.
            try:
                await test(*args, **kwargs)
            except FAILED as error:
                errors.append(error)
        if errors:
            raise errors[0]
        assert_nothing_left(node)

    return with_clock(test, run)


def in_process(test: Callable[P, Awaitable[None]]) -> Callable[P, Awaitable[None]]:
    """Run a test as the body of a process, on a node of its own."""

    async def run(*args: P.args, **kwargs: P.kwargs) -> None:
        async with Node() as node:
            outcome = await outcome_in_process(node, lambda: test(*args, **kwargs))
        if isinstance(outcome, BaseException):
            raise outcome
        assert outcome is None, f"the test's own process died of {outcome!r}"
        assert_nothing_left(node)

    return with_clock(test, run)


async def outcome_in_process(
    node: Node, body: Callable[[], Awaitable[object]]
) -> BaseException | ExitReason | None:
    """Run *body* in a process: None, what it failed with, or what else it died of."""
    outcome: list[BaseException | None] = []

    async def run() -> None:
        try:
            await body()
        except FAILED as error:
            outcome.append(error)
        else:
            outcome.append(None)

    reason = await process.wait_exited(node.spawn(run))
    return outcome[0] if outcome else reason


def with_clock(
    test: Callable[..., object], run: Callable[P, Awaitable[None]]
) -> Callable[P, Awaitable[None]]:
    """Return *run* under the name of *test*, with the mock clock as a fixture."""

    async def named(autojump_clock: MockClock, **kwargs: object) -> None:
        del autojump_clock
        await cast("Callable[..., Awaitable[None]]", run)(**kwargs)

    parameters = list(inspect.signature(test).parameters.values())
    clock = inspect.Parameter("autojump_clock", inspect.Parameter.KEYWORD_ONLY)
    signature = inspect.Signature([*parameters, clock])
    named.__signature__ = signature  # type: ignore[attr-defined]
    named.__name__ = getattr(test, "__name__", "test")
    named.__qualname__ = getattr(test, "__qualname__", "test")
    named.__module__ = test.__module__
    named.__dict__.update(vars(test))
    return cast("Callable[P, Awaitable[None]]", named)


def assert_nothing_left(node: Node) -> None:
    """Check that nothing of a closed *node* is left."""
    assert node.processes == {}
    assert node.names == {}
    assert node.ghosts == {}
    assert node.name not in nodes()
    assert not node.root.links
    assert not node.root.watched_by
    assert not node.root.watching


def assert_owes_nothing(pid: Pid) -> None:
    """Check that nobody waits for *pid*, watches it or has an address of it."""
    inner = pid.process
    assert inner is not None
    assert not inner.owed
    assert inner.serving is None
    assert not inner.aliases
    assert not inner.watched_by
    assert not inner.watching
    assert len(inner.mailbox) == 0


def running_timers(node: Node) -> int:
    """Return how many timers of *node* run, those of calls not counted."""
    return sum(entry.pending for _, _, entry in node.timers._heap._heap)


def waiting_calls(node: Node) -> int:
    """Return how many calls with a time-out wait at *node*."""
    return sum(not c.settled for q in node.timers._queues.values() for c in q.calls)


async def idle() -> None:
    """Be a process that does nothing until it is told to end."""
    await trio.sleep_forever()


async def trapping_idle() -> None:
    """Be a process that traps exits and takes no notice of them."""
    process.trap_exit(True)
    await trio.sleep_forever()


async def dead_pid() -> Pid:
    """Return the pid of a process that has ended."""
    pid = process.spawn(_nothing)
    await process.wait_exited(pid)
    return pid


async def _nothing() -> None:
    return None


async def flush(seconds: float = 0.06) -> list[object]:
    """Take everything out of the caller's mailbox that comes within *seconds*."""
    messages: list[object] = []
    while True:
        try:
            messages.append(await process.receive(timeout=seconds))
        except TimeoutError:
            return messages


async def exit_reason_of(body: Callable[[], Awaitable[object]]) -> ExitReason:
    """Run *body* in a process and return what it died of."""
    return await process.wait_exited(process.spawn(body))


def reasons(messages: list[object]) -> list[ExitReason]:
    """Return the reasons of *messages*, which are all about exits."""
    found: list[ExitReason] = []
    for message in messages:
        assert isinstance(message, Exited)
        found.append(message.reason)
    return found


@contextmanager
def group_of(error: type[BaseException]) -> Iterator[None]:
    """Check that a group with nothing in it but one *error* comes out."""
    with pytest.raises(BaseExceptionGroup) as caught:
        yield
    (inner,) = caught.value.exceptions
    assert isinstance(inner, error), inner


class Registry:
    """A registry that is a dictionary."""

    def __init__(self) -> None:
        self.pids: dict[Hashable, Pid] = {}

    def register_name(self, key: Hashable, pid: Pid, /) -> bool:
        return self.pids.setdefault(key, pid) is pid

    def unregister_name(self, key: Hashable, /) -> None:
        self.pids.pop(key, None)

    def whereis_name(self, key: Hashable, /) -> Pid | None:
        return self.pids.get(key)

    def send(self, key: Hashable, message: object, /) -> Pid:
        pid = self.pids[key]
        process.send(pid, message)
        return pid


class Recorder(Instrument):
    """An instrument that remembers everything."""

    def __init__(self) -> None:
        self.started: list[tuple[Pid, Pid | None]] = []
        self.exited: list[tuple[Pid, ExitReason]] = []
        self.letters: list[DeadLetter] = []

    def process_started(self, pid: Pid, parent: Pid | None) -> None:
        self.started.append((pid, parent))

    def process_exited(self, pid: Pid, reason: ExitReason) -> None:
        self.exited.append((pid, reason))

    def dead_letter(self, letter: DeadLetter) -> None:
        self.letters.append(letter)


@contextmanager
def collected_reports() -> Iterator[list[Report]]:
    """Collect the reports that are made meanwhile."""
    found: list[Report] = []

    def collect(message: object) -> None:
        report = getattr(message, "record")["extra"].get("report")  # noqa: B009
        if isinstance(report, Report):
            assert report.text()
            found.append(report)

    logger.enable("otp")
    sink = logger.add(collect, level=0, catch=False)
    try:
        yield found
    finally:
        logger.remove(sink)
        logger.disable("otp")


class _CancelAtStep(trio.abc.Instrument):
    """Cancels *scope* after a given number of steps of whatever tasks."""

    def __init__(self, scope: trio.CancelScope, step: int) -> None:
        self.scope = scope
        self.left = step

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        del task
        self.left -= 1
        if self.left == 0:
            self.scope.cancel()


async def cancel_at_step(step: int, work: Callable[[], Awaitable[T]]) -> list[T]:
    """Run *work*, and cancel it after *step* steps of the scheduler.

    Steps of the step queue count, too. Returns its result in a list, an empty one if
    it was cancelled.
    """
    results: list[T] = []
    # From here on this task is in a step of Trio's, whose end is seen.
    await trio.lowlevel.checkpoint()
    with trio.CancelScope() as scope:
        canceller = _CancelAtStep(scope, step)
        trio.lowlevel.add_instrument(canceller)
        try:
            with _seen_by(canceller):
                results.append(await work())
        finally:
            trio.lowlevel.remove_instrument(canceller)
    with trio.CancelScope(shield=True):
        await wait_all_tasks_blocked()
    return results


@contextmanager
def _seen_by(instrument: trio.abc.Instrument) -> Iterator[None]:
    """Keep the step queue at work, which steps aside for instruments otherwise."""
    queue = _steps.queue_of_run.get()
    step = _steps.StepQueue._step

    def seen(queue: _steps.StepQueue, task: trio.lowlevel.Task) -> None:
        step(queue, task)
        instrument.after_task_step(task)

    with pytest.MonkeyPatch.context() as patch:
        if queue is not None:
            patch.setattr(queue, "_reasons", {})
            patch.setattr(_steps.StepQueue, "_step", seen)
            # A server that answers at once leaves no moment for a cancellation.
            patch.setattr(_steps.StepQueue, "ask", Scheduler.ask)
        yield


async def cancel_at_every_step(
    trial: Callable[[int], Awaitable[list[T]]], *, most: int = 60
) -> int:
    """Run *trial* for step 1, 2, ... until it is not cancelled any more.

    *trial* builds a world of its own, runs `cancel_at_step` in it and checks what is
    left. Returns at how many steps the work was cancelled.
    """
    for step in range(1, most):
        if await trial(step):
            return step - 1
    pytest.fail(f"still cancelled after {most} steps")
