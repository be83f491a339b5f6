"""A process for tests: what it is sent can be expected, from outside.

The messages stay in the mailbox of the probe until a test expects them. Whatever the
test asks for is done by the probe's own process, so that links, monitors and calls are
those of a process like any other.
"""

from __future__ import annotations

from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar, cast, final, overload

import trio

from .. import process
from .._util import short
from ..gen import Envelope
from ..kernel import (
    KILL,
    MISSING,
    SHUTDOWN,
    Down,
    Exited,
    Name,
    Process,
    ReceiveTimeoutError,
    ServerExitedError,
    enter,
    leave,
    seek,
    wait_gone,
)
from ._check import check_seconds
from ._errors import ExpectationError
from ._idle import wait_until_idle
from ._job import Job
from ._match import content, fits, wanted_text
from ._reason import check_reason_matcher, reason_fits, reason_text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType

    from ..gen_server import CallClause, From
    from ..kernel import Alias, ExitReason, Pid, Ref, ServerRef
    from ._match import Matcher
    from ._reason import ReasonMatcher

P = ParamSpec("P")
T = TypeVar("T")

WITHIN = 1.0
"""Seconds that a probe waits for what it expects, if nothing else is said."""


@final
class Probe:
    """A process that a test can send to, and ask what it has been sent.

    ::

        async with Probe() as probe:
            Cache.subscribe(CACHE, probe.pid)
            Cache.put(CACHE, "key", 1)
            await probe.expect(("changed", "key"))
            await probe.expect_nothing()

    It lives from its construction on, until the ``async with`` block is left, until
    `stop`, or with its node. The test itself need not be a process.

    Seconds are those of the Trio clock: with a mock clock that jumps, nobody waits.

    Args:
        name: a name to register it as, for one that stands in for a server.
        trap_exit: whether exit signals come as messages. If not, it dies of them.
        label: what reports call it.

    Raises:
        NoNodeError: no node runs here.
        NameTakenError: somebody has the name.
        TypeError: that is no name.
    """

    def __init__(
        self,
        name: Name[Any] | str | None = None,
        *,
        trap_exit: bool = True,
        label: object = "probe",
    ) -> None:
        if name is not None and not _is_name(name):
            raise TypeError(f"a probe has a name or none, not {name!r}")
        sender, self._jobs = trio.open_memory_channel[Job](inf)
        self._ask = sender.send_nowait
        #: Its pid, which fits wherever a pid of some kind of process is wanted.
        self.pid: Pid[Any] = process.spawn(self._live, label=label)
        self._process = cast("Process", self.pid.process)
        self._process.trap_exit = trap_exit
        # Whom each monitor was about, where it is known by a name.
        self._watched: dict[Ref, Pid] = {}
        if name is not None:
            try:
                process.register(name, self.pid)
            except BaseException:
                process.exit(self.pid, KILL)
                raise

    def __repr__(self) -> str:
        return f"<probe {self.pid!r}>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        """End the probe, with `Shutdown` as the reason."""
        self._process.kill(SHUTDOWN)
        with trio.CancelScope(shield=True):
            await wait_gone(self.pid)

    async def _live(self) -> None:
        # Each in a task of its own: who calls a server may be asked something by it.
        async with trio.open_nursery() as nursery:
            async for job in self._jobs:
                nursery.start_soon(job.work, name="probe")

    # ----------------------------------------------------------------- what it does

    async def run(
        self, fn: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run ``await fn(*args)`` in the process of the probe, and return the result.

        So a call comes from the probe, a process that is started is its child, and
        what is linked is linked to it. What is raised is raised here, and the probe
        lives on.

        Raises:
            ServerExitedError: the probe is dead, or dies meanwhile.
        """
        job = Job(self._process, partial(fn, *args, **kwargs))
        return cast("T", await self._wait_for(job))

    async def _wait_for(self, job: Job) -> object:
        if self._process.reason is not None:
            raise ServerExitedError(self.pid, self._process.reason)
        self._process.owe(job)
        self._ask(job)
        return await job.wait()

    def act(self, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call ``fn(*args)``, which does not wait, as if the probe did."""
        token = enter(self._process)
        try:
            return fn(*args, **kwargs)
        finally:
            leave(token)

    def send(self, dest: ServerRef | Alias, message: object) -> None:
        """Send as the probe; see `otp.process.send`."""
        self.act(process.send, dest, message)

    def watch(self, server: ServerRef) -> Ref:
        """Monitor *server*, so that its end can be expected; see `expect_down`."""
        there, _ = seek(server)
        ref = self.act(process.monitor, server)
        if there is not None:
            self._watched[ref] = there.pid
        return ref

    def unwatch(self, ref: Ref) -> None:
        """Take a monitor back, and the message that has come from it."""
        self._watched.pop(ref, None)
        self.act(process.demonitor, ref, flush=True)

    def link(self, pid: Pid) -> None:
        """Link the probe to *pid*; see `expect_exit`."""
        self.act(process.link, pid)

    def unlink(self, pid: Pid) -> None:
        """Remove the link, and the message that has come from it."""
        self.act(process.unlink, pid, flush=True)

    # -------------------------------------------------------------- what it was sent

    @property
    def messages(self) -> tuple[object, ...]:
        """What it has been sent and nobody has expected yet, oldest first."""
        return tuple(self._process.mailbox)

    def clear(self) -> None:
        """Forget `messages`."""
        box = self._process.mailbox
        while box.take() is not MISSING:
            pass

    async def receive(self, *, within: float = WITHIN) -> object:
        """Take the oldest message, whatever it is; wait for one if there is none.

        Raises:
            ExpectationError: none came *within* so many seconds.
        """
        return await self._take(None, "a message", within)

    @overload
    async def expect(self, wanted: type[T], *, within: float = WITHIN) -> T: ...
    @overload
    async def expect(
        self, wanted: CallClause[Any, Any, T], *, within: float = WITHIN
    ) -> From[T]: ...
    @overload
    async def expect(
        self, wanted: Callable[[Any], bool], *, within: float = WITHIN
    ) -> Any: ...
    @overload
    async def expect(self, wanted: T, *, within: float = WITHIN) -> T: ...
    async def expect(self, wanted: Matcher, *, within: float = WITHIN) -> Any:
        """Take the oldest message that fits, and wait for it if there is none.

        The others stay where they are. *wanted* is a value that the message equals, a
        class that it is an instance of, a function that says so, or a clause of a
        server: ``await probe.expect(Cache.get)`` gives a `From`, which
        `gen_server.reply` answers. Of a cast without a clause, what it carries is
        returned.

        Raises:
            ExpectationError: none came *within* so many seconds; it says what came
                instead.
        """
        message = await self._take(fits(wanted), wanted_text(wanted), within)
        return message if isinstance(message, Envelope) else content(message)

    async def expect_down(
        self,
        server: ServerRef | Ref,
        *,
        reason: ReasonMatcher | None = None,
        within: float = WITHIN,
    ) -> Down:
        """Take the message that *server*, which the probe watches, is dead.

        *server* is a pid, a name, or what `watch` returned. *reason* is the reason
        itself, a class of reasons, a class of exceptions that it crashed with, or a
        function; None is any.

        Raises:
            ExpectationError: it did not die *within* so many seconds, died of
                something else, or was not watched.
        """
        check_reason_matcher(reason)

        def about_it(message: object) -> bool:
            return isinstance(message, Down) and self._says_dead(message, server)

        if not self._watches(server) and not any(map(about_it, self.messages)):
            text = f"{self} does not watch {server}: call probe.watch() before its end"
            raise ExpectationError(text)
        what = f"the end of {server}{reason_text(reason)}"
        down = cast("Down", await self._take(about_it, what, within))
        _check_end(server, down.reason, reason)
        return down

    async def expect_exit(
        self,
        pid: Pid,
        *,
        reason: ReasonMatcher | None = None,
        within: float = WITHIN,
    ) -> Exited:
        """Take the exit signal of *pid*, to which the probe is linked.

        *reason* is as for `expect_down`.

        Raises:
            ExpectationError: none came *within* so many seconds, or with another
                reason; or the probe does not trap exits.
        """
        check_reason_matcher(reason)
        if not self._process.trap_exit:
            raise ExpectationError(f"{self} does not trap exits: it dies of them")

        def from_it(message: object) -> bool:
            return isinstance(message, Exited) and message.pid is pid

        what = f"an exit signal of {pid}{reason_text(reason)}"
        signal = cast("Exited", await self._take(from_it, what, within))
        _check_end(pid, signal.reason, reason)
        return signal

    async def expect_nothing(self, seconds: float = 0.0) -> None:
        """Wait for *seconds*, in which nothing may come; `messages` has to be empty.

        With 0 seconds no time passes: it waits until everybody is idle.

        Raises:
            ExpectationError: there was a message.
        """
        check_seconds(seconds)
        if seconds == 0:
            await wait_until_idle()
        try:
            message = await self._receive(None, seconds)
        except ReceiveTimeoutError:
            return
        text = f"{self} expected nothing for {seconds:g} s, and got"
        raise ExpectationError(text, (message, *self.messages))

    async def _receive(
        self, fits: Callable[[object], bool] | None, within: float
    ) -> object:
        receive = partial(self._process.receive, fits, within)
        return await self._wait_for(Job(self._process, receive, self._put_back))

    def _put_back(self, message: object) -> None:
        """Take a message back that has come for somebody who is cancelled."""
        if self._process.reason is None:
            box = self._process.mailbox
            box.pending = [*box.pending, message]

    async def _take(
        self, fits: Callable[[object], bool] | None, what: str, within: float
    ) -> object:
        check_seconds(within)
        try:
            return await self._receive(fits, within)
        except ReceiveTimeoutError:
            came = ", and got" if self.messages else ", and got nothing"
            text = f"{self} expected {what} within {within:g} s{came}"
            raise ExpectationError(text, self.messages) from None

    def _watches(self, server: ServerRef | Ref) -> bool:
        for ref, target in (self._process.watching or {}).items():
            watch = (target.watched_by or {})[ref]
            if server is ref or server == watch.shown:
                return True
            if isinstance(target, Process) and target.pid is server:
                return True
        return False

    def _says_dead(self, down: Down, server: ServerRef | Ref) -> bool:
        if down.ref is server or down.process == server:
            return True
        return self._watched.get(down.ref) is server


def _is_name(value: object) -> bool:
    return isinstance(value, (Name, str))


def _check_end(who: object, end: ExitReason, wanted: ReasonMatcher | None) -> None:
    if wanted is not None and not reason_fits(wanted, end):
        text = f"{who} ended with {short(end)}, and not{reason_text(wanted)}"
        raise ExpectationError(text)
