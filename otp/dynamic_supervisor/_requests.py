"""What is asked of a dynamic supervisor, and of no other kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, final

import attrs

from ..kernel import InvalidSpecError
from ..proc_lib import ChildSpec, Started
from ..supervisor import Family, SpecialRequest
from ._crowd import as_crowd
from ._spec import DynamicSpec

if TYPE_CHECKING:
    from ..kernel import Pid

T = TypeVar("T")


def _check_limits(value: object) -> None:
    if not isinstance(value, DynamicSpec):
        text = f"the limits of a dynamic supervisor are a DynamicSpec, not {value!r}"
        raise InvalidSpecError("invalid_type", value, text)


@final
@attrs.frozen
class StartChild(SpecialRequest[Started[T]], Generic[T]):
    """Start another child."""

    spec: ChildSpec[T]

    async def carry_out(self, family: Family, /) -> Started[T]:
        crowd = as_crowd(family, getattr(self.spec, "id", None))
        return cast("Started[T]", await crowd.start_child(self.spec))


@final
@attrs.frozen
class TerminateChild(SpecialRequest[None]):
    """Stop a child."""

    child: Pid[Any]

    async def carry_out(self, family: Family, /) -> None:
        await as_crowd(family, self.child).terminate_child(self.child)


@final
@attrs.frozen
class GetChildSpec(SpecialRequest[ChildSpec[Any]]):
    """Show the specification of a child."""

    child: Pid[Any]

    async def carry_out(self, family: Family, /) -> ChildSpec[Any]:
        return as_crowd(family, self.child).get_childspec(self.child)


@final
@attrs.frozen
class ChangeSpec(SpecialRequest[None]):
    """Go on with other limits."""

    spec: DynamicSpec

    def __attrs_post_init__(self) -> None:
        _check_limits(self.spec)

    async def carry_out(self, family: Family, /) -> None:
        crowd = as_crowd(family, None)
        crowd.set_spec(self.spec)
