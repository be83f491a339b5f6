"""The process in charge of one application: starts its tree and takes it down.

The master is the parent of the top supervisor and the *leader* of the application's
processes: whatever a process of the application spawns belongs to it, too, linked
or not, and is killed when the application has been stopped.

The order of a stop is: `Application.prep_stop`, the tree from its top,
`Application.stop`, then the processes that are left. It is the same if the top
supervisor ended by itself. A callback that raises holds up nothing. What is up of an
application whose start failed is killed.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, NoReturn, final

import attrs
import trio

from .. import process as processes
from ..kernel import (
    GHOST_TIME,
    KILL,
    NORMAL,
    SHUTDOWN,
    Crash,
    Exit,
    Exited,
    InvalidSpecError,
    Normal,
    Reason,
    StartError,
    StartIgnored,
    emit,
    is_own_end,
    reason_of,
    wait_gone,
)
from ..proc_lib import ChildSpec
from ._errors import ApplicationStartError, BadStartError
from ._report import CallbackFailed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from typing import TypeGuard

    from ..kernel import ExitReason, Pid, Process
    from ..supervisor import Supervisor
    from ._report import Callback
    from ._spec import Application, ApplicationSpec


@final
@attrs.frozen
class Up:
    """A master tells the controller that its application is started."""

    master: Pid
    top: Pid[Supervisor]


@final
@attrs.frozen
class StartFailed:
    """A master tells the controller that its application did not start."""

    master: Pid
    failure: ApplicationStartError


@final
class StopOrder:
    """The controller tells a master to stop its application."""


@final
class Master:
    """The code of one master; *included* are the applications with phases to run."""

    def __init__(
        self,
        process: Process,
        app: Application,
        spec: ApplicationSpec,
        included: Sequence[tuple[Application, ApplicationSpec]],
        controller: Pid,
    ) -> None:
        self._process = process
        self._app = app
        self._spec = spec
        self._included = included
        self._controller = controller
        self._starting = trio.CancelScope()
        # Set before it runs, so that no signal can come too early.
        process.trap_exit = True
        process.leader = process.pid
        process.label = f"application {spec.name}"
        process.origin = type(app)
        process.reaper = self._reap
        self._top: Pid[Supervisor] | None = None

    def abandon_start(self) -> None:
        """Give up a start that goes on; what is up of it is stopped in order."""
        self._starting.cancel()

    async def run(self) -> NoReturn:
        """Be the process."""
        started = await self._start()
        if isinstance(started, ApplicationStartError):
            if self._top is not None and self._starting.cancelled_caught:
                await self._stop_top(self._top)
            await self._kill_members()
            self._tell(StartFailed(self._process.pid, started))
            raise Exit(NORMAL)
        self._tell(Up(self._process.pid, started))
        reason = await self._await_end(started)
        await self._callback("prep_stop", self._app.prep_stop)
        await self._stop_top(started)
        await self._callback("stop", self._app.stop)
        await self._kill_members()
        raise Exit(reason)

    def _tell(self, message: object) -> None:
        processes.send(self._controller, message)

    # ------------------------------------------------------------------ starting

    async def _start(self) -> Pid[Supervisor] | ApplicationStartError:
        """Start the tree and run the phases; return the top, or what went wrong."""
        try:
            with self._starting:
                top = await self._start_top()
                await self._run_phases()
                return top
        except BaseException as error:
            if not is_own_end(error):
                raise
            return self._failure(error)
        text = f"the start of application {self._spec.name!r} was given up"
        return ApplicationStartError(self._spec.name, SHUTDOWN, text)

    async def _start_top(self) -> Pid[Supervisor]:
        try:
            spec = self._app.start()
        except Exit as error:
            raise self._declined(error.reason) from error
        if not _is_child_spec(spec):
            text = (
                f"start() of application {self._spec.name!r} returned {spec!r}: "
                f"return child_spec(...) of its top supervisor"
            )
            raise BadStartError(self._spec.name, Reason(spec), text)
        self._top = (await spec.start()).pid
        processes.link(self._top)
        return self._top

    def _declined(self, reason: ExitReason) -> ApplicationStartError:
        name = self._spec.name
        if isinstance(reason, Normal):
            text = f"application {name!r} declined to start"
            return ApplicationStartError(name, reason, text, declined=True)
        return BadStartError(name, reason)

    async def _run_phases(self) -> None:
        for phase, argument in self._spec.start_phases:
            await self._app.start_phase(phase, argument)
            for app, spec in self._included:
                for theirs, other_argument in spec.start_phases:
                    if theirs == phase:
                        await app.start_phase(phase, other_argument)

    def _failure(self, error: BaseException) -> ApplicationStartError:
        """Return what whoever asked for the start is told about *error*."""
        name = self._spec.name
        made: ApplicationStartError
        match error:
            case ApplicationStartError() if error.application == name:
                return error
            case StartIgnored():
                text = (
                    f"the top supervisor of application {name!r} did not want to start"
                )
                made = BadStartError(name, error.reason, text)
            case StartError():
                made = ApplicationStartError(name, error.reason)
            case InvalidSpecError():
                made = BadStartError(
                    name, Crash(error), f"application {name!r}: {error}"
                )
            case _:
                made = BadStartError(name, reason_of(error))
        made.__cause__ = error
        return made

    # ------------------------------------------------------------ running, stopping

    async def _await_end(self, top: Pid) -> ExitReason:
        """Wait until there is reason to stop, and return what to end with."""
        while True:
            match await self._process.receive(None, inf):
                case StopOrder():
                    return NORMAL
                case Exited(pid, reason) if pid is top:
                    return reason
                case Exited(pid, reason) if pid is self._controller:
                    return reason
                case _:
                    pass

    async def _stop_top(self, top: Pid) -> None:
        """Shut the top supervisor down and wait for it, as long as it takes."""
        processes.exit(top, SHUTDOWN)
        await processes.wait_exited(top)

    async def _callback(
        self, name: Callback, callback: Callable[[], Awaitable[None]]
    ) -> None:
        try:
            await callback()
        except BaseException as error:
            if not is_own_end(error):
                raise
            emit(CallbackFailed(self._spec.name, name, reason_of(error)))

    async def _kill_members(self) -> None:
        """Kill what is left of the application, and wait until its code is over.

        The dead start nothing new, so one look is enough.
        """
        me = self._process
        left = [
            process
            for process in me.node.processes.values()
            if process.leader is me.pid and process is not me
        ]
        for process in left:
            process.exit_signal(me, KILL, by_link=False)
        # One time for all.
        with trio.move_on_after(GHOST_TIME):
            for process in left:
                await wait_gone(process.pid)

    async def _reap(self) -> None:
        """See to what is left, if the master itself was killed."""
        if self._top is not None:
            await processes.wait_exited(self._top)
        await self._kill_members()


def _is_child_spec(value: object) -> TypeGuard[ChildSpec[Supervisor]]:
    return isinstance(value, ChildSpec)
