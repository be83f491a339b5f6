"""When the end of a significant child ends the supervisor.

The question is asked only of an end that causes no restart: the quiet end of a
transient child, or any end of a temporary one. A child that is stopped on request,
or along with a sibling, does not count.

=============== ============= ==========================================
auto_shutdown   the child is  the supervisor shuts down
=============== ============= ==========================================
never           any           no
any             insignificant no
any_significant significant   yes
all_significant significant   if no other significant child runs
=============== ============= ==========================================

A child that waits for another attempt to restart it counts as one that runs; one
that was never started, or has ended, does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, assert_never

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._spec import AutoShutdown


class Member(Protocol):
    """What the rule has to know of a child."""

    @property
    def significant(self) -> bool: ...
    @property
    def is_up(self) -> bool:
        """Whether it runs, or is about to be restarted."""
        ...


def shuts_down(
    auto_shutdown: AutoShutdown, ended: Member, family: Iterable[Member]
) -> bool:
    """Tell whether the supervisor shuts down, now that *ended* has ended for good.

    *family* is all children. Only the last row of the table looks at it.
    """
    if not ended.significant:
        return False
    match auto_shutdown:
        case "never":
            return False
        case "any_significant":
            return True
        case "all_significant":
            return not any(child.significant and child.is_up for child in family)
        case _:
            assert_never(auto_shutdown)
