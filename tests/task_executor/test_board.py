from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from otp import ExecutorSpec
from otp.task_executor._board import Admit, Begin, Board, Refuse
from otp.task_executor._queue import RANKS

if TYPE_CHECKING:
    from otp.task_executor import Priority
    from otp.task_executor._board import Step

ONE = ExecutorSpec(max_concurrency=1, queue=1)


def submit(
    board: Board[str], job: str, *, patient: bool = False, now: float = 0.0
) -> list[Step[str]]:
    return board.submit(job, "normal", now, patient=patient)


def test_a_job_is_started_if_nothing_runs() -> None:
    assert submit(Board(ONE), "a") == [Begin("a")]


def test_a_job_waits_while_others_run() -> None:
    board: Board[str] = Board(ONE)
    submit(board, "a")

    assert submit(board, "b") == []
    assert board.over() == [Begin("b")]
    assert board.over() == []
    assert board.busy == 0


def test_of_jobs_that_come_at_the_same_time_the_first_is_started_first() -> None:
    board: Board[str] = Board(ExecutorSpec(max_concurrency=1))
    for job in ("runs", "b", "c", "a"):
        submit(board, job)

    assert [board.over() for _ in range(3)] == [
        [Begin("b")],
        [Begin("c")],
        [Begin("a")],
    ]


def test_a_job_is_refused_if_too_many_wait() -> None:
    board: Board[str] = Board(ONE)
    submit(board, "a")
    submit(board, "b")

    assert submit(board, "c") == [Refuse("c")]
    assert board.over() == [Begin("b")]


def test_a_patient_job_waits_to_be_let_in() -> None:
    board: Board[str] = Board(ONE)
    submit(board, "a")
    submit(board, "b")

    assert submit(board, "c", patient=True) == []
    assert board.over() == [Begin("b"), Admit("c")]
    assert board.over() == [Begin("c")]


def test_nobody_who_comes_later_is_let_in_before_a_patient_one() -> None:
    board: Board[str] = Board(ONE)
    for job in ("a", "b"):
        submit(board, job)
    submit(board, "c", patient=True)

    assert submit(board, "d") == [Refuse("d")]
    assert board.withdraw("b") == [Admit("c")]
    assert submit(board, "d") == [Refuse("d")]


def test_without_a_queue_jobs_are_started_or_refused() -> None:
    board: Board[str] = Board(ExecutorSpec(max_concurrency=2, queue=0))

    assert submit(board, "a") == [Begin("a")]
    assert submit(board, "b") == [Begin("b")]
    assert submit(board, "c") == [Refuse("c")]
    assert submit(board, "d", patient=True) == []
    assert board.over() == [Admit("d"), Begin("d")]


def test_a_job_that_is_withdrawn_is_never_started() -> None:
    board: Board[str] = Board(ONE)
    submit(board, "a")
    submit(board, "b")
    submit(board, "c", patient=True)
    submit(board, "d", patient=True)

    assert board.withdraw("c") == []
    assert board.withdraw("b") == [Admit("d")]
    assert board.withdraw("b") == []
    assert board.over() == [Begin("d")]


def test_the_most_important_one_is_started_and_let_in_first() -> None:
    board: Board[str] = Board(ExecutorSpec(max_concurrency=1, queue=2))
    submit(board, "runs")
    board.submit("low", "low", 0.0, patient=False)
    board.submit("high", "high", 0.0, patient=False)
    board.submit("patient", "low", 0.0, patient=True)
    board.submit("critical", "critical", 0.0, patient=True)

    assert board.over() == [Begin("high"), Admit("critical")]
    assert board.over() == [Begin("critical"), Admit("patient")]


class Machine(RuleBasedStateMachine):
    """An executor, and what has become of each of its jobs."""

    board: Board[int]

    @initialize(most=st.integers(1, 3), queue=st.integers(0, 3))
    def begin(self, most: int, queue: int) -> None:
        self.spec = ExecutorSpec(max_concurrency=most, queue=queue)
        self.board = Board(self.spec)
        self.now = 0.0
        self.came: dict[int, tuple[Priority, float]] = {}
        self.line: set[int] = set()
        self.queue: set[int] = set()
        self.running: set[int] = set()

    def rank(self, job: int) -> tuple[float, int]:
        priority, came = self.came[job]
        return -(RANKS[priority] + (self.now - came) / self.spec.ageing), job

    def obey(self, steps: list[Step[int]]) -> None:
        for step in steps:
            match step:
                case Begin(job):
                    assert job == min(self.queue, key=self.rank)
                    self.queue.remove(job)
                    self.running.add(job)
                    assert len(self.running) <= self.spec.max_concurrency
                case Admit(job):
                    assert job == min(self.line, key=self.rank)
                    self.line.remove(job)
                    self.queue.add(job)
                case Refuse(job):
                    raise AssertionError(job)
        assert len(self.queue) <= self.spec.queue
        if self.queue:
            assert len(self.running) == self.spec.max_concurrency
        if self.line:
            assert len(self.queue) == self.spec.queue
            assert len(self.running) == self.spec.max_concurrency
        assert self.board.busy == len(self.running)
        assert set(self.board.queue.jobs) == self.queue
        assert set(self.board.line.jobs) == self.line

    @rule(
        priority=st.sampled_from(list(RANKS)),
        patient=st.booleans(),
        pause=st.integers(0, 20),
    )
    def submit(self, *, priority: Priority, patient: bool, pause: int) -> None:
        self.now += pause
        job = len(self.came)
        self.came[job] = (priority, self.now)
        full = len(self.queue) >= self.spec.queue
        full = full and len(self.running) >= self.spec.max_concurrency
        steps = self.board.submit(job, priority, self.now, patient=patient)
        if full and not patient:
            assert steps == [Refuse(job)]
            return
        (self.line if full else self.queue).add(job)
        self.obey(steps)

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def over(self, data: st.DataObject) -> None:
        self.running.remove(data.draw(st.sampled_from(sorted(self.running))))
        self.obey(self.board.over())

    @precondition(lambda self: self.queue or self.line)
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        job = data.draw(st.sampled_from(sorted(self.queue | self.line)))
        self.queue.discard(job)
        self.line.discard(job)
        self.obey(self.board.withdraw(job))

    @precondition(lambda self: self.running)
    @rule()
    def let_all_end(self) -> None:
        """Every job that waits is started in the end."""
        while self.running:
            self.running.pop()
            self.obey(self.board.over())
        assert not self.queue
        assert not self.line


TestBoard = Machine.TestCase
