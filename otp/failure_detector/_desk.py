"""What a failure detector knows, where everybody finds it.

A heartbeat does not go through the mailbox of the detector: there it would wait behind
others, and its time would be that at which it is read. Who beats finds the detector's
process, in its dictionary the `Desk`, and writes down the time itself. All else that
is asked of a detector is done in the same way, on the spot; what the process itself
does is to look again and again, and to act.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard, final

import attrs
import trio

from ..kernel import (
    Monitor,
    Name,
    Ref,
    Via,
    Waiter,
    current,
    emit,
    find,
    publish,
    published,
    seek,
)
from ..protection import Listeners
from ._detector import SECOND, nanoseconds
from ._entry import Entry
from ._errors import NoDetectorError, NotWatchedError
from ._events import DetectorEvent, Gone, Stalled, Suspected, Trusted
from ._guard import StallGuard
from ._health import LocalHealth
from ._reports import MistakeReport, StallReport, SuspicionReport

if TYPE_CHECKING:
    from collections.abc import Hashable

    from ..kernel import ExitReason, Process, ServerRef
    from ..protection import AnyListeners
    from ._guard import Watchfulness
    from ._judgement import Judgement
    from ._watch import Watch


def clock() -> int:
    """Return the time of the Trio run, in nanoseconds."""
    return nanoseconds(trio.current_time())


@final
@attrs.frozen
class DetectorStatistics:
    """What a failure detector has done so far.

    *watched* and *suspected* are as of now. *mistakes* are suspicions that were taken
    back, *stalls* how often the loop stood still; *health* is the score, from 0 to 8.
    """

    watched: int
    suspected: int
    heartbeats: int
    suspicions: int
    mistakes: int
    stalls: int
    health: int


@final
class Desk:
    """What the failure detector that is *process* knows."""

    def __init__(
        self,
        process: Process,
        watchfulness: Watchfulness,
        listeners: AnyListeners[DetectorEvent],
    ) -> None:
        self.process = process
        self.listeners = Listeners[DetectorEvent].of(listeners)
        self.entries: dict[Hashable, Entry] = {}
        # The subjects that a process cannot be known to be by its pid and name alone.
        self._elsewhere: list[Name | Via] = []
        self._poll = watchfulness.poll
        # Whether the process has looked since it was told to.
        self._looked = True
        self._health = LocalHealth(watchfulness.calm)
        self._guard = StallGuard(watchfulness, self._health, clock())
        self._heartbeats = self._suspicions = self._mistakes = self._stalls = 0

    def __repr__(self) -> str:
        return f"<watches {len(self.entries)}, health score {self._health.score}>"

    # ------------------------------------------------------------------- who is watched

    def watch(self, watch: Watch) -> None:
        """Watch a subject from now on; one that is watched begins anew."""
        self.unwatch(watch.subject)
        now = clock()
        entry = self.entries[watch.subject] = Entry(watch, now, self.process.node)
        if is_kept_elsewhere(watch.subject):
            self._elsewhere.append(watch.subject)
        self._follow(entry, now)

    def unwatch(self, subject: Hashable) -> bool:
        """Watch it no longer, and tell whether it was watched."""
        entry = self.entries.pop(subject, None)
        if entry is None:
            return False
        entry.leave()
        if is_kept_elsewhere(subject):
            self._elsewhere.remove(subject)
        return True

    def entry(self, subject: Hashable) -> Entry:
        """Return the watch of *subject*.

        Raises:
            NotWatchedError: there is none.
        """
        entry = self.entries.get(subject)
        if entry is None:
            raise NotWatchedError(subject)
        return entry

    # -------------------------------------------------------------------- what is heard

    def heartbeat(self, subject: Hashable) -> bool:
        """Hear a heartbeat, and tell whether anybody wants it."""
        entry = self.entries.get(subject)
        if entry is None:
            return False
        now = self._now()
        if not entry.present:
            # It comes from somebody new, of whom the next look would have told.
            self._follow(entry, now)
            if not entry.present:
                return False
        self._heartbeats += 1
        record = not self._guard.holds(now)
        entry.subject.heartbeat(now, slack=self._health.slack, record=record)
        return True

    def _now(self) -> int:
        """Return the time, and take note if the loop has just stood still."""
        now = clock()
        if now > self._guard.late_at:
            self._lose(self._guard.look(now), now)
        return now

    def heartbeat_of(self, process: Process) -> bool:
        """Hear a heartbeat of *process*, by whatever it is watched as."""
        heard = self.heartbeat(process.pid)
        if process.name is not None and process.node is self.process.node:
            heard = self.heartbeat(Name(process.name)) or heard
        for subject in self._elsewhere:
            found, _ = seek(subject)
            if found is process:
                heard = self.heartbeat(subject) or heard
        return heard

    # --------------------------------------------------------------------- what is said

    def judge(self, subject: Hashable) -> Judgement:
        """Return what there is to say of *subject* now."""
        entry = self.entry(subject)
        return self._judge(entry, self._now())

    def _judge(self, entry: Entry, now: int) -> Judgement:
        held = self._guard.holds(now)
        return entry.subject.judge(now, slack=self._health.slack, held=held)

    def phi(self, subject: Hashable) -> float:
        """Return how suspicious the silence of *subject* is."""
        detector = self.entry(subject).subject.detector
        return detector.phi(self._now(), slack=self._health.slack)

    def suspected(self) -> list[Hashable]:
        """Return whom it suspects."""
        return [
            subject
            for subject, entry in self.entries.items()
            if entry.subject.suspected_at is not None
        ]

    def statistics(self) -> DetectorStatistics:
        """Return what it has done so far."""
        return DetectorStatistics(
            watched=len(self.entries),
            suspected=len(self.suspected()),
            heartbeats=self._heartbeats,
            suspicions=self._suspicions,
            mistakes=self._mistakes,
            stalls=self._stalls,
            health=self._health.score,
        )

    # ------------------------------------------------------------ what the process does

    def start(self, look: object) -> None:
        """Send *look* to the process again and again, and notice when that is late.

        It is not the process that notices: that may be suspended, or busy with a
        listener, while heartbeats are heard all the same.
        """
        timers, box, poll = self.process.node.timers, self.process.mailbox, self._poll
        self._guard.look(clock())

        def tick() -> None:
            if self.process.reason is not None:
                return
            now = clock()
            lost = self._guard.poll(now)
            if lost:
                self._lose(lost, now)
            if self._looked:
                self._looked = False
                box.put(look)
            # Not an interval: that would make up for every look that was missed.
            timers.restart_at(trio.current_time() + poll, timer)

        timer = timers.start(poll, tick)

    def look(self) -> bool:
        """See how everybody is, and tell whether an opinion is about to change."""
        now = clock()
        self._looked = True
        doubtful: list[Entry] = []
        for entry in list(self.entries.values()):
            self._follow(entry, now)
            if not entry.look(now):
                doubtful.append(entry)
        return any(self._turns(entry, now) for entry in doubtful)

    def decide(self) -> list[tuple[Watch, Suspected]]:
        """Let opinions change, and return the suspicions that are to be acted on."""
        now = clock()
        found: list[tuple[Watch, Suspected]] = []
        if self._guard.is_silent(now):
            return found
        for entry in list(self.entries.values()):
            # A listener may have had enough of somebody meanwhile.
            known = self.entries.get(entry.watch.subject) is entry
            verdict = self._turns(entry, now) if known else None
            if verdict == "suspect":
                found.append((entry.watch, self._suspect(entry, now)))
            elif verdict == "trust":
                self._trust(entry, now)
        return found

    def still_suspects(self, event: Suspected) -> bool:
        """Tell whether what *event* is about has not been heard since."""
        entry = self.entries.get(event.subject)
        return (
            entry is not None
            and entry.pid is event.pid
            and entry.subject.suspected_at is not None
            and entry.subject.beats == 0
        )

    def _turns(self, entry: Entry, now: int) -> str | None:
        if not entry.present:
            return None
        return entry.subject.decide(now, slack=self._health.slack)

    def _suspect(self, entry: Entry, now: int) -> Suspected:
        watch = entry.watch
        event = Suspected(watch.subject, entry.pid, self._judge(entry, now))
        entry.subject.turn("suspect", now)
        self._suspicions += 1
        emit(
            SuspicionReport(event.subject, event.pid, event.judgement, watch.on_suspect)
        )
        self.listeners.tell(event)
        return event

    def _trust(self, entry: Entry, now: int) -> None:
        since = entry.subject.suspected_at
        seconds = (now - (now if since is None else since)) / SECOND
        entry.subject.turn("trust", now)
        self._mistakes += 1
        emit(MistakeReport(entry.watch.subject, entry.pid, seconds))
        self.listeners.tell(Trusted(entry.watch.subject, entry.pid, seconds))

    def _follow(self, entry: Entry, now: int) -> None:
        event = entry.follow(now)
        if event is None:
            return
        if isinstance(event, Gone) and entry.watch.subject is event.pid:
            # There will never be another one.
            self.unwatch(event.pid)
        self.listeners.tell(event)

    def _lose(self, lost: int, now: int) -> None:
        """Take note that nobody has listened for the last *lost* nanoseconds."""
        for entry in self.entries.values():
            entry.subject.detector.stall(now, lost)
        self._stalls += 1
        event = Stalled(lost / SECOND, self._health.score)
        emit(StallReport(self.process.pid, event.seconds, event.score))
        self.listeners.tell(event)

    def close(self) -> None:
        """Let all mailboxes be what they were."""
        for subject in list(self.entries):
            self.unwatch(subject)


def is_kept_elsewhere(subject: Hashable) -> TypeGuard[Name | Via]:
    """Tell whether *subject* is a name that is not kept by the node of who asks."""
    return isinstance(subject, Via) or (
        isinstance(subject, Name) and subject.node is not None
    )


@final
class _Closer(Waiter):
    """Closes a desk when its process is dead, of whatever."""

    __slots__ = ("_desk",)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk

    def died(self, reason: ExitReason) -> None:  # noqa: ARG002 - any reason will do
        self._desk.close()


def open_desk(
    watchfulness: Watchfulness,
    listeners: AnyListeners[DetectorEvent],
) -> Desk:
    """Make the process that runs a failure detector."""
    process = current()
    desk = Desk(process, watchfulness, listeners)
    publish(process, desk)
    process.watch(Monitor(Ref(), _Closer(desk), process.pid))
    return desk


def seek_desk(detector: ServerRef) -> Desk | None:
    """Return the desk of *detector*, None if there is no such failure detector."""
    process, _ = seek(detector)
    return published(process, Desk)


def find_desk(detector: ServerRef) -> Desk:
    """Return the desk of *detector*.

    Raises:
        NoDetectorError: there is no such failure detector.
        NodeDownError: the name is one of a node that does not run here.
    """
    process = find(detector)
    desk = published(process, Desk)
    if desk is None:
        raise NoDetectorError(detector)
    return desk
