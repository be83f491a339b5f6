"""Every workload does its work, and notices when it was not done."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest
import trio

import otp
from benchmarks.adapter import LacksError, lack
from benchmarks.floor import Floor, Proc
from benchmarks.growth import SUBJECTS
from benchmarks.growth.curves import measure_subject
from benchmarks.hooks import Hooks, check_scheduler, has_schedulers
from benchmarks.measure import measure, measure_adapter, refuse_hypothesis
from benchmarks.peers import known_peers
from benchmarks.rows import BY_NAME, ROWS
from benchmarks.tools import Countdown, WrongAnswerError
from benchmarks.workloads import WORKLOADS
from benchmarks.workloads.plain import tree_size

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from benchmarks.adapter import Adapter
    from benchmarks.rows import Row

OURS = [name for name in known_peers() if name.startswith("otp")]
# What bare Trio has no likeness of.
FLOOR_LACKS = {"watch", "report"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
@pytest.mark.parametrize("peer", ["floor", *OURS])
def test_a_workload_gives_all_its_numbers(peer: str, row: Row) -> None:
    sizes = row.sizes_for("smoke")
    if peer == "floor" and row.workload in FLOOR_LACKS:
        with pytest.raises(LacksError):
            measure(peer, row.name, sizes)
        return

    metrics = measure(peer, row.name, sizes)

    assert {metric.key for metric in row.metrics} <= set(metrics)


@pytest.mark.parametrize("peer", ["triotp", "pykka"])
def test_another_framework_does_the_same_where_it_is_installed(peer: str) -> None:
    if find_spec(peer) is None:
        pytest.skip(f"{peer} is not installed")
    row = BY_NAME["call"]

    metrics = measure(peer, row.name, row.sizes_for("smoke"))

    assert set(metrics) == {"mean", "p50", "p99"}


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_subject_of_growth_gives_numbers(subject: str) -> None:
    metrics = measure_subject(subject, 10)

    assert metrics
    assert all(number > 0 for number in metrics.values())


class Careless(Floor):
    """A framework with mistakes; each is wrong in the workloads named after it."""

    def __init__(self) -> None:
        super().__init__()
        self.cast = self.forget
        self.call = self.miscount

    def forget(self, server: Proc, n: int) -> None:
        """Lose what is sent."""

    async def miscount(self, server: Proc, n: int) -> int:
        await trio.lowlevel.checkpoint()
        return 42

    def send_after(self, seconds: float, pid: Proc, message: object) -> Any:
        return super().send_after(seconds, pid, "wrong")

    async def run_task(self, fn: Callable[..., Awaitable[Any]], *args: object) -> Any:
        return -1

    async def recv_match(self, fits: Callable[[object], bool]) -> Any:
        return await self.recv()


WRONG = [
    *("call", "cast", "one_server", "many_servers", "start", "restart", "task"),
    *("names", "registry", "timers", "selective"),
]


@pytest.mark.parametrize("workload", WRONG)
def test_a_wrong_answer_is_noticed(workload: str) -> None:
    [row, *_] = [row for row in ROWS if row.workload == workload]

    with pytest.raises(WrongAnswerError):
        measure_adapter(Careless(), workload, row.sizes_for("smoke"))


class Adding(Floor):
    """A framework that adds one to every number that is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.send = self.send_more

    def send_more(self, pid: Proc, message: object) -> None:
        # A ring ends at 0, and would not end if it never came to that.
        again = isinstance(message, int) and not self.sent
        self.sent = self.sent or again
        pid.send(message + 1 if again and isinstance(message, int) else message)

    sent = False


@pytest.mark.parametrize("workload", ["ring", "skynet"])
def test_a_changed_message_is_noticed(workload: str) -> None:
    with pytest.raises(WrongAnswerError):
        measure_adapter(Adding(), workload, BY_NAME[workload].sizes_for("smoke"))


class Generous(Hooks):
    """A framework that does more than it was asked for."""

    async def spawn(self, fn: Callable[..., Awaitable[object]], *args: object) -> Any:
        await super().spawn(fn, *args)
        return await super().spawn(fn, *args)

    async def start_supervisor(self, siblings: int, *hooks: Any) -> None:
        await super().start_supervisor(siblings + 1, *hooks)


@pytest.mark.parametrize("workload", ["spawn", "memory", "restart"])
def test_too_many_processes_are_noticed(workload: str) -> None:
    with pytest.raises(WrongAnswerError):
        measure_adapter(Generous(), workload, BY_NAME[workload].sizes_for("smoke"))


class Silent(Hooks):
    """A framework that reports nothing."""

    def read_reports(self, reader: Callable[[object], object]) -> None:
        """Read none."""


def test_a_missing_report_is_noticed() -> None:
    with pytest.raises(WrongAnswerError, match="report"):
        measure_adapter(Silent(), "report", {"crashes": 2})


def test_what_a_framework_lacks_is_said() -> None:
    class Poor(Floor):
        async def start_registry(self) -> Any:
            lack("a registry")

    with pytest.raises(LacksError, match="it has no registry"):
        measure_adapter(Poor(), "registry", {"names": 1})


def test_every_row_has_its_workload() -> None:
    assert {row.workload for row in ROWS} == set(WORKLOADS)


def test_beside_hypothesis_nothing_is_measured() -> None:
    with pytest.raises(RuntimeError, match="hypothesis"):
        refuse_hypothesis()


def test_a_node_is_asked_for_a_scheduler_if_it_takes_one() -> None:
    assert has_schedulers() == (OURS == ["otp (trio)", "otp (step)"])


async def test_another_scheduler_than_was_wanted_is_not_measured() -> None:
    async with otp.Node(scheduler="trio") as node:
        check_scheduler(node, "trio")
        with pytest.raises(RuntimeError, match="has the scheduler 'trio'"):
            check_scheduler(node, "step")


def test_a_countdown_is_over_once() -> None:
    ends: list[str] = []
    countdown = Countdown(2, lambda: ends.append("over"))

    for _ in range(3):
        countdown.hit()

    assert (ends, countdown.left) == (["over"], -1)


def test_the_size_of_a_tree_counts_its_branches() -> None:
    assert [tree_size(leaves) for leaves in (1, 10, 100)] == [1, 11, 111]


def test_the_hooks_of_this_package_are_there_to_be_imported() -> None:
    from benchmarks.hooks import hooks  # noqa: PLC0415

    adapter: Adapter = hooks

    assert isinstance(adapter, Hooks)
