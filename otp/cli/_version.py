"""Which version this is."""

from __future__ import annotations

import sys


def version() -> str:
    """Return the version of the package."""
    # From the face, which is above all floors and cannot be imported from here; it
    # is there whenever this is.
    found: object = getattr(sys.modules["otp"], "__version__", "unknown")
    return str(found)
