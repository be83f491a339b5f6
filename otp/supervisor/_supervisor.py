"""`Supervisor`: the class that supervisors derive from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, ParamSpec, Self, TypeVar, cast

from ..gen import NO_KWARGS
from ..gen_server import BadReturnError, Ignore, init_server, serve
from ..kernel import InvalidSpecError
from ..proc_lib import Start, StartOptions, as_class_of, start_process
from ._dynamic import DynamicFamily
from ._family import Family
from ._server import SupervisorServer
from ._source import Source
from ._spec import SupervisorSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..kernel import Name, Pid, Via
    from ..proc_lib import ChildType
    from ._reports import Reporter
    from ._spec import AnySpec

P = ParamSpec("P")


class AnySupervisor:
    """What the classes of all supervisors have in common.

    The instance is only asked for the children; the process around it belongs to the
    framework.
    """

    __child_type__: ClassVar[ChildType] = "supervisor"
    #: The version of the class, for changes of code; a number, for example.
    __version__: ClassVar[Any] = None
    #: Which of the kinds of supervisors it is: a process stays of its kind for life.
    __kind__: ClassVar[type[AnySupervisor]]

    def __init_subclass__(cls, *, is_kind: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if is_kind:
            cls.__kind__ = cls

    def __specify__(self) -> AnySpec | Ignore:
        """Return what is to run by now, or that there is nothing to supervise."""
        raise NotImplementedError(f"{type(self).__name__} does not say whom it has")

    def __family__(self, spec: Any, reporter: Reporter, /) -> Family:
        """Return the children as they are at first, of what `__specify__` returned."""
        raise NotImplementedError(f"{type(self).__name__} has no family")

    @classmethod
    async def __start_link__(
        cls,
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
        name: Name | Via | None,
        /,
    ) -> Pid[Self]:
        options = StartOptions(cls, link=True, name=name, host=True)
        source = Source(cls.__kind__, Start(cls, args, kwargs))
        process, _ = await start_process(
            options, serve, init_server, SupervisorServer, (source,), NO_KWARGS
        )
        return cast("Pid[Self]", process.pid)


class Supervisor(AnySupervisor, is_kind=True):
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

    def __init__(self, spec: SupervisorSpec | None = None) -> None:
        self._spec = spec

    def children(self) -> SupervisorSpec | Ignore:
        """Return the strategy and the children; called when the supervisor starts.

        It is called in the new process, and, on an instance made anew with the same
        arguments, for a change of code, so it should do nothing else. An exception
        makes the start or the change fail.

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

    def __specify__(self) -> SupervisorSpec | Ignore:
        answer = self.children()
        if not _is_answer(answer):
            raise BadReturnError(type(self), "children", answer)
        return answer

    def __family__(self, spec: SupervisorSpec, reporter: Reporter, /) -> Family:
        simple = spec.strategy == "simple_one_for_one"
        return (DynamicFamily if simple else Family)(spec, reporter)


def _is_answer(value: object) -> bool:
    return isinstance(value, (SupervisorSpec, Ignore))


S = TypeVar("S", bound=Supervisor)
A = TypeVar("A", bound=AnySupervisor)


async def start_link(cls: Callable[P, S], *args: P.args, **kwargs: P.kwargs) -> Pid[S]:
    """Start a supervisor of class *cls*, linked to the caller, and all its children.

    Raises:
        StartError: it could not be started. If the fault is a child's, the children
            that ran have been stopped, and the reason is a `Shutdown` whose detail
            is a `FailedToStartChild`.
        StartIgnored: `children` returned `Ignore`.
        TypeError: *cls* is no `Supervisor`.
    """
    return await start_supervisor(Supervisor, cls, args, kwargs, None)


async def start_named(
    name: Name[S] | Via[S], cls: Callable[P, S], *args: P.args, **kwargs: P.kwargs
) -> Pid[S]:
    """Start a supervisor like `start_link`, registered as *name*.

    Raises:
        AlreadyStartedError: somebody has the name; nothing is started.
    """
    return await start_supervisor(Supervisor, cls, args, kwargs, name)


async def start_supervisor(
    kind: type[AnySupervisor],
    cls: Callable[..., A],
    args: tuple[object, ...],
    kwargs: Mapping[str, object],
    name: Name[A] | Via[A] | None,
) -> Pid[A]:
    """Start a supervisor of class *cls*, which is to be a *kind*, linked to the caller.

    Raises:
        TypeError: *cls* is no *kind*.
    """
    found = as_class_of(kind, cls)
    return cast("Pid[A]", await found.__start_link__(args, kwargs, name))
