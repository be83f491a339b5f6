"""What is asked of a supervisor, and what it sends to itself, as messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, final

import attrs

from ..proc_lib import ChildSpec, Started
from ._children import ChildCounts, ChildInfo
from ._swap_result import SwapResult

if TYPE_CHECKING:
    from collections.abc import Hashable

    from ..proc_lib import Start
    from ._family import Family
    from ._spec import SupervisorSpec

T = TypeVar("T")


def _check_hashable(_: object, __: object, child: object) -> None:
    # Here, in the caller: it would be the supervisor's end.
    try:
        hash(child)
    except TypeError:
        text = f"a child is known by something hashable, not by {child!r}"
        raise TypeError(text) from None


class Request(Generic[T]):
    """A request that is answered with a *T*, or with an error."""

    __slots__ = ()


@final
@attrs.frozen
class StartChild(Request[Started[T]], Generic[T]):
    """Add a child and start it."""

    spec: ChildSpec[T]


@final
@attrs.frozen
class StartDynamicChild(Request[Started[Any]]):
    """Start another child of the one kind, with further arguments."""

    args: tuple[object, ...]


@final
@attrs.frozen
class TerminateChild(Request[None]):
    """Stop a child; a dynamic one is named by its pid."""

    child: Hashable = attrs.field(validator=_check_hashable)


@final
@attrs.frozen
class RestartChild(Request[Started[Any]]):
    """Start a child that is down."""

    id: Hashable = attrs.field(validator=_check_hashable)


@final
@attrs.frozen
class DeleteChild(Request[None]):
    """Strike a child that is down off the list."""

    id: Hashable = attrs.field(validator=_check_hashable)


@final
@attrs.frozen
class GetChildSpec(Request[ChildSpec[Any]]):
    """Show the specification of a child."""

    child: Hashable = attrs.field(validator=_check_hashable)


@final
@attrs.frozen
class WhichChildren(Request[list[ChildInfo]]):
    """Show the children."""


@final
@attrs.frozen
class CountChildren(Request[ChildCounts]):
    """Count the children."""


@final
@attrs.frozen
class ChangeSpecs(Request[None]):
    """Go on with another specification."""

    spec: SupervisorSpec


class SpecialRequest(Request[T], Generic[T]):
    """A request that only one kind of supervisor knows, and that brings its answer."""

    __slots__ = ()

    async def carry_out(self, family: Family, /) -> T:
        """Do what is asked with the children of the supervisor.

        Raises:
            StrategyError: it is a supervisor of another kind.
        """
        raise NotImplementedError


@final
@attrs.frozen
class Swap(Request[SwapResult]):
    """Go on with another specification, and let the children become what it says.

    *wanted* is the specification, or the class that is asked for it, also with other
    arguments. A migration may take *limit* seconds; *extra* is for ``code_change``.
    """

    wanted: SupervisorSpec | type[object] | Start
    limit: float
    extra: object


AnyRequest = (
    StartChild[Any]
    | StartDynamicChild
    | TerminateChild
    | RestartChild
    | DeleteChild
    | GetChildSpec
    | WhichChildren
    | CountChildren
    | ChangeSpecs
    | Swap
)
"""Everything that can be asked of a supervisor of any kind."""


@final
@attrs.frozen
class TryAgain:
    """Sent by a supervisor to itself: restart a child that could not be restarted.

    *row* is the child's number of restarts when it was sent: one from an earlier
    pause, which something else has ended, comes to nothing.
    """

    id: Hashable
    row: int
