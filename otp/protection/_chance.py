"""Where chance comes from."""

from __future__ import annotations

from random import Random

from ..kernel import NoNodeError, current_node


def random_of_node() -> Random:
    """Return the randomness of the node, or, outside of one, one of its own.

    That of a node has a seed, so a test can repeat what chance has done.
    """
    try:
        return current_node().random
    except NoNodeError:
        return Random()  # noqa: S311 - for spread, not for secrets
