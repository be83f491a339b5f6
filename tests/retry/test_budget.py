from __future__ import annotations

from math import inf, nan

import pytest
from hypothesis import given, strategies as st

from otp import InvalidSpecError
from otp.retry import RetryBudget


def test_a_new_budget_is_full() -> None:
    budget = RetryBudget(10)

    assert budget.tokens == 10
    assert budget.allows


def test_retries_stop_when_half_of_it_is_gone() -> None:
    budget = RetryBudget(10)

    assert [budget.failed() for _ in range(6)] == [True] * 4 + [False] * 2
    assert budget.tokens == 4
    assert not budget.allows


def test_successes_bring_the_retries_back() -> None:
    budget = RetryBudget(4, per_success=0.5)
    for _ in range(2):
        budget.failed()

    assert not budget.allows
    budget.succeeded()
    assert budget.allows
    assert budget.tokens == 2.5


def test_a_budget_is_never_below_nothing_nor_above_its_capacity() -> None:
    budget = RetryBudget(2, per_success=1.5)
    budget.succeeded()
    assert budget.tokens == 2
    for _ in range(5):
        budget.failed()
    assert budget.tokens == 0


@given(st.lists(st.booleans()))
def test_it_is_what_grpc_says(outcomes: list[bool]) -> None:
    # In whole tenths, as there, so that nothing is rounded away.
    budget = RetryBudget(100, per_retry=10, per_success=1)
    tokens = 100
    for succeeded in outcomes:
        if succeeded:
            tokens = min(100, tokens + 1)
            budget.succeeded()
        else:
            tokens = max(0, tokens - 10)
            assert budget.failed() == (tokens > 50)
        assert budget.tokens == tokens
        assert budget.allows == (tokens > 50)


@pytest.mark.parametrize("name", ["capacity", "per_retry", "per_success"])
@pytest.mark.parametrize("value", [0, -1, inf, nan, "1", None, True])
def test_what_cannot_be_a_budget_is_refused(name: str, value: object) -> None:
    with pytest.raises(InvalidSpecError, match=f"{name} of a retry budget") as caught:
        RetryBudget(**{name: value})  # type: ignore[arg-type]

    assert caught.value.kind == "invalid_budget"
    assert caught.value.value is value


def test_a_failure_cannot_cost_more_than_there_is() -> None:
    with pytest.raises(InvalidSpecError, match="raise capacity") as caught:
        RetryBudget(1, per_retry=2)

    assert (caught.value.kind, caught.value.value) == ("bad_combination", 2)
    assert RetryBudget(1, per_retry=1).failed() is False
