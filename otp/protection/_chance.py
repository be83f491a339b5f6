"""Where chance comes from."""

from __future__ import annotations

from random import Random

from ..kernel import InvalidSpecError, NoNodeError, current_node


def check_random(kind: str, random: object) -> None:
    """Refuse what is no source of chance; None stands for the node's.

    Raises:
        InvalidSpecError: it is none.
    """
    if random is not None and not hasattr(random, "random"):
        text = f"random is a random.Random, not {random!r}"
        raise InvalidSpecError(kind, random, text)


def random_of_node() -> Random:
    """Return the randomness of the node, or, outside of one, one of its own.

    That of a node has a seed, so a test can repeat what chance has done.
    """
    try:
        return current_node().random
    except NoNodeError:
        return Random()  # noqa: S311 - for spread, not for secrets
