"""Settings that make no sense are refused where they are made."""

from __future__ import annotations

from math import inf, nan
from typing import TYPE_CHECKING, Any

import pytest
import trio
import trio.lowlevel

import otp
from otp import InvalidSpecError, PoolSpec, pool

if TYPE_CHECKING:
    from collections.abc import Callable

WRONG = [
    ({"min_size": -1}, "least size of a pool is a whole number from 0, not -1"),
    ({"min_size": 1.5}, "whole number"),
    (
        {"max_size": 0, "min_size": 0},
        "greatest size of a pool is a whole num",
    ),
    ({"max_size": True}, "whole number"),
    ({"max_size": inf}, "whole number"),
    (
        {"min_size": 6, "max_size": 5},
        "at least 6 cannot have at most 5: raise",
    ),
    ({"queue": -1}, "queue of a pool is a whole number from 0"),
    ({"queue": inf}, "queue"),
    ({"acquire_timeout": -1}, "acquire_timeout of a pool is 0 seconds or more, not -1"),
    ({"acquire_timeout": nan}, "acquire_timeout"),
    ({"acquire_timeout": "10"}, "acquire_timeout"),
    ({"idle_timeout": -0.1}, "idle_timeout"),
    ({"check_after": -1}, "check_after"),
    ({"max_lifetime": 0}, "max_lifetime of a pool is more than 0 seconds, not 0"),
    ({"check_timeout": 0}, "check_timeout"),
    ({"open_timeout": 0}, "open_timeout"),
    ({"close_timeout": 0}, "close_timeout"),
    ({"backoff": 1.0}, "backoff of a pool is a Backoff, not 1.0"),
    ({"backoff": None}, "backoff"),
]


@pytest.mark.parametrize(("settings", "text"), WRONG)
def test_a_specification_that_cannot_be_is_refused(
    settings: dict[str, object], text: str
) -> None:
    with pytest.raises(InvalidSpecError, match=text) as caught:
        PoolSpec(**settings)  # type: ignore[arg-type]

    assert caught.value.kind == "invalid_pool"


def test_the_values_at_the_edge_are_good() -> None:
    PoolSpec(min_size=0, max_size=1, queue=0, acquire_timeout=0, idle_timeout=0)
    PoolSpec(min_size=1, max_size=1, queue=None, acquire_timeout=inf, check_after=0)
    PoolSpec(check_after=inf, max_lifetime=inf, open_timeout=inf, close_timeout=inf)


async def connect() -> int:
    await trio.lowlevel.checkpoint()
    return 7


of: Any = pool

WRONG_SOURCES: list[tuple[Callable[[], object], str]] = [
    (lambda: of.resources(7), "what opens a resource is a function, not 7"),
    (lambda: of.resources(None), "what opens"),
    (
        lambda: of.resources(connect, close=7),
        "what closes a resource is a function",
    ),
    (lambda: of.resources(connect, check=7), "the check of a pool is a function"),
    (
        lambda: of.resources(connect, discard_on="maybe"),
        "'failure', 'never' or a f",
    ),
    (lambda: of.resources(connect, discard_on=None), "discard_on"),
    (lambda: of.contexts(None), "what makes a resource is a function"),
    (lambda: of.contexts(connect, discard_on=[]), "discard_on"),
    (
        lambda: of.workers(otp.GenServer),
        "have a ChildSpec, not .*: use child_spec",
    ),
    (
        lambda: of.workers(otp.child_spec(otp.GenServer).named(otp.Name("one"))),
        "the workers of a pool cannot all be called one",
    ),
]


@pytest.mark.parametrize(("make", "text"), WRONG_SOURCES)
def test_a_source_that_cannot_be_is_refused(
    make: Callable[[], object], text: str
) -> None:
    with pytest.raises(InvalidSpecError, match=text) as caught:
        make()

    assert caught.value.kind == "invalid_source"


def test_a_coroutine_is_no_function() -> None:
    with pytest.raises(InvalidSpecError, match="a function"):
        pool.resources(connect())  # type: ignore[arg-type]
