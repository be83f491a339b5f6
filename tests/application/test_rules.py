from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given, strategies as st

import otp
from otp.application import StartType
from otp.application._rules import after_end, after_failed_start, check_start_type

REASONS: st.SearchStrategy[otp.ExitReason] = st.sampled_from(
    [
        otp.Normal(),
        otp.Shutdown(),
        otp.Shutdown("done"),
        otp.Kill(),
        otp.Killed(),
        otp.NoProc(),
        otp.NoConnection(),
        otp.Crash(ValueError("boom")),
        otp.Reason("own"),
    ]
)


@given(REASONS)
def test_the_end_of_a_temporary_application_is_only_reported(
    reason: otp.ExitReason,
) -> None:
    assert after_end("temporary", reason) == "report"


@given(REASONS)
def test_the_end_of_a_permanent_application_is_the_end_of_the_node(
    reason: otp.ExitReason,
) -> None:
    assert after_end("permanent", reason) == "end_node"


@given(REASONS)
def test_a_transient_application_may_end_normally_and_in_no_other_way(
    reason: otp.ExitReason,
) -> None:
    normal = isinstance(reason, otp.Normal)

    assert after_end("transient", reason) == ("report" if normal else "end_node")


@pytest.mark.parametrize(
    ("type_", "declined", "consequence"),
    [
        ("temporary", False, "report"),
        ("temporary", True, "report"),
        ("transient", False, "end_node"),
        ("transient", True, "report"),
        ("permanent", False, "end_node"),
        ("permanent", True, "end_node"),
    ],
)
def test_what_follows_a_start_that_failed(
    type_: StartType, declined: bool, consequence: str
) -> None:
    assert after_failed_start(type_, declined=declined) == consequence


@pytest.mark.parametrize("type_", get_args(StartType))
def test_a_start_type_is_taken(type_: StartType) -> None:
    assert check_start_type(type_) == type_


@pytest.mark.parametrize("value", ["foo", "", None, 1])
def test_anything_else_is_not(value: object) -> None:
    with pytest.raises(otp.InvalidSpecError, match="permanent, transient, temporary"):
        check_start_type(value)
