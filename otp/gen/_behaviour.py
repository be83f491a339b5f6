"""How a process of any behaviour is started."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, ClassVar, ParamSpec, TypeVar, cast

import attrs

from ..kernel import Pid, Ref, current_process
from ..proc_lib import StartOptions
from ._request import check_timeout

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..kernel import Bounded, Name, Process, Via
    from ..proc_lib import ChildType

P = ParamSpec("P")
T = TypeVar("T")


class Behaviour:
    """What the classes of all behaviours have in common."""

    __child_type__: ClassVar[ChildType] = "worker"
    #: A limit for the mailbox of every process of this class; None for none.
    __mailbox__: ClassVar[Bounded | None] = None

    @classmethod
    async def __start__(
        cls,
        options: StartOptions,
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
    ) -> Process:
        """Start a process of this class, and wait until it is up."""
        raise NotImplementedError(f"{cls.__name__} does not say how it is started")

    @classmethod
    async def __start_link__(
        cls,
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
        name: Name | Via | None,
        /,
    ) -> Pid[Any]:
        options = StartOptions(cls, link=True, name=name, mailbox=cls.__mailbox__)
        return (await cls.__start__(options, args, kwargs)).pid


def _check_timeout(_: object, __: object, timeout: float) -> None:
    check_timeout(timeout)


@attrs.frozen
class Options:
    """How a process is started, where that is more than its arguments.

    ::

        options = gen_server.Options(name=COUNTER, timeout=1.0)
        pid = await options.start_link(Counter, 10)

    The options stand before the class because the arguments behind it are the
    process's own.

    Args:
        name: registered before ``__init__``, so that nobody else can take it.
        timeout: seconds after which a start that is not over is given up.
        mailbox: a limit for the mailbox, instead of the ``__mailbox__`` of the class.

    Raises:
        ValueError: the time-out is negative or no number.
    """

    #: What the class to be started has to be.
    behaviour: ClassVar[type[Behaviour]] = Behaviour

    name: Name | Via | None = None
    timeout: float = attrs.field(default=inf, validator=_check_timeout)
    mailbox: Bounded | None = None

    async def start_link(
        self, cls: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> Pid[T]:
        """Start a process linked to the caller, and wait until it is up."""
        return await self._start(cls, args, kwargs, link=True)

    async def start(
        self, cls: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> Pid[T]:
        """Start a process like `start_link`, without a link."""
        return await self._start(cls, args, kwargs)

    async def start_monitor(
        self, cls: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> tuple[Pid[T], Ref]:
        """Start a process like `start`, monitored by the caller."""
        current_process("start_monitor()")
        ref = Ref()
        return await self._start(cls, args, kwargs, monitor=ref), ref

    async def _start(
        self,
        cls: Callable[..., T],
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
        *,
        link: bool = False,
        monitor: Ref | None = None,
    ) -> Pid[T]:
        if not isinstance(cls, type) or not issubclass(cls, self.behaviour):
            raise TypeError(f"{cls!r} is no {self.behaviour.__name__} class")
        options = StartOptions(
            cls,
            link=link,
            monitor=monitor,
            name=self.name,
            timeout=self.timeout,
            mailbox=self.mailbox or cls.__mailbox__,
        )
        process = await cls.__start__(options, args, kwargs)
        return cast("Pid[T]", process.pid)
