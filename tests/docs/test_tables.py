"""The tables in the documents say what the code says."""

from __future__ import annotations

import re
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trio

import otp
import otp.cli
from otp.gen_server import CALL_TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DOCS = Path(__file__).parent.parent.parent / "docs"

pytestmark = pytest.mark.skipif(not DOCS.exists(), reason="there are no documents here")


def rows(page: str) -> list[list[str]]:
    """Return the cells of all tables of a page."""
    text = (DOCS / page).read_text(encoding="utf-8")
    found = re.findall(r"^\| (.*) \|$", text, re.MULTILINE)
    return [row.split(" | ") for row in found]


def errors(cls: type[otp.OTPError] = otp.OTPError) -> Iterator[type[otp.OTPError]]:
    """Return all errors of the package, each after what it derives from."""
    if cls.__module__.split(".")[0] == "otp":
        yield cls
    for derived in cls.__subclasses__():
        yield from errors(derived)


def test_the_table_of_errors_has_them_all_as_they_are() -> None:
    expected = {
        f"`{cls.__module__}.{cls.__qualname__}`": [
            ", ".join(f"`{base.__qualname__}`" for base in cls.__bases__),
            cls.severity,
            cls.recovery,
        ]
        for cls in errors()
    }

    table = {
        row[0]: row[1:]
        for row in rows("explanation/errors.md")
        if row[0].startswith("`otp.")
    }

    assert table == expected


def test_the_reference_documents_every_error() -> None:
    text = (DOCS / "reference" / "errors.md").read_text(encoding="utf-8")

    documented = set(re.findall(r"autoexception:: (\S+)", text))

    assert documented == {f"{cls.__module__}.{cls.__qualname__}" for cls in errors()}


def default(fn: Callable[..., object], argument: str) -> object:
    """Return the default of an argument."""
    return signature(fn).parameters[argument].default


def test_the_table_of_defaults_is_right() -> None:
    table = {row[0]: row[1] for row in rows("reference/defaults.md")}
    tree = otp.one_for_one()
    pauses = otp.Backoff()

    worker = otp.child_spec(otp.GenServer)
    supervisor = otp.child_spec(otp.Supervisor)

    assert table["restarts before a supervisor gives up"] == (
        f"{tree.max_restarts} in {tree.max_seconds} s"
    )
    assert table["`auto_shutdown` of a supervisor"] == f'`"{tree.auto_shutdown}"`'
    assert table["`restart` of a child"] == f'`"{worker.restart}"`'
    assert table["`shutdown` of a worker"] == f"{worker.shutdown:g} s"
    assert supervisor.shutdown == float("inf")
    assert table["an `otp.Backoff()`"] == (
        f"{pauses.initial:g} s, doubled each time, at most {pauses.maximum:g} s, "
        f"nothing left to chance"
    )
    assert pauses.jitter == 0
    retry, budget = otp.Retry(), otp.RetryBudget()
    assert table["attempts of an `otp.Retry()`"] == f"{retry.attempts}"
    assert retry.backoff == otp.Backoff(jitter=1.0)
    assert (retry.max_elapsed, retry.budget) == (float("inf"), None)
    assert otp.rate_limiter.Gcra(1) == otp.rate_limiter.Gcra(1, per=1.0, burst=1)
    assert otp.rate_limiter.SlidingLog(1).per == 1
    assert default(otp.RateLimiter, "max_wait") == float("inf")
    assert table["calls behind an `otp.Bulkhead()` at the same time"] == (
        f"{otp.Bulkhead().limit}, and nobody waits"
    )
    assert default(otp.Bulkhead, "queue") == 0
    assert default(otp.bulkhead.SpawnController, "queue") == 0
    assert table["an `otp.RetryBudget()`"] == (
        f"{budget.capacity:g} tokens, a failure costs {budget.per_retry:g}, "
        f"a success brings in {budget.per_success:g}"
    )
    assert pauses.factor == 2
    assert table["time-out of a call"] == f"{CALL_TIMEOUT:g} s"
    assert table["time-out of a system message"] == (
        f"{default(otp.sys.get_state, 'timeout'):g} s"
    )
    waiting = "time-out of waiting for a task, and of a task of a stream"
    for wait in (otp.task.await_, otp.task.shutdown, otp.task.async_stream):
        assert table[waiting] == f"{default(wait, 'timeout'):g} s"
    assert table["`restart` of a task as a child"] == (
        f'`"{otp.child_spec(otp.Task, trio.sleep_forever).restart}"`'
    )
    assert table["orderly end of a node"].startswith(
        f"{default(otp.Node, 'shutdown_timeout'):g} s"
    )
    assert table["what a bounded mailbox does"] == f'`"{otp.Bounded(1).overflow}"`'
    assert table["start type of an application"] == (
        f'`"{default(otp.application.start, "type")}"`'
    )


def test_the_table_of_defaults_is_right_about_pools_and_executors() -> None:
    table = {row[0]: row[1] for row in rows("reference/defaults.md")}
    pool, jobs = otp.PoolSpec(), otp.ExecutorSpec()

    assert table["resources of a pool"] == f"{pool.min_size} to {pool.max_size}"
    assert table["time-out of a checkout"] == f"{pool.acquire_timeout:g} s"
    assert table["those who may wait for a pool"] == f"{pool.queue}"
    assert table["time after which a resource that nobody needs is closed"] == (
        f"{pool.idle_timeout:g} s"
    )
    assert pool.max_lifetime == float("inf")
    assert table["time after which an idle resource is checked"] == (
        f"{pool.check_after:g} s"
    )
    assert table["time for opening, checking, closing a resource"] == (
        f"{pool.open_timeout:g} s, {pool.check_timeout:g} s, {pool.close_timeout:g} s"
    )
    assert pool.backoff == otp.Backoff(jitter=0.5)
    assert table["jobs of an executor that run at once, that wait"] == (
        f"{jobs.max_concurrency}, {jobs.queue}"
    )
    assert table["time of an attempt of a job"] == f"{jobs.timeout:g} s"
    assert table["priority of a job"] == f'`"{otp.task_executor.Options().priority}"`'
    assert table["time in which a job that waits rises by one priority"] == (
        f"{jobs.ageing:g} s"
    )
    assert jobs.retry is None
    assert table["threads and processes of an executor"].startswith(
        f"{jobs.max_threads},"
    )
    assert table["time that jobs have to end with their executor"] == (
        f"{jobs.shutdown:g} s"
    )
