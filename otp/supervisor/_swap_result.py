"""What has become of each child in a swap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, final

import attrs

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

    from ._children import Child, ChildState

Outcome = Literal[
    "kept",
    "updated",
    "migrated",
    "restarted",
    "started",
    "stopped",
    "ignored",
    "restored",
    "failed",
    "died",
]
"""What has become of one child.

=============== =====================================================================
outcome         the child
=============== =====================================================================
``"kept"``      is the same, and nobody has touched it
``"updated"``   goes on with its new specification; nothing was started or stopped
``"migrated"``  goes on in the same process, as an instance of its new class
``"restarted"`` was stopped and started
``"started"``   is new, and runs
``"stopped"``   is gone
``"ignored"``   did not want to be started; it is down, or if temporary gone
``"restored"``  is what it was before: the new one failed with *error*
``"failed"``    could not be started, for *error*, and is not there
``"died"``      ended meanwhile; what follows is what follows every end
=============== =====================================================================
"""


@final
@attrs.frozen
class ChildSwap:
    """What has become of one child.

    Args:
        id: of the child; of a dynamic one its pid.
        outcome: in one word.
        pid: its pid, or in which other state it is.
        error: what went wrong.
        inside: what has become of its own children, if it is a supervisor that was
            swapped itself.
    """

    id: Hashable
    outcome: Outcome
    pid: ChildState = None
    error: BaseException | None = None
    inside: SwapResult | None = None

    @property
    def ok(self) -> bool:
        """Whether it is now what it was to become, with all that is inside of it."""
        if self.outcome in ("restored", "failed", "died"):
            return False
        return self.inside is None or self.inside.ok


@final
@attrs.frozen
class SwapResult:
    """What has become of each child: those that are gone, then all others in order."""

    children: tuple[ChildSwap, ...]

    @property
    def outcomes(self) -> Mapping[Hashable, Outcome]:
        """The outcomes by the ids of the children."""
        return {child.id: child.outcome for child in self.children}

    @property
    def ok(self) -> bool:
        """Whether every child is what it was to become."""
        return all(child.ok for child in self.children)

    def __getitem__(self, id_: Hashable) -> ChildSwap:
        """Return what has become of a child.

        Raises:
            KeyError: there is none of that id.
        """
        for child in self.children:
            if child.id == id_:
                return child
        raise KeyError(id_)


def all_kept(children: Iterable[Child]) -> SwapResult:
    """Return the result of a swap that has touched nobody."""
    return SwapResult(tuple([ChildSwap(c.id, "kept", c.state) for c in children]))
