"""`Supervisor`: the class that supervisors derive from."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, ParamSpec, Self, TypeVar, cast

from ..gen import NO_KWARGS
from ..gen_server import init_server, serve
from ..kernel import InvalidSpecError
from ..proc_lib import StartOptions, start_process
from ._server import SupervisorServer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..gen_server import Ignore
    from ..kernel import Name, Pid, Via
    from ..proc_lib import ChildType
    from ._spec import SupervisorSpec

P = ParamSpec("P")


class Supervisor:
    """A process that starts other processes, watches them and restarts them.

    Derive from it and say in `children` what is to run::

        class Shop(Supervisor):
            def children(self) -> SupervisorSpec:
                return one_for_one(child_spec(Stock), child_spec(Till))

    For one that needs no arguments and no name of its own, the base class takes the
    specification directly: ``child_spec(Supervisor, one_for_one(...))``.

    A supervisor has started when all of its children have, and has ended when all of
    them have. The instance is only asked for the children; the process around it
    belongs to the framework, and what can be asked of that are the functions of
    `otp.supervisor`.
    """

    __child_type__: ClassVar[ChildType] = "supervisor"

    def __init__(self, spec: SupervisorSpec | None = None) -> None:
        self._spec = spec

    def children(self) -> SupervisorSpec | Ignore:
        """Return the strategy and the children; called when the supervisor starts.

        It is called in the new process, and again for a change of code, so it should
        do nothing else. An exception makes the start fail.

        Returns:
            what `one_for_one` or one of its siblings gives, or `Ignore` to say that
            there is nothing to supervise.
        """
        if self._spec is None:
            raise InvalidSpecError(
                "missing_children",
                None,
                f"{type(self).__name__} has no children: override children(), or "
                f"give the class what one_for_one(...) returns",
            )
        return self._spec

    @classmethod
    async def __start_link__(
        cls,
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
        name: Name | Via | None,
        /,
    ) -> Pid[Self]:
        options = StartOptions(cls, link=True, name=name, host=True)
        given = (cls, args, kwargs)
        process, _ = await start_process(
            options, serve, init_server, SupervisorServer, given, NO_KWARGS
        )
        return cast("Pid[Self]", process.pid)


S = TypeVar("S", bound=Supervisor)


async def start_link(cls: Callable[P, S], *args: P.args, **kwargs: P.kwargs) -> Pid[S]:
    """Start a supervisor of class *cls*, linked to the caller, and all its children.

    Raises:
        StartError: it could not be started. If the fault is a child's, the children
            that ran have been stopped, and the reason is a `Shutdown` whose detail
            is a `FailedToStartChild`.
        StartIgnored: `children` returned `Ignore`.
        TypeError: *cls* is no `Supervisor`.
    """
    return await _start(cls, args, kwargs, None)


async def start_named(
    name: Name[S] | Via[S], cls: Callable[P, S], *args: P.args, **kwargs: P.kwargs
) -> Pid[S]:
    """Start a supervisor like `start_link`, registered as *name*.

    Raises:
        AlreadyStartedError: somebody has the name; nothing is started.
    """
    return await _start(cls, args, kwargs, name)


async def _start(
    cls: Callable[P, S],
    args: tuple[object, ...],
    kwargs: Mapping[str, object],
    name: Name[S] | Via[S] | None,
) -> Pid[S]:
    if not isinstance(cls, type) or not issubclass(cls, Supervisor):
        raise TypeError(f"{cls!r} is no Supervisor class")
    supervisor: type[Supervisor] = cls
    return cast("Pid[S]", await supervisor.__start_link__(args, kwargs, name))
