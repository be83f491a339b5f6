"""Exit reasons: what is one, what is none, and where they come from."""

from __future__ import annotations

import copy
from typing import get_args

import pytest
import trio

from otp import (
    Crash,
    Exit,
    Kill,
    Killed,
    NoConnection,
    NoProc,
    Normal,
    Reason,
    Shutdown,
)
from otp.kernel import (
    KILL,
    KILLED,
    NO_CONNECTION,
    NO_PROC,
    NORMAL,
    SHUTDOWN,
    ExitReason,
    check_reason,
    is_own_end,
    is_quiet,
    is_reason,
    reason_of,
)

ERROR = ValueError("x")
REASONS: list[ExitReason] = [
    Normal(),
    Shutdown(),
    Shutdown("detail"),
    Kill(),
    Killed(),
    NoProc(),
    NoConnection(),
    Crash(ERROR),
    Reason("x"),
]


def test_these_tests_know_every_kind_of_reason() -> None:
    assert {type(reason) for reason in REASONS} == set(get_args(ExitReason))


def test_the_constants_are_the_reasons_without_data() -> None:
    assert (
        Normal(),
        Shutdown(),
        Kill(),
        Killed(),
        NoProc(),
        NoConnection(),
    ) == (NORMAL, SHUTDOWN, KILL, KILLED, NO_PROC, NO_CONNECTION)


@pytest.mark.parametrize("reason", REASONS)
def test_a_reason_is_equal_to_its_copy_and_to_no_other(reason: ExitReason) -> None:
    assert copy.copy(reason) == reason
    assert hash(copy.copy(reason)) == hash(reason)
    assert [other for other in REASONS if other == reason] == [reason]


def test_shutdown_without_a_detail_is_not_shutdown_with_one() -> None:
    assert Shutdown() == Shutdown(None) != Shutdown(())


def test_crashes_are_equal_if_the_exception_is_the_same_object() -> None:
    assert Crash(ERROR) == Crash(ERROR)
    assert Crash(ERROR) != Crash(ValueError("x"))


@pytest.mark.parametrize("reason", REASONS)
def test_a_reason_cannot_be_changed(reason: ExitReason) -> None:
    with pytest.raises(AttributeError):
        reason.error = ERROR  # type: ignore[union-attr, misc]


@pytest.mark.parametrize("reason", REASONS)
def test_a_reason_passes_the_check_as_it_is(reason: ExitReason) -> None:
    assert is_reason(reason)
    assert check_reason(reason) is reason


@pytest.mark.parametrize("value", ["normal", None, 0, ERROR, (), Exit()])
def test_what_is_no_reason_is_refused_with_advice(value: object) -> None:
    assert not is_reason(value)
    with pytest.raises(TypeError, match="is not an exit reason: use Normal") as caught:
        check_reason(value)
    assert f"or Reason({value!r}) for a reason of your own" in str(caught.value)


def test_a_class_in_the_place_of_a_reason_is_pointed_out() -> None:
    assert not is_reason(Normal)
    with pytest.raises(TypeError, match=r"not a class: write Normal\(\)$"):
        check_reason(Normal)


def test_a_class_that_has_nothing_to_do_with_reasons_is_no_reason_either() -> None:
    with pytest.raises(TypeError, match="<class 'int'> is not an exit reason"):
        check_reason(int)


@pytest.mark.parametrize("reason", REASONS)
def test_only_normal_and_shutdown_are_quiet(reason: ExitReason) -> None:
    assert is_quiet(reason) == isinstance(reason, (Normal, Shutdown))


def test_an_exit_carries_its_reason_and_is_normal_by_default() -> None:
    assert Exit().reason == Normal()
    assert Exit(Shutdown(1)).reason == Shutdown(1)
    assert Exit(Shutdown(1)).args == (Shutdown(1),)


def test_an_exit_is_not_caught_as_an_exception() -> None:
    assert not issubclass(Exit, Exception)


def test_an_exit_refuses_what_is_no_reason() -> None:
    with pytest.raises(TypeError, match="'shutdown' is not an exit reason"):
        Exit("shutdown")  # type: ignore[arg-type]


def test_the_reason_of_an_exception_is_a_crash_with_it() -> None:
    assert reason_of(ERROR) == Crash(ERROR)


def test_the_reason_of_an_exit_is_its_own() -> None:
    assert reason_of(Exit(Reason("x"))) == Reason("x")


def test_an_exit_alone_in_groups_is_still_that_exit() -> None:
    inner = BaseExceptionGroup("", [Exit(Reason("x"))])

    assert reason_of(BaseExceptionGroup("", [inner])) == Reason("x")


def test_an_exit_that_is_not_alone_makes_the_group_a_crash() -> None:
    group = BaseExceptionGroup("", [Exit(), ERROR])

    assert reason_of(group) == Crash(group)


def test_an_exception_alone_in_a_group_is_a_crash_with_the_group() -> None:
    group = ExceptionGroup("", [ERROR])

    assert reason_of(group) == Crash(group)


@pytest.mark.parametrize(
    ("error", "own"),
    [
        (ERROR, True),
        (Exit(), True),
        (KeyboardInterrupt(), False),
        (SystemExit(), False),
        (GeneratorExit(), False),
        (ExceptionGroup("", [ERROR, ERROR]), True),
        (BaseExceptionGroup("", [Exit(), ERROR]), True),
        (BaseExceptionGroup("", [ERROR, KeyboardInterrupt()]), False),
        (BaseExceptionGroup("", [KeyboardInterrupt(), ERROR]), False),
        (BaseExceptionGroup("", [BaseExceptionGroup("", [SystemExit()])]), False),
    ],
)
def test_what_concerns_the_whole_program_is_not_the_end_of_one_process(
    error: BaseException,
    own: bool,
) -> None:
    assert is_own_end(error) is own


async def test_a_cancellation_is_not_the_end_of_one_process() -> None:
    with trio.CancelScope() as scope:
        scope.cancel()
        with pytest.raises(trio.Cancelled) as caught:
            await trio.lowlevel.checkpoint()

    assert not is_own_end(caught.value)
