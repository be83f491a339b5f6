"""What an exit signal does: every case there is."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, get_args

import pytest

from otp import (
    Crash,
    Kill,
    Killed,
    NoConnection,
    NoProc,
    Normal,
    Reason,
    Shutdown,
)
from otp.kernel import DELIVER, IGNORE, ExitReason, Verdict, receive_exit

if TYPE_CHECKING:
    from collections.abc import Iterator

Table = dict[tuple[bool, bool, bool], ExitReason | Verdict]
"""What happens, by whether it comes by a link, is trapped, and comes from oneself."""

LINK, SIGNAL = True, False
TRAPS, PLAIN = True, False
SELF, OTHER = True, False

KILL_TABLE: Table = {
    (LINK, TRAPS, SELF): DELIVER,
    (LINK, TRAPS, OTHER): DELIVER,
    (LINK, PLAIN, SELF): Kill(),
    (LINK, PLAIN, OTHER): Kill(),
    (SIGNAL, TRAPS, SELF): Killed(),
    (SIGNAL, TRAPS, OTHER): Killed(),
    (SIGNAL, PLAIN, SELF): Killed(),
    (SIGNAL, PLAIN, OTHER): Killed(),
}
NORMAL_TABLE: Table = {
    (LINK, TRAPS, SELF): DELIVER,
    (LINK, TRAPS, OTHER): DELIVER,
    (LINK, PLAIN, SELF): Normal(),
    (LINK, PLAIN, OTHER): IGNORE,
    (SIGNAL, TRAPS, SELF): DELIVER,
    (SIGNAL, TRAPS, OTHER): DELIVER,
    (SIGNAL, PLAIN, SELF): Normal(),
    (SIGNAL, PLAIN, OTHER): IGNORE,
}

# Reasons that no rule singles out.
OTHERS: list[ExitReason] = [
    Shutdown(),
    Shutdown("detail"),
    Killed(),
    NoProc(),
    NoConnection(),
    Crash(ValueError("x")),
    Reason("x"),
    Reason(Normal()),
    Reason(Kill()),
]


def table_of(reason: ExitReason) -> Table:
    """Return the table for *reason*: trapped, or what the process dies of."""
    return {
        (by_link, trapping, from_self): DELIVER if trapping else reason
        for by_link, trapping, from_self in product((True, False), repeat=3)
    }


def cases() -> Iterator[tuple[ExitReason, bool, bool, bool, object]]:
    """Return every reason with everything that counts, and what must come of it."""
    tables: list[tuple[ExitReason, Table]] = [
        (Kill(), KILL_TABLE),
        (Normal(), NORMAL_TABLE),
        *((reason, table_of(reason)) for reason in OTHERS),
    ]
    for reason, table in tables:
        for (by_link, trapping, from_self), expected in table.items():
            yield reason, by_link, trapping, from_self, expected


@pytest.mark.parametrize(
    ("reason", "by_link", "trapping", "from_self", "expected"), list(cases())
)
def test_an_exit_signal_does_what_the_table_says(
    reason: ExitReason,
    *,
    by_link: bool,
    trapping: bool,
    from_self: bool,
    expected: object,
) -> None:
    verdict = receive_exit(
        reason, by_link=by_link, trapping=trapping, from_self=from_self
    )

    assert verdict == expected


def test_the_table_has_every_kind_of_reason() -> None:
    kinds = {Kill, Normal} | {type(reason) for reason in OTHERS}

    assert kinds == set(get_args(ExitReason))


def test_a_process_dies_of_the_very_reason_that_it_was_sent() -> None:
    reason = Crash(ValueError("x"))

    assert receive_exit(reason, by_link=True, trapping=False, from_self=False) is reason


def test_the_verdicts_are_the_two_words_of_their_type() -> None:
    assert {DELIVER, IGNORE} == set(get_args(Verdict))
    assert (DELIVER, IGNORE) == ("deliver", "ignore")
