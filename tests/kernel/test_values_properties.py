"""Properties of the kernel's values: reasons, signals, names, messages and errors."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given, strategies as st

import otp
from otp.kernel import (
    DELIVER,
    IGNORE,
    ExitReason,
    check_name,
    check_reason,
    is_own_end,
    is_quiet,
    is_reason,
    reason_of,
    receive_exit,
)

VALUES = st.one_of(st.none(), st.integers(), st.text(), st.tuples(st.text()))
REASONS: st.SearchStrategy[ExitReason] = st.one_of(
    st.sampled_from(
        [otp.Normal(), otp.Kill(), otp.Killed(), otp.NoProc(), otp.NoConnection()]
    ),
    st.builds(otp.Shutdown, VALUES),
    st.builds(otp.Reason, VALUES),
    st.builds(lambda text: otp.Crash(ValueError(text)), st.text()),
)


def groups_of(leaves: st.SearchStrategy[BaseException]) -> st.SearchStrategy[object]:
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, min_size=1, max_size=3).map(
            lambda members: BaseExceptionGroup("some", members)
        ),
        max_leaves=6,
    )


OWN_ENDS = st.one_of(REASONS.map(otp.Exit), st.builds(ValueError, st.text()))
OTHER_ENDS = st.sampled_from([KeyboardInterrupt(), SystemExit(1), GeneratorExit()])


# ---------------------------------------------------------------------------- reasons


@given(REASONS)
def test_a_reason_is_one_and_is_taken_as_it_is(reason: ExitReason) -> None:
    assert is_reason(reason)
    assert check_reason(reason) is reason


@given(VALUES)
def test_nothing_else_is_a_reason(value: object) -> None:
    assert not is_reason(value)
    with pytest.raises(TypeError, match="is not an exit reason"):
        check_reason(value)


@given(REASONS)
def test_only_normal_and_shutdown_are_quiet(reason: ExitReason) -> None:
    assert is_quiet(reason) == (type(reason) in {otp.Normal, otp.Shutdown})


@given(REASONS, st.integers(0, 4))
def test_an_exit_keeps_its_reason_however_deep_it_is_wrapped(
    reason: ExitReason, depth: int
) -> None:
    error: BaseException = otp.Exit(reason)
    for _ in range(depth):
        error = BaseExceptionGroup("one", [error])

    assert reason_of(error) == reason


@given(groups_of(st.builds(ValueError, st.text())))
def test_any_other_exception_is_a_crash_with_all_that_was_raised(
    error: BaseException,
) -> None:
    assert reason_of(error) == otp.Crash(error)


@given(groups_of(OWN_ENDS))
def test_exceptions_and_exits_end_one_process_only(error: BaseException) -> None:
    assert is_own_end(error)


@given(groups_of(OWN_ENDS), groups_of(OTHER_ENDS))
def test_one_other_end_among_many_ends_the_program(
    mine: BaseException, other: BaseException
) -> None:
    assert not is_own_end(other)
    assert not is_own_end(BaseExceptionGroup("both", [mine, other]))


# ----------------------------------------------------------------------- exit signals

FLAGS = st.booleans()


@given(REASONS, FLAGS, FLAGS, FLAGS)
def test_whoever_traps_gets_a_message_unless_it_is_an_order_to_die(
    reason: ExitReason, by_link: bool, trapping: bool, from_self: bool
) -> None:
    verdict = receive_exit(
        reason, by_link=by_link, trapping=trapping, from_self=from_self
    )

    order = isinstance(reason, otp.Kill) and not by_link
    assert (verdict == otp.Killed()) if order else ((verdict == DELIVER) == trapping)


@given(REASONS, FLAGS, FLAGS)
def test_whoever_does_not_trap_dies_of_all_but_the_normal_end_of_another(
    reason: ExitReason, by_link: bool, from_self: bool
) -> None:
    verdict = receive_exit(reason, by_link=by_link, trapping=False, from_self=from_self)

    if isinstance(reason, otp.Normal) and not from_self:
        assert verdict == IGNORE
    elif isinstance(reason, otp.Kill) and not by_link:
        assert verdict == otp.Killed()
    else:
        assert verdict == reason


# -------------------------------------------------------------------------- addresses

NAMES = st.text(min_size=1).filter(lambda name: name != "undefined")


@given(NAMES)
def test_any_text_is_a_name_unless_it_is_empty_or_reserved(name: str) -> None:
    assert check_name(name) == name
    assert otp.Name[object](name) == otp.Name[object](name)
    assert hash(otp.Name[object](name)) == hash(otp.Name[object](name))


@given(NAMES, NAMES, NAMES)
def test_a_name_on_a_node_is_another_name(name: str, node: str, other: str) -> None:
    here = otp.Name[object](name)
    there = here.at(node)

    assert here != there
    assert str(there) == f"{name}@{node}"
    assert there.at(other) == here.at(other)


@given(st.integers(2, 50))
def test_references_are_all_different(number: int) -> None:
    refs = [otp.Ref() for _ in range(number)]

    assert len(set(refs)) == len({repr(ref) for ref in refs}) == number


# ---------------------------------------------------------------- messages and errors


@given(VALUES, VALUES)
def test_messages_are_equal_if_what_they_say_is(one: object, other: object) -> None:
    ref = otp.Ref()

    assert (otp.Timeout(ref, one) == otp.Timeout(ref, other)) == (one == other)
    assert otp.Timeout(otp.Ref(), one) != otp.Timeout(ref, one)
    letters = otp.DeadLetter(ref, one, "dead"), otp.DeadLetter(ref, other, "dead")
    assert (letters[0] == letters[1]) == (one == other)


@given(VALUES, REASONS, st.floats(0, 1e6))
def test_errors_carry_their_data_and_say_it_in_one_piece(
    server: object, reason: ExitReason, timeout: float
) -> None:
    exited = otp.ServerExitedError(server, reason)
    late = otp.CallTimeoutError(server, timeout)

    assert (exited.server, exited.reason) == (server, reason)
    assert (late.server, late.timeout) == (server, timeout)
    for error in (exited, late, otp.NoProcessError(server), otp.CallingSelfError("a")):
        assert str(error)
        assert error.severity in get_args(otp.Severity)
        assert error.recovery in get_args(otp.Recovery)
