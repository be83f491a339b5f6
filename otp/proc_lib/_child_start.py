"""How a child is started, as a value that can be called."""

from __future__ import annotations

from types import MappingProxyType
from typing import (
    TYPE_CHECKING,
    Generic,
    Protocol,
    TypeVar,
    cast,
    final,
    get_origin,
)

import attrs

from .._util import as_call
from ..kernel import Exit, Name, Pid, Reason, StartError, Via, reason_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from typing_extensions import TypeVar as TypeVarWithDefault

    T_co = TypeVarWithDefault("T_co", covariant=True, default=object)
else:
    T_co = TypeVar("T_co", covariant=True)

K = TypeVar("K")


class Startable(Protocol):
    """A behaviour: a class whose instances live in processes of their own."""

    @classmethod
    def __start_link__(
        cls,
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
        name: Name | Via | None,
        /,
    ) -> Awaitable[Pid]:
        """Start an instance in a process that is linked to the caller."""
        ...


@final
@attrs.frozen
class Started(Generic[T_co]):
    """A child that runs, with what its start function said beside the pid."""

    pid: Pid[T_co]
    info: object = None


def _frozen_mapping(kwargs: Mapping[str, object]) -> Mapping[str, object]:
    return MappingProxyType(dict(kwargs))


@final
@attrs.frozen
class Start(Generic[T_co]):
    """How a child is started: a behaviour or a start function, with its arguments.

    *target* is a class that is `Startable`, or any async function that starts a
    process linked to its caller and returns the pid. *args* is None where a
    supervisor did not keep the arguments, because they will not be needed again.
    """

    target: Callable[..., object]
    args: tuple[object, ...] | None = ()
    kwargs: Mapping[str, object] = attrs.field(default={}, converter=_frozen_mapping)
    name: Name | Via | None = None

    def __str__(self) -> str:
        name = getattr(self.target, "__qualname__", None) or repr(self.target)
        if self.args is None:
            return f"{name}(...)"
        return as_call(name, self.args, self.kwargs)

    def without_arguments(self) -> Start[T_co]:
        """Return the same start, good for being shown only."""
        return attrs.evolve(self, args=None, kwargs={})

    async def __call__(self) -> Started[T_co]:
        """Start the process, linked to the caller, and wait until it is up.

        Raises:
            StartIgnored: it did not want to be started.
            StartError: it could not be started. That is also said of a start
                function that raises anything else or returns no pid.
        """
        try:
            result = await self._run()
        except StartError:
            raise
        except (Exception, Exit) as error:
            raise StartError(self, reason_of(error)) from error
        started = _as_started(result)
        if started is None:
            text = (
                f"{self} returned {result!r}: a start function returns a pid, "
                f"or a pid and something to tell"
            )
            raise StartError(self, Reason(result), text)
        return cast("Started[T_co]", started)

    def _run(self) -> Awaitable[object]:
        if self.args is None:
            raise StartError(
                self,
                Reason("undefined"),
                f"{self} cannot be started: its arguments were not kept, as it is "
                f"the specification of a temporary child",
            )
        target = as_startable(self.target)
        if target is not None:
            return target.__start_link__(self.args, self.kwargs, self.name)
        function = cast("Callable[..., Awaitable[object]]", self.target)
        return function(*self.args, **self.kwargs)


def _as_started(result: object) -> Started | None:
    if isinstance(result, Pid):
        return Started(cast("Pid", result))
    if isinstance(result, tuple):
        pair = cast("tuple[object, ...]", result)
        if len(pair) == 2 and isinstance(pair[0], Pid):  # noqa: PLR2004
            return Started(cast("Pid", pair[0]), pair[1])
    return None


def as_startable(target: object) -> type[Startable] | None:
    """Return *target* if it is a behaviour; ``Table[str, int]`` gives ``Table``."""
    cls = target if isinstance(target, type) else get_origin(target)
    if isinstance(cls, type) and hasattr(cls, "__start_link__"):
        return cast("type[Startable]", cls)
    return None


def as_class_of(kind: type[K], value: object) -> type[K]:
    """Return *value* if it is a class of that kind, as `as_startable` does.

    Raises:
        TypeError: it is none.
    """
    if isinstance(value, type) and issubclass(value, kind):
        return value
    cls = get_origin(value)
    if isinstance(cls, type) and issubclass(cls, kind):
        return cls
    raise TypeError(f"{value!r} is no {kind.__name__} class")
