"""Applications that write down what happens to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

import otp
from otp import application, process
from otp.application import Application
from otp.supervisor import Supervisor, one_for_one

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from otp.application import Dependency

Trace = list[tuple[object, ...]]


class Worker(otp.GenServer):
    """The one child of a traced application, which traps exits."""

    def __init__(self, name: str, trace: Trace) -> None:
        self.name = name
        self.trace = trace

    async def init(self) -> None:
        process.trap_exit(True)
        self.trace.append(("child_up", self.name))

    @otp.call
    async def spawn(self) -> otp.Pid:
        """Start a process that nobody is linked to."""
        return process.spawn(process.receive)

    async def terminate(self, reason: otp.ExitReason) -> None:
        self.trace.append(("child_term", self.name, reason))


class Traced(Application):
    """An application with one worker, called like the application."""

    def __init__(
        self,
        name: str,
        trace: Trace,
        *,
        needs: Sequence[Dependency] = (),
        phases: Sequence[tuple[str, object]] = (),
        env: Mapping[str, object] | None = None,
        behaviour: Callable[[], object] | None = None,
    ) -> None:
        self.name = name
        self.trace = trace
        self.applications = needs
        self.start_phases = phases
        self.env = env or {}
        self.behaviour = behaviour
        self.worker = otp.Name[Worker](f"{name}_worker")

    def start(self) -> otp.ChildSpec[Supervisor]:
        self.trace.append(("start", self.name))
        if self.behaviour is not None:
            return cast("otp.ChildSpec[Supervisor]", self.behaviour())
        return self.tree()

    def tree(self) -> otp.ChildSpec[Supervisor]:
        """Return the supervisor, which gives up at the first crash."""
        worker = otp.child_spec(Worker, self.name, self.trace).named(self.worker)
        return otp.child_spec(Supervisor, one_for_one(worker, max_restarts=0))

    async def start_phase(self, phase: str, argument: object) -> None:
        self.trace.append(("phase", self.name, phase, argument))

    async def prep_stop(self) -> None:
        self.trace.append(("prep_stop", self.name))

    async def stop(self) -> None:
        self.trace.append(("stop", self.name))

    def config_change(
        self,
        changed: Mapping[str, object],
        new: Mapping[str, object],
        removed: Sequence[str],
    ) -> None:
        self.trace.append(("config_change", self.name, changed, new, removed))


def worker_of(app: Traced) -> otp.Pid:
    """Return the pid of the application's worker."""
    pid = process.whereis(app.worker)
    assert pid is not None
    return pid


async def ended_by(
    live: Callable[[], Awaitable[None]],
) -> application.ApplicationTerminatedError:
    """Return the error that ended the node in *live*."""
    with pytest.raises(BaseExceptionGroup) as caught:
        await live()
    (error,) = caught.value.exceptions
    assert isinstance(error, application.ApplicationTerminatedError)
    return error
