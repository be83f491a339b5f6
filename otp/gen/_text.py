"""Messages as they are shown to people."""

from __future__ import annotations

from .._util import short
from ._cast import Cast, KeywordCast
from ._request import Envelope


def written(message: object) -> str:
    """Return *message* as it would be written: ``cast add(1, 2)``, ``'hello'``."""
    if isinstance(message, (Envelope, Cast, KeywordCast)):
        return str(message)
    return short(message)
