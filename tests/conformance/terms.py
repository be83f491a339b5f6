"""Erlang's way to print a term, which the traces of supervisors have for strings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tests.conformance.common import Term

_PLAIN_ATOM: Final = re.compile(r"[a-z][A-Za-z0-9_@]*")

_KEYWORDS: Final = frozenset(
    {
        *("after", "and", "andalso", "band", "begin", "bnot", "bor", "bsl", "bsr"),
        *("bxor", "case", "catch", "cond", "div", "else", "end", "fun", "if", "let"),
        *("maybe", "not", "of", "or", "orelse", "receive", "rem", "try", "when"),
        "xor",
    }
)


def shown(term: Term) -> Term:
    """Return *term* as it stands in a trace: lists, numbers, atoms, strings of others.

    An empty tuple is an empty list: in a scenario, both are an empty array.
    """
    match term:
        case list() | ():
            return [shown(item) for item in term]
        case bool():
            return printed(term)
        case str() | int():
            return term
        case _:
            return printed(term)


def printed(term: Term) -> str:
    """Return *term* as Erlang prints it."""
    match term:
        case bool():
            return str(term).lower()
        case str():
            return _atom(term)
        case list() | ():
            return f"[{','.join(map(printed, term))}]"
        case tuple():
            return f"{{{','.join(map(printed, term))}}}"
        case _:
            return str(term)


def _atom(name: str) -> str:
    plain = _PLAIN_ATOM.fullmatch(name) and name not in _KEYWORDS
    return name if plain else f"'{name}'"
