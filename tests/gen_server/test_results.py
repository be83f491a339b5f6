"""The results of callbacks are values; wrong ones are refused where they are made."""

from __future__ import annotations

from math import inf, nan

import attrs
import pytest

from otp import (
    Fail,
    Ignore,
    InvalidSpecError,
    NoReply,
    Normal,
    Reason,
    Reply,
    Shutdown,
    Stop,
)
from otp.gen_server import NOTHING


def test_a_reply_is_plain_unless_something_follows() -> None:
    assert Reply(1).plain
    assert NoReply().plain
    assert Reply(1, timeout=inf).plain
    assert NoReply(hibernate=True).plain
    assert not Reply(1, timeout=0).plain
    assert not NoReply(timeout=1.5).plain
    assert not NoReply(continue_=None).plain
    assert not Reply(1, continue_="x").plain


def test_results_are_values() -> None:
    assert Reply(1) == Reply(1) != Reply(2)
    assert NoReply() == NoReply() != NoReply(timeout=1)
    assert Stop() == Stop(Normal()) != Stop(Shutdown())
    assert Ignore() == Ignore()
    assert Fail(Reason("x")) == Fail(Reason("x"))
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Reply(1).value = 2  # type: ignore[misc]


def test_nothing_is_not_none() -> None:
    assert repr(NOTHING) == "NOTHING"
    assert Stop().reply is NOTHING
    assert NoReply().continue_ is NOTHING
    assert Stop(reply=None).reply is None


@pytest.mark.parametrize("timeout", [-1, -0.1, nan, "1", True, False])
def test_an_idle_time_is_a_number_of_seconds(timeout: object) -> None:
    for make in (lambda: Reply(1, timeout=timeout), lambda: NoReply(timeout=timeout)):  # type: ignore[arg-type]
        with pytest.raises(InvalidSpecError, match="an idle time-out is") as caught:
            make()
        assert caught.value.kind == "invalid_timeout"
        assert caught.value.value is timeout


@pytest.mark.parametrize(
    "options",
    [
        {"timeout": 1, "continue_": "x"},
        {"timeout": 1, "hibernate": True},
        {"continue_": None, "hibernate": True},
        {"timeout": 0, "continue_": "x", "hibernate": True},
    ],
)
def test_only_one_thing_can_follow(options: dict[str, object]) -> None:
    for make in (lambda: Reply(1, **options), lambda: NoReply(**options)):  # type: ignore[arg-type]
        with pytest.raises(InvalidSpecError, match="give one of timeout") as caught:
            make()
        assert caught.value.kind == "bad_combination"


@pytest.mark.parametrize("make", [Stop, Fail])
def test_a_reason_is_a_reason(make: type[Stop | Fail]) -> None:
    with pytest.raises(TypeError, match="'normal' is not an exit reason"):
        make("normal")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"write Shutdown\(\)"):
        make(Shutdown)  # type: ignore[arg-type]
