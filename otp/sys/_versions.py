"""Versions of classes, and which way a change of code goes.

The version of a class is its attribute ``__version__``: anything that can be
compared, a number for example, or None.

========== ========== ==================================== ======================
old        new        ``code_change`` is called            with
========== ========== ==================================== ======================
2          3          on the instance of the new class     2
3          2          on the instance of the old class     ``Downgrade(2)``
any        None       on the instance of the new class     the old one's version
not comparable        on the instance of the new class     the old one's version
========== ========== ==================================== ======================

So it is always the newer class that converts: the older one cannot know what will
have become of its state.
"""

from __future__ import annotations

from typing import Any, final

import attrs


@final
@attrs.frozen
class Downgrade:
    """Given to ``code_change`` as the old version: the state is to go back.

    What is asked for is a state that a class of *version* can go on with.
    """

    version: object


def version_of(cls: type[object]) -> object:
    """Return the version of a class, None if it has none."""
    return getattr(cls, "__version__", None)


def old_version(old: type[object], new: type[object]) -> object:
    """Return what ``code_change`` is given when *old* becomes *new*."""
    before, after = version_of(old), version_of(new)
    return Downgrade(after) if _is_lower(after, before) else before


def _is_lower(after: Any, before: Any) -> bool:
    try:
        return bool(after < before)
    except TypeError:
        return False


def converts(cls: type[object]) -> bool:
    """Tell whether a class of users has a ``code_change`` of its own.

    The one of a behaviour, which does nothing, is no promise that a state can be
    taken over. A behaviour is where the way to start is written, too.
    """
    for base in cls.__mro__:
        if "code_change" in vars(base):
            return not {"__start__", "__start_link__"} & vars(base).keys()
    return False


def can_convert(old: type[object], new: type[object]) -> bool:
    """Tell whether a process of *old* says that it can become one of *new*."""
    if isinstance(old_version(old, new), Downgrade):
        return converts(old)
    return converts(new)
