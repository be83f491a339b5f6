"""Texts for reports, fact by fact."""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import given, strategies as st

from otp._util import as_call, kind_of, short, title

LIMITS = st.integers(10, 200)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner)
    ),
)


class Shown:
    """Has whatever repr it is given."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


class Broken:
    """Has a repr that raises."""

    def __repr__(self) -> str:
        raise ValueError("no repr today")


class BrokenMeta(type):
    """Lets even the class refuse to tell its name."""

    def __getattribute__(cls, name: str) -> object:
        if name in {"__name__", "__qualname__"}:
            raise ValueError("no name today")
        return super().__getattribute__(name)


class Nameless(metaclass=BrokenMeta):
    """Has a class that does not tell its name."""


@pytest.mark.parametrize(
    "value", [None, 5, 1.5, "text", [1, 2], {"a": (1,)}, {1}, Shown("<it>")]
)
def test_a_short_value_is_shown_by_its_repr(value: object) -> None:
    assert short(value) == repr(value)


def test_a_long_repr_is_cut() -> None:
    text = short(Shown("x" * 1000), limit=20)

    assert len(text) == 20
    assert "..." in text


def test_a_repr_of_just_the_limit_is_not_cut() -> None:
    assert short(Shown("x" * 20), limit=20) == "x" * 20


def test_a_long_collection_is_cut_at_its_end() -> None:
    assert short(list(range(1000))) == "[0, 1, 2, 3, 4, 5, 6, 7, ...]"


def test_the_rest_of_a_long_collection_is_not_even_looked_at() -> None:
    looked_at: list[int] = []

    class Watched:
        def __repr__(self) -> str:
            looked_at.append(1)
            return "w"

    short(deque(Watched() for _ in range(1000)))

    assert len(looked_at) < 20


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\x0b", "\u2028", "\x1b"])
def test_line_breaks_and_control_characters_become_blanks(line_break: str) -> None:
    assert short(Shown(f"a{line_break}   b")) == "a b"


def test_blanks_within_a_printable_repr_stay() -> None:
    assert short("a  b") == "'a  b'"


def test_a_repr_that_raises_is_replaced() -> None:
    assert "Broken" in short(Broken())


def test_a_repr_that_raises_does_not_hide_its_neighbours() -> None:
    text = short([1, Broken(), 3])

    assert text.startswith("[1, <Broken")
    assert text.endswith(", 3]")


def test_a_class_that_does_not_tell_its_name_does_no_harm() -> None:
    assert "Nameless" in short(Nameless())


def test_a_number_too_long_for_a_text_does_no_harm() -> None:
    assert "int" in short(10**5000)


def test_a_collection_that_holds_itself_is_shown() -> None:
    loop: list[object] = []
    loop.append(loop)

    assert "..." in short(loop)


@given(VALUES, LIMITS)
def test_the_text_is_never_longer_than_the_limit(value: object, limit: int) -> None:
    assert len(short(value, limit)) <= limit


@given(st.text().map(Shown) | VALUES, LIMITS)
def test_the_text_is_always_printable(value: object, limit: int) -> None:
    assert short(value, limit).isprintable()


# ----------------------------------------------------------------- calls and kinds


def test_a_call_is_shown_as_it_would_be_written() -> None:
    assert as_call("add", (), {}) == "add()"
    assert as_call("add", (1, "x"), {"by": None}) == "add(1, 'x', by=None)"


def test_a_call_with_many_or_wild_arguments_is_still_short() -> None:
    assert as_call("add", tuple(range(99)), {}) == "add(0, 1, 2, 3, 4, 5, 6, 7, ...)"
    assert as_call("add", (Broken(),), {}).startswith("add(<Broken")
    assert len(as_call("add", ("x" * 10**6,), {})) < 200


class Told:
    """Says itself what kind of message it is."""

    def __kind__(self) -> str:
        return "something told"


class Kindless:
    """Means something else by the word."""

    def __kind__(self, more: int) -> int:
        raise ValueError(more)


def test_what_strangers_call_so_does_no_harm() -> None:
    assert kind_of(Kindless()) == "Kindless"


def test_the_kind_of_a_message_says_nothing_of_what_is_in_it() -> None:
    assert kind_of("secret") == "str"
    assert kind_of(Broken()) == "Broken"
    assert kind_of(Told()) == "something told"
    assert kind_of(Told) == "type"


@pytest.mark.parametrize(
    ("name", "label", "origin", "expected"),
    [
        ("named", "labelled", Told, "named"),
        (None, "labelled\nlabel", Told, "labelled label"),
        (None, ("room", 3), Told, "('room', 3)"),
        (None, None, Told, "Told"),
        (None, None, None, "process"),
        (None, Shown("x" * 500), None, short(Shown("x" * 500))),
    ],
)
def test_a_process_is_called_by_the_best_that_there_is(
    name: str | None, label: object, origin: object, expected: str
) -> None:
    assert title(name, label, origin) == expected


def test_a_label_that_cannot_be_shown_does_no_harm() -> None:
    assert "Broken" in title(None, Broken(), None)
