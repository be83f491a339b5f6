"""The places of resources, and what is decided about them: values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Literal, TypeVar, final

import attrs

if TYPE_CHECKING:
    from collections.abc import Hashable

SlotState = Literal["opening", "checking", "idle", "used", "closing"]
"""What a resource of a pool is about."""

CloseWhy = Literal[
    "failed", "lost", "unhealthy", "idle", "lifetime", "cleared", "stopped"
]
"""Why a resource was closed.

Whoever used it failed, was cancelled or died; it ended by itself; its check went wrong;
it was not needed; it was old; it was not wanted any more; or the pool itself ended.
"""

W = TypeVar("W", bound="Hashable")


@final
@attrs.define(eq=False)
class Slot(Generic[W]):
    """The place of one resource; *born* and *since* are times in seconds.

    *user* is whoever it was given to; *unwanted* what is not to be handed out again.
    """

    number: int
    born: float = 0.0
    since: float = 0.0
    state: SlotState = "opening"
    user: W | None = None
    unwanted: bool = False
    # Opened or checked at *since*, and not used after that.
    fresh: bool = False


@final
@attrs.frozen
class Grant(Generic[W]):
    """Give the resource to who waited."""

    waiter: W
    slot: Slot[W]


@final
@attrs.frozen
class Open(Generic[W]):
    """Open a resource for a slot."""

    slot: Slot[W]


@final
@attrs.frozen
class Check(Generic[W]):
    """Look whether an idle resource is still good."""

    slot: Slot[W]


@final
@attrs.frozen
class Close(Generic[W]):
    """Close a resource."""

    slot: Slot[W]
    why: CloseWhy


@final
@attrs.frozen
class Refuse(Generic[W]):
    """Tell somebody that there is nothing to be had."""

    waiter: W
    why: Literal["full", "open_failed"]


Step = Grant[W] | Open[W] | Check[W] | Close[W] | Refuse[W]
