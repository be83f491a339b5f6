"""Messages as they are shown to people."""

from __future__ import annotations

from .._util import is_cast, short
from ._cast import KeywordCast, cast_text
from ._request import Envelope


def written(message: object) -> str:
    """Return *message* as it would be written: ``cast add(1, 2)``, ``'hello'``."""
    if is_cast(message):
        return cast_text(message)
    if isinstance(message, (Envelope, KeywordCast)):
        return str(message)
    return short(message)
