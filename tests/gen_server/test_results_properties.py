"""Properties of what callbacks return."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given, strategies as st

import otp
from otp._util import is_seconds
from otp.gen_server import NOTHING

SECONDS = st.one_of(st.floats(min_value=0), st.integers(min_value=0))
NO_SECONDS = st.one_of(
    st.floats(max_value=-1e-9), st.just(float("nan")), st.text(), st.booleans()
)
VALUES = st.one_of(st.none(), st.integers(), st.text())


@given(SECONDS)
def test_seconds_are_numbers_from_zero(value: float) -> None:
    assert is_seconds(value)
    assert otp.NoReply(timeout=value).timeout == value


@given(NO_SECONDS)
def test_nothing_else_is_a_timeout(value: object) -> None:
    assert not is_seconds(value)
    with pytest.raises(otp.InvalidSpecError, match="idle time-out"):
        otp.NoReply(timeout=value)  # type: ignore[arg-type]


@given(VALUES, st.none() | SECONDS, st.just(NOTHING) | VALUES, st.booleans())
def test_one_thing_follows_at_most(
    value: object, timeout: float | None, continue_: object, hibernate: bool
) -> None:
    given_ = [timeout is not None, continue_ is not NOTHING, hibernate]
    if sum(given_) > 1:
        with pytest.raises(otp.InvalidSpecError, match="not several"):
            otp.Reply(value, timeout=timeout, continue_=continue_, hibernate=hibernate)
        return
    reply = otp.Reply(value, timeout=timeout, continue_=continue_, hibernate=hibernate)

    assert reply.value == value
    # Nothing follows: no time-out, or one that never comes, and nothing to go on with.
    assert reply.plain == (timeout in {None, inf} and continue_ is NOTHING)


@given(VALUES)
def test_a_stop_has_a_reason_and_no_bare_value(value: object) -> None:
    assert otp.Stop(otp.Reason(value), reply=value).reply == value
    for result in (otp.Stop, otp.Fail):
        with pytest.raises(TypeError, match="is not an exit reason"):
            result(value)  # type: ignore[arg-type]
