"""How a process of any behaviour is started."""

from __future__ import annotations

from math import inf
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    ParamSpec,
    Self,
    TypeGuard,
    TypeVar,
    cast,
    final,
)

import attrs

from ..kernel import InvalidSpecError, Pid, Ref, current_process
from ..proc_lib import ChildSpec, DebugOption, Start, StartOptions, as_class_of
from ._request import check_timeout

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from ..kernel import Bounded, Name, Process, Via
    from ..proc_lib import ChildType

P = ParamSpec("P")
T = TypeVar("T")


class Behaviour:
    """What the classes of all behaviours have in common."""

    __child_type__: ClassVar[ChildType] = "worker"
    #: The version of the class, for changes of code; a number, for example.
    __version__: ClassVar[Any] = None
    #: A limit for the mailbox of every process of this class; None for none.
    __mailbox__: ClassVar[Bounded | None] = None
    #: Whether every process of this class has a nursery, in which its children run: it
    #: is not gone before they are.
    __hosts__: ClassVar[bool] = False

    @classmethod
    def __start__(
        cls,
        options: StartOptions,
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
    ) -> Awaitable[tuple[Process, object]]:
        """Start a process of this class, to be awaited until it is up."""
        raise NotImplementedError(f"{cls.__name__} does not say how it is started")

    @classmethod
    async def __start_link__(
        cls,
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
        name: Name | Via | None,
        /,
    ) -> Pid[Any]:
        options = StartOptions(
            cls,
            link=True,
            name=name,
            host=cls.__hosts__,
            mailbox=cls.__mailbox__,
        )
        process, _ = await cls.__start__(options, args, kwargs)
        return process.pid

    @property
    def pid(self) -> Pid[Self]:
        """The pid of the process that this instance lives in, with its class.

        ::

            timer.send_interval(60, self.pid, "tick")

        Only the process itself can ask for it: what calls this is what is meant.

        Raises:
            NotAProcessError: no process runs; a unit test without one, for example.
        """
        return cast("Pid[Self]", current_process("self.pid").pid)


def _check_timeout(_: object, __: object, timeout: float) -> None:
    check_timeout(timeout)


def _as_debug(given: Iterable[DebugOption]) -> tuple[DebugOption, ...]:
    try:
        options = tuple(given)
    except TypeError:
        text = f"debug takes a list of debug options, not {given!r}"
        raise InvalidSpecError("invalid_debug", given, text) from None
    for option in options:
        if not _is_debug(option):
            text = f"a debug option is a value such as sys.Trace(), not {option!r}"
            raise InvalidSpecError("invalid_debug", option, text)
    return options


def _is_debug(value: object) -> TypeGuard[DebugOption]:
    return isinstance(value, DebugOption)


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
        debug: how the process is watched from its first message on, for example
            ``[sys.Trace(), sys.Log(100)]``; see `otp.sys`.

    Raises:
        ValueError: the time-out is negative or no number.
        InvalidSpecError: something in *debug* is no debug option.
    """

    #: What the class to be started has to be.
    behaviour: ClassVar[type[Behaviour]] = Behaviour

    name: Name | Via | None = None
    timeout: float = attrs.field(default=inf, validator=_check_timeout)
    mailbox: Bounded | None = None
    debug: tuple[DebugOption, ...] = attrs.field(default=(), converter=_as_debug)

    async def start_link(
        self, cls: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> Pid[T]:
        """Start a process linked to the caller, and wait until it is up."""
        process, _ = await self.__start__(cls, args, kwargs, link=True)
        return process.pid

    async def start(
        self, cls: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> Pid[T]:
        """Start a process like `start_link`, without a link."""
        process, _ = await self.__start__(cls, args, kwargs)
        return process.pid

    async def start_monitor(
        self, cls: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> tuple[Pid[T], Ref]:
        """Start a process like `start`, monitored by the caller."""
        current_process("start_monitor()")
        ref = Ref()
        process, _ = await self.__start__(cls, args, kwargs, monitor=ref)
        return process.pid, ref

    def child_spec(
        self, cls: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> ChildSpec[T]:
        """Return the specification of a child that is started with these options.

        Its name is that of the options, so it cannot be `ChildSpec.named`.

        Raises:
            InvalidSpecError: *cls* is not the class of such a behaviour.
        """
        try:
            found = as_class_of(self.behaviour, cls)
        except TypeError as error:
            raise InvalidSpecError("invalid_mfa", cls, str(error)) from None
        start: Start[T] = Start(StartWith(self, found), args, kwargs)
        type_ = found.__child_type__
        return ChildSpec(found.__name__, start, type=type_, modules=(found,))

    def __start__(
        self,
        cls: Callable[..., object],
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
        *,
        link: bool = False,
        monitor: Ref | None = None,
    ) -> Awaitable[tuple[Process, object]]:
        # Every start waits in as few frames as there can be: it is resumed through all.
        found = as_class_of(self.behaviour, cls)
        options = StartOptions(
            found,
            link=link,
            monitor=monitor,
            name=self.name,
            timeout=self.timeout,
            host=found.__hosts__,
            mailbox=self.mailbox or found.__mailbox__,
            debug=self.debug,
        )
        return found.__start__(options, args, kwargs)


@final
@attrs.frozen(repr=False)
class StartWith:
    """Starts a child with options; reports show it as the class alone."""

    options: Options
    cls: type[Behaviour]

    def __repr__(self) -> str:
        return self.cls.__qualname__

    async def __call__(self, *args: object, **kwargs: object) -> Pid:
        return await self.options.start_link(self.cls, *args, **kwargs)
