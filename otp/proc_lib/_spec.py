"""Child specifications: how a child is started, kept and stopped, as a value.

Everything that can be wrong with a specification is refused where it is built, with
an `InvalidSpecError` whose *kind* is Erlang's word for it. The fields are looked at
in the order in which they stand in `ChildSpec`, which is Erlang's, and the first
that is wrong decides.
"""

from __future__ import annotations

from math import inf
from typing import (
    TYPE_CHECKING,
    Generic,
    Literal,
    ParamSpec,
    TypedDict,
    TypeGuard,
    TypeVar,
    cast,
    final,
    get_args,
)

import attrs

from .._util import is_seconds
from ..kernel import InvalidSpecError, Name, Via
from ._backoff import Backoff
from ._child_start import Start, Startable, as_startable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable
    from typing import Unpack

    from typing_extensions import TypeVar as TypeVarWithDefault

    from ..kernel import Pid

    T_co = TypeVarWithDefault("T_co", covariant=True, default=object)
else:
    T_co = TypeVar("T_co", covariant=True)

P = ParamSpec("P")
T = TypeVar("T")
B = TypeVar("B", bound=Startable)

Restart = Literal["permanent", "transient", "temporary"]
"""Whether a child is started again: always, after a crash, or never."""

ChildType = Literal["worker", "supervisor"]
"""What a child is to those who walk the tree."""

ShutdownLimit = float | Literal["brutal_kill"]
"""Seconds that a child has to end when told to, `math.inf` for as long as it takes.

With ``"brutal_kill"`` it is not told, but killed.
"""

Modules = tuple[type, ...] | Literal["dynamic"]
"""The classes that run in a child, so that those who reload code can find it."""


# ------------------------------------------------------------------- what may be wrong


def _one_of(words: tuple[str, ...]) -> str:
    *most, last = map(repr, words)
    return f"{', '.join(most)} or {last}"


def _check_id(value: object) -> None:
    if value is None:
        raise InvalidSpecError("missing_id", value, "a child needs an id")
    try:
        hash(value)
    except TypeError:
        text = f"the id of a child is something hashable, not {value!r}"
        raise InvalidSpecError("invalid_id", value, text) from None


def _is_start(value: object) -> TypeGuard[Start]:
    return isinstance(value, Start)


def _is_name(value: object) -> TypeGuard[Name | Via]:
    return isinstance(value, (Name, Via))


def _check_start(child: Hashable, value: object) -> None:
    if value is None:
        text = f"child {child!r} has no start: use child_spec() or ChildSpec.of()"
        raise InvalidSpecError("missing_start", value, text)
    if not _is_start(value) or not callable(value.target):
        text = f"the start of child {child!r} is a Start of a callable, not {value!r}"
        raise InvalidSpecError("invalid_mfa", value, text)
    if value.name is not None:
        _check_named(child, value, value.name)


def _check_named(child: Hashable, start: Start, name: object) -> None:
    if not _is_name(name):
        text = f"the name of child {child!r} is a Name or a Via, not {name!r}"
        raise InvalidSpecError("invalid_name", name, text)
    if as_startable(start.target) is None:
        text = (
            f"only a behaviour can be given a name: the start function of child "
            f"{child!r} has to register it"
        )
        raise InvalidSpecError("invalid_name", name, text)


def _check_restart(child: Hashable, value: object) -> None:
    words = get_args(Restart)
    if value not in words:
        text = f"the restart of child {child!r} is {_one_of(words)}, not {value!r}"
        raise InvalidSpecError("invalid_restart_type", value, text)


def _check_significant(child: Hashable, value: object, restart: Restart) -> None:
    if not isinstance(value, bool):
        text = f"significant is True or False for child {child!r}, not {value!r}"
        raise InvalidSpecError("invalid_significant", value, text)
    if value and restart == "permanent":
        raise InvalidSpecError(
            "bad_combination",
            (("restart", "permanent"), ("significant", True)),
            f"the permanent child {child!r} cannot be significant, as it never ends "
            f"for good: make it transient or temporary",
        )


def _check_type(child: Hashable, value: object) -> None:
    words = get_args(ChildType)
    if value not in words:
        text = f"the type of child {child!r} is {_one_of(words)}, not {value!r}"
        raise InvalidSpecError("invalid_child_type", value, text)


def _check_shutdown(child: Hashable, value: object) -> None:
    if value == "brutal_kill" or is_seconds(value):
        return
    text = (
        f"the shutdown of child {child!r} is a number of seconds from 0 to math.inf, "
        f"or 'brutal_kill', not {value!r}"
    )
    raise InvalidSpecError("invalid_shutdown", value, text)


def _check_modules(child: Hashable, value: object) -> None:
    if value == "dynamic":
        return
    if not isinstance(value, tuple):
        text = (
            f"the modules of child {child!r} are a tuple of classes, or 'dynamic', "
            f"not {value!r}"
        )
        raise InvalidSpecError("invalid_modules", value, text)
    for module in cast("tuple[object, ...]", value):
        if not isinstance(module, type):
            text = f"the modules of child {child!r} are classes, {module!r} is none"
            raise InvalidSpecError("invalid_module", module, text)


