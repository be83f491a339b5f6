"""Settings that make no sense are refused where they are made."""

from __future__ import annotations

from math import inf, nan

import pytest

import otp
from otp import ExecutorSpec, InvalidSpecError, gen_server
from otp.task_executor import Options
from tests.kernel.support import on_node

WRONG = [
    ({"max_concurrency": 0}, "max_concurrency of an executor is a whole number from 1"),
    ({"max_concurrency": inf}, "max_concurrency"),
    ({"max_threads": 0}, "max_threads"),
    ({"max_processes": 0}, "max_processes"),
    ({"max_processes": 1.5}, "max_processes"),
    ({"queue": -1}, "queue of an executor is a whole number from 0, not -1"),
    ({"queue": None}, "queue"),
    ({"timeout": 0}, "timeout of an executor is more than 0 seconds, not 0"),
    ({"timeout": nan}, "timeout"),
    ({"timeout": "1"}, "timeout"),
    ({"ageing": -1}, "ageing of an executor is a finite number from 0, not -1"),
    ({"ageing": inf}, "ageing"),
    ({"shutdown": -1}, "shutdown"),
    ({"retry": 3}, "the retry of a job is an otp.Retry, not 3"),
]


@pytest.mark.parametrize(("settings", "text"), WRONG)
def test_a_specification_that_cannot_be_is_refused(
    settings: dict[str, object], text: str
) -> None:
    with pytest.raises(InvalidSpecError, match=text) as caught:
        ExecutorSpec(**settings)  # type: ignore[arg-type]

    assert caught.value.kind == "invalid_executor"


def test_the_values_at_the_edge_are_good() -> None:
    ExecutorSpec(max_concurrency=1, queue=0, timeout=inf, ageing=0, shutdown=0)
    ExecutorSpec(max_threads=1, max_processes=1, shutdown=inf, retry=otp.Retry(1))


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        (
            {"priority": "urgent"},
            "a priority is one of low, normal, high, critical, not 'urgent'",
        ),
        ({"priority": 1}, "priority"),
        ({"timeout": 0}, "the time-out of a job is more than 0 seconds, not 0"),
        ({"timeout": "1"}, "time-out"),
        ({"retry": 3}, "retry"),
    ],
)
def test_options_that_cannot_be_are_refused(
    settings: dict[str, object], text: str
) -> None:
    with pytest.raises(InvalidSpecError, match=text):
        Options(**settings)  # type: ignore[arg-type]


@on_node
async def test_a_wrong_specification_fails_the_start() -> None:
    with pytest.raises(otp.StartError) as caught:
        await gen_server.start(otp.TaskExecutor, {"queue": 1})  # type: ignore[arg-type]

    assert isinstance(caught.value.__cause__, TypeError)
