"""`FailureDetector`: the process that looks, and acts."""

from __future__ import annotations

from inspect import isawaitable
from math import inf
from typing import TYPE_CHECKING, Any, Final, final

import attrs
from trio.lowlevel import checkpoint

from .. import process as processes, timer
from ..gen_server import GenServer, InfoResult
from ..kernel import KILL, InvalidSpecError, current_process
from ._desk import open_desk
from ._guard import Watchfulness
from ._watch import EndProcess, OnSuspect, Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..kernel import Pid
    from ..protection import AnyListeners
    from ._events import DetectorEvent, Suspected


@final
class _Look:
    """The message by which the detector tells itself to look."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<look>"


_LOOK: Final = _Look()


@final
@attrs.frozen
class _Kill:
    """Kill the process, unless it has been heard again since it was *suspected*."""

    pid: Pid
    suspected: Suspected


@final
class FailureDetector(GenServer):
    """A process that watches others by their heartbeats and other signs of life.

    ::

        DETECTOR = otp.Name[otp.FailureDetector]("detector")
        spec = otp.child_spec(
            otp.FailureDetector,
            Watch(WORKER, Deadline(interval=1.0), on_suspect=EndProcess()),
        ).named(DETECTOR)

    What can be asked of it are the functions of `otp.failure_detector`; none of them
    waits. Whom it is to watch is best said here: what is added with `watch` is
    forgotten when the detector itself is restarted.

    Args:
        watches: whom to watch from the beginning.
        watchfulness: how often it looks, and how it notices that it was absent itself.
        listeners: functions that are told of each `DetectorEvent`.

    Raises:
        InvalidSpecError: one of the watches is no `Watch`, or two are of one subject;
            *watchfulness* is no `Watchfulness`.
        TypeError: a listener cannot be called.
    """

    def __init__(
        self,
        *watches: Watch,
        watchfulness: Watchfulness | None = None,
        listeners: AnyListeners[DetectorEvent] = (),
    ) -> None:
        check_watches(watches)
        settings = Watchfulness() if watchfulness is None else watchfulness
        _check_watchfulness(settings)
        self._desk = open_desk(settings, listeners)
        for watch in watches:
            self._desk.watch(watch)

    async def init(self) -> None:
        self._desk.start(_LOOK)

    async def handle_info(self, message: Any) -> InfoResult:
        if message is _LOOK:
            await self._look()
        elif isinstance(message, _Kill):
            if self._desk.still_suspects(message.suspected):
                processes.exit(message.pid, KILL)
        else:
            return await super().handle_info(message)
        return None

    async def _look(self) -> None:
        if not self._desk.look():
            return
        # Heartbeats that are there already are heard first. In the first of the two
        # passes Trio sees what has come from outside, in the second whoever waits for
        # that runs.
        await checkpoint()
        await checkpoint()
        for watch, suspected in self._desk.decide():
            self._act(watch.on_suspect, suspected)

    def _act(self, action: OnSuspect, suspected: Suspected) -> None:
        match action:
            case "report":
                pass
            case EndProcess():
                if suspected.pid is not None:
                    self._end(suspected.pid, action, suspected)
            case _:
                node = current_process("a failure detector").node
                node.spawn(_call, action, suspected)

    def _end(self, pid: Pid, action: EndProcess, suspected: Suspected) -> None:
        processes.exit(pid, action.reason)
        if pid.process is not None and action.kill_after != inf:
            timer.send_after(action.kill_after, self.pid, _Kill(pid, suspected))


def check_watches(watches: Iterable[object]) -> None:
    """Refuse what is no watch, or there twice.

    Raises:
        InvalidSpecError: one is.
    """
    subjects: set[object] = set()
    for watch in watches:
        if not isinstance(watch, Watch):
            text = f"a failure detector is given Watch(...) values, not {watch!r}"
            raise InvalidSpecError("invalid_watch", watch, text)
        if watch.subject in subjects:
            text = f"{watch.subject} is watched twice: one Watch is enough for it"
            raise InvalidSpecError("invalid_watch", watch, text)
        subjects.add(watch.subject)


def _check_watchfulness(value: object) -> None:
    if not isinstance(value, Watchfulness):
        text = f"watchfulness is a value such as Watchfulness(poll=1.0), not {value!r}"
        raise InvalidSpecError("invalid_detector", value, text)


async def _call(fn: Callable[[Suspected], object], suspected: Suspected) -> None:
    result = fn(suspected)
    if isawaitable(result):
        await result