def _check_backoff(child: Hashable, value: object) -> None:
    if value is not None and not isinstance(value, Backoff):
        text = f"the backoff of child {child!r} is a Backoff or None, not {value!r}"
        raise InvalidSpecError("invalid_backoff", value, text)


# -------------------------------------------------------------------- what may be left


def default_shutdown(type_: ChildType) -> ShutdownLimit:
    """Return the time that a child of *type_* has to end if nothing is said.

    A supervisor gets all the time that its own children need.
    """
    return inf if type_ == "supervisor" else 5.0


def _default_shutdown(spec: ChildSpec) -> ShutdownLimit:
    return default_shutdown(spec.type)


def _default_modules(spec: ChildSpec) -> Modules:
    target = as_startable(spec.start.target) if _is_start(spec.start) else None
    return () if target is None else (target,)


@final
@attrs.frozen
class ChildSpec(Generic[T_co]):
    """What a supervisor has to know of one child.

    Make one with `child_spec`, or with `ChildSpec.of` for a start function, and
    change it with `named` and `override`.

    Args:
        id: what the child is called by its supervisor; no two children share it.
        start: how it is started.
        restart: when it is started again; always, if nothing is said.
        significant: whether its end may end the supervisor; see
            `SupervisorSpec.auto_shutdown`.
        type: worker or supervisor.
        shutdown: how long it may take to end when told to; if nothing is said 5
            seconds for a worker, and no limit for a supervisor.
        modules: the classes that run in it; those of *start* if nothing is said.
        backoff: pauses between restarts. There are none by default, and none in
            Erlang.

    Raises:
        InvalidSpecError: a value is wrong, or two do not go together.
    """

    id: Hashable
    start: Start[T_co]
    restart: Restart = attrs.field(default="permanent", kw_only=True)
    significant: bool = attrs.field(default=False, kw_only=True)
    type: ChildType = attrs.field(default="worker", kw_only=True)
    shutdown: ShutdownLimit = attrs.field(
        default=attrs.Factory(_default_shutdown, takes_self=True), kw_only=True
    )
    modules: Modules = attrs.field(
        default=attrs.Factory(_default_modules, takes_self=True), kw_only=True
    )
    backoff: Backoff | None = attrs.field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        _check_id(self.id)
        _check_start(self.id, self.start)
        _check_restart(self.id, self.restart)
        _check_significant(self.id, self.significant, self.restart)
        _check_type(self.id, self.type)
        _check_shutdown(self.id, self.shutdown)
        _check_modules(self.id, self.modules)
        _check_backoff(self.id, self.backoff)

    @staticmethod
    def of(
        id: Hashable,
        start: Callable[P, Awaitable[Pid[T] | tuple[Pid[T], object]]],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> ChildSpec[T]:
        """Return the specification of a child with a start function of its own.

        ``await start(*args, **kwargs)`` runs in the supervisor, must start a process
        that is linked to it, and returns the pid, or the pid and something to tell
        whoever asked for the start. It may raise `StartIgnored` or `StartError`.

        Raises:
            InvalidSpecError: *start* cannot be called, or *id* is no id.
        """
        return ChildSpec(id, Start(start, args, kwargs))

    def named(self, name: Name | Via) -> ChildSpec[T_co]:
        """Return the same child, registered under *name* as long as it lives.

        Raises:
            InvalidSpecError: it has a start function, which must see to that itself.
        """
        return attrs.evolve(self, start=attrs.evolve(self.start, name=name))

    def override(self, **changes: Unpack[Overrides]) -> ChildSpec[T_co]:
        """Return the same child with other values.

        A shutdown limit that was left to the type of the child goes with the type.

        Raises:
            InvalidSpecError: a value is wrong, or two do not go together.
        """
        if "type" in changes and self.shutdown == default_shutdown(self.type):
            changes.setdefault("shutdown", default_shutdown(changes["type"]))
        return attrs.evolve(self, **changes)


class Overrides(TypedDict, total=False):
    """What `ChildSpec.override` can change."""

    id: Hashable
    restart: Restart
    significant: bool
    type: ChildType
    shutdown: ShutdownLimit
    modules: Modules
    backoff: Backoff | None


def child_spec(
    behaviour: Callable[P, B], /, *args: P.args, **kwargs: P.kwargs
) -> ChildSpec[B]:
    """Return the specification of a child that runs ``behaviour(*args, **kwargs)``.

    *behaviour* is a class such as a `GenServer` or a `Supervisor`; its name is the
    id of the child, and its attributes ``__child_type__`` and ``__restart__``, if it
    has them, are the type and when it is restarted. The instance is made in the
    child's own process, again for each restart.

    Raises:
        InvalidSpecError: *behaviour* is not the class of a behaviour.
    """
    cls = as_startable(behaviour)
    if cls is None:
        text = (
            f"a child is the class of a behaviour, not {behaviour!r}: "
            f"use ChildSpec.of(id, start_function, ...) for anything else"
        )
        raise InvalidSpecError("invalid_mfa", behaviour, text)
    start: Start[B] = Start(behaviour, args, kwargs)
    return ChildSpec(
        cls.__name__,
        start,
        restart=getattr(cls, "__restart__", "permanent"),
        type=getattr(cls, "__child_type__", "worker"),
    )
