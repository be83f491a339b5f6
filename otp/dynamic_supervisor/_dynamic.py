"""`DynamicSupervisor`: the class that supervisors of many children derive from."""

from __future__ import annotations

from typing import TYPE_CHECKING, ParamSpec, TypeVar

from ..gen_server import BadReturnError, Ignore
from ..supervisor import AnySupervisor, start_supervisor
from ._crowd import Crowd
from ._spec import DynamicSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..kernel import Name, Pid, Via
    from ..supervisor import Family, Reporter

P = ParamSpec("P")


class DynamicSupervisor(AnySupervisor, is_kind=True):
    """A supervisor whose children are started one by one, on request.

    It has no children to begin with, and may have very many: of any kind, each with a
    specification of its own, without ids. A child that crashes is restarted by itself;
    one that has ended for good is forgotten.

    Use it as it is, ``child_spec(DynamicSupervisor, max_children=100).named(ROOMS)``,
    or derive from it and give the limits in `init`::

        class Rooms(DynamicSupervisor):
            def init(self) -> DynamicSpec:
                return DynamicSpec(max_children=100)

    The arguments are those of `DynamicSpec`. The instance is only asked for the
    limits; what can be asked of the process are the functions of
    `otp.dynamic_supervisor`.

    Raises:
        InvalidSpecError: a limit is wrong.
    """

    # Those of a derived class that has an __init__ of its own.
    _limits: DynamicSpec = DynamicSpec()

    def __init__(
        self,
        *,
        max_children: int | None = None,
        max_restarts: int = 3,
        max_seconds: int = 5,
        extra_arguments: Iterable[object] = (),
    ) -> None:
        self._limits = DynamicSpec(
            max_children=max_children,
            max_restarts=max_restarts,
            max_seconds=max_seconds,
            extra_arguments=extra_arguments,
        )

    def init(self) -> DynamicSpec | Ignore:
        """Return the limits; called when the supervisor starts.

        It is called in the new process, and again for a change of code, so it should
        do nothing else. An exception makes the start fail.

        Returns:
            the limits, or `Ignore` to say that there is nothing to supervise.
        """
        return self._limits

    def __specify__(self) -> DynamicSpec | Ignore:
        answer = self.init()
        if not _is_answer(answer):
            raise BadReturnError(type(self), "init", answer)
        return answer

    def __family__(self, spec: DynamicSpec, reporter: Reporter, /) -> Family:
        return Crowd(spec, reporter)


def _is_answer(value: object) -> bool:
    return isinstance(value, (DynamicSpec, Ignore))


S = TypeVar("S", bound=DynamicSupervisor)


async def start_link(cls: Callable[P, S], *args: P.args, **kwargs: P.kwargs) -> Pid[S]:
    """Start a dynamic supervisor of class *cls*, linked to the caller.

    Raises:
        StartError: it could not be started.
        StartIgnored: `DynamicSupervisor.init` returned `Ignore`.
        TypeError: *cls* is no `DynamicSupervisor`.
    """
    return await start_supervisor(DynamicSupervisor, cls, args, kwargs, None)


async def start_named(
    name: Name[S] | Via[S], cls: Callable[P, S], *args: P.args, **kwargs: P.kwargs
) -> Pid[S]:
    """Start a dynamic supervisor like `start_link`, registered as *name*.

    Raises:
        AlreadyStartedError: somebody has the name; nothing is started.
    """
    return await start_supervisor(DynamicSupervisor, cls, args, kwargs, name)
