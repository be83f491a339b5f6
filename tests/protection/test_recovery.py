"""Every error says what is worth trying, or it is said for it."""

from __future__ import annotations

from typing import get_args

import pytest
import trio
from hypothesis import given, strategies as st

import otp
from otp.protection import Recovery, RejectedError, leaves_of, recovery_of

RECOVERIES: tuple[Recovery, ...] = get_args(Recovery)


class Own(Exception):  # noqa: N818 - named after what it is for
    """An error of somebody who does not know this package."""

    def __init__(self, recovery: object) -> None:
        super().__init__(recovery)
        self.recovery = recovery


@pytest.mark.parametrize(
    ("error", "recovery"),
    [
        (otp.CallTimeoutError("server", 5), "circuit_breaker"),
        (otp.NoProcessError("server"), "retry"),
        (otp.InvalidSpecError("kind", 1, "text"), "escalate"),
        (RejectedError("full"), "retry"),
        (OSError(), "retry"),
        (TimeoutError(), "retry"),
        (trio.TooSlowError(), "retry"),
        (ValueError(), "retry"),
        (KeyError(), "retry"),
        (RuntimeError(), "retry"),
        (TypeError(), "escalate"),
        (AttributeError(), "escalate"),
        (NameError(), "escalate"),
        (AssertionError(), "escalate"),
        (NotImplementedError(), "escalate"),
        (ImportError(), "escalate"),
        (SyntaxError(), "escalate"),
        (ZeroDivisionError(), "escalate"),
        (KeyboardInterrupt(), "escalate"),
        (otp.Exit(otp.Shutdown()), "escalate"),
        (Own("reload"), "reload"),
        (Own("sleep"), "retry"),
        (Own(None), "retry"),
    ],
)
def test_what_is_worth_trying(error: BaseException, recovery: Recovery) -> None:
    assert recovery_of(error) == recovery


GRAVITY = [
    *("escalate", "restart", "reload", "failover", "circuit_breaker"),
    *("retry", "ignore"),
]


def test_the_gravest_in_a_group_decides() -> None:
    for place, grave in enumerate(GRAVITY):
        lighter = [Own(one) for one in GRAVITY[place + 1 :]]
        assert recovery_of(ExceptionGroup("", [*lighter, Own(grave)])) == grave


def test_every_recovery_has_its_gravity() -> None:
    assert sorted(GRAVITY) == sorted(RECOVERIES)


@given(
    st.recursive(
        st.builds(Own, st.sampled_from(RECOVERIES)),
        lambda inner: st.builds(
            lambda errors: ExceptionGroup("", errors),
            st.lists(inner, min_size=1, max_size=3),
        ),
    )
)
def test_a_group_is_as_grave_as_its_leaves(error: Exception) -> None:
    leaves = [recovery_of(leaf) for leaf in leaves_of(error)]

    assert recovery_of(error) == min(leaves, key=GRAVITY.index)
