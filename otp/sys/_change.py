"""How a process becomes one of another class: the part that it does itself.

Between two messages the instance that runs in it is given another class and converts
its state. Pid, mailbox, links, monitors and name belong to the process and not to
the instance, so nobody outside sees anything of it. If anything goes wrong, or takes
too long, or whoever asked is not there any more, all is as it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar, assert_never, runtime_checkable

import attrs
import trio

from ..kernel import CallTimeoutError, is_own_end
from ._messages import (
    CallbackFailedError,
    ChangeCode,
    Changed,
    GetModules,
    Inside,
    LayoutError,
    NotSuspendedError,
    RenewSpecs,
    Undo,
)
from ._versions import Downgrade, old_version

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ._handle import SystemHost
    from ._messages import CodeOperation, Renew, SystemRequest

T = TypeVar("T")


@runtime_checkable
class HasModules(Protocol):
    """A host in whose process several classes run: not only that of ``module``.

    Only it knows which of them a change of code is about, if that does not say so. So
    it is its own task to fill in the version, with `versioned`.
    """

    @property
    def modules(self) -> tuple[type[object], ...]:
        """The classes; one of them is named by `ChangeCode.old`."""
        ...


@runtime_checkable
class Restorable(Protocol):
    """A host that can take a change of code back when it is over.

    For one that cannot, it is a change back to the old class, whose state is then
    replaced by what it was.
    """

    def snapshot(self) -> Callable[[], None]:
        """Return a function that makes class and state what they are now."""
        ...


@runtime_checkable
class KeepsSpecs(Protocol):
    """A host that keeps child specifications, as supervisors do."""

    def renew_specs(self, renew: Renew) -> Callable[[], None]:
        """Put ``renew(spec)`` in the place of each; nothing starts and nothing stops.

        Must leave everything as it was if it raises.

        Returns:
            what takes it back.
        """
        ...


async def obey_about_code(
    request: SystemRequest, operation: CodeOperation, host: SystemHost
) -> object:
    """Do what an operation says that is about the code of a process."""
    answer: object = None
    match operation:
        case ChangeCode():
            answer = await _change_code(request, operation, host)
        case Undo(changed):
            await _in_time(request, changed.undo())
        case GetModules():
            answer = _inside(host)
        case RenewSpecs(renew):
            answer = _renew_specs(renew, host)
        case _:
            assert_never(operation)
    return answer


def _inside(host: SystemHost) -> Inside:
    modules = host.modules if isinstance(host, HasModules) else (host.module,)
    return Inside(modules, isinstance(host, KeepsSpecs))


def _renew_specs(renew: Renew, host: SystemHost) -> Changed | None:
    if not isinstance(host, KeepsSpecs):
        return None
    old = host.module
    try:
        restore = host.renew_specs(renew)
    except Exception as error:
        text = f"the specifications cannot be renewed: {error!r}"
        raise CallbackFailedError(text) from error
    _note_class(host)

    async def undo() -> None:
        restore()
        _note_class(host)

    return Changed(old, host.module, undo)


async def _change_code(
    request: SystemRequest, change: ChangeCode, host: SystemHost
) -> Changed:
    if not (host.suspended or change.at_once):
        raise NotSuspendedError(
            "the code of a process can be changed while it is suspended only: "
            "call sys.suspend() first"
        )
    old = change.old or host.module
    if change.old is not None or not isinstance(host, HasModules):
        change = versioned(change, old)
    undo = _undo(host, change, old)
    # If the process dies of it, whoever asked must hear of that.
    host.process.serving = request
    try:
        await _in_time(request, host.change_code(change))
    except Exception:
        host.process.serving = None
        raise
    host.process.serving = None
    if request.settled:
        await undo()
    _note_class(host)
    return Changed(old, change.new or old, undo)


async def _in_time(request: SystemRequest, change: Awaitable[None]) -> None:
    """Go on with a change as long as somebody waits for it."""
    with trio.CancelScope() as request.scope:
        try:
            await change
        except BaseException as error:
            if not is_own_end(error):
                raise
            raise CallbackFailedError(f"code_change failed: {error!r}") from error
    if request.scope.cancelled_caught:
        raise CallTimeoutError(request.server, request.timeout)


def versioned(change: ChangeCode, old: type[object]) -> ChangeCode:
    """Fill in the version, if nothing was said about it."""
    if change.old_version is not None:
        return change
    return attrs.evolve(change, old_version=old_version(old, change.new or old))


def _undo(
    host: SystemHost, change: ChangeCode, old: type[object]
) -> Callable[[], Awaitable[None]]:
    """Return what takes back a change that is about to be made."""
    if isinstance(host, Restorable):
        restore = host.snapshot()

        async def undo() -> None:
            restore()
            _note_class(host)

        return undo
    state = host.get_state()
    new = change.new or old
    back = ChangeCode(old, old_version(new, old), change.extra, old=new)

    async def change_back() -> None:
        await host.change_code(back)
        host.replace_state(state)
        _note_class(host)

    return change_back


async def convert(
    change: ChangeCode,
    become: Callable[[], None],
    code_change: Callable[[], Awaitable[T]],
) -> T:
    """Let the newer of two classes convert a state, and return what it returns.

    *become* makes the instance one of the class of *change*, before the conversion or,
    if that is a downgrade, after it. What they have done till then is not taken back
    if one of them raises.
    """
    goes_down = isinstance(change.old_version, Downgrade)
    if not goes_down:
        become()
    state = await code_change()
    if goes_down:
        become()
    return state


def exchange_class(instance: object, new: type[object]) -> None:
    """Make an instance one of class *new*.

    Raises:
        LayoutError: Python refuses that, as the layouts do not match.
    """
    try:
        object.__setattr__(instance, "__class__", new)
    except TypeError as error:
        name = type(instance).__name__
        text = f"an instance of {name} cannot become one of {new.__name__}: {error}"
        raise LayoutError(text) from error


def _note_class(host: SystemHost) -> None:
    # What it was started as is not what runs in it any more.
    host.process.origin = host.module
