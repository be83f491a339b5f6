"""What is done with failure detectors from outside. Nothing here waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..kernel import current_process, is_ghost
from ._desk import find_desk, seek_desk
from ._process import check_watches

if TYPE_CHECKING:
    from collections.abc import Hashable

    from ..kernel import ServerRef
    from ..protection import Listeners
    from ._desk import DetectorStatistics
    from ._events import DetectorEvent
    from ._judgement import Judgement
    from ._process import FailureDetector
    from ._watch import Watch


class _Me:
    """Stands for "the process that calls"."""

    def __repr__(self) -> str:
        return "<the caller>"


_ME: Final[Any] = _Me()


def heartbeat(detector: ServerRef[FailureDetector], subject: Hashable = _ME) -> bool:
    """Show that *subject*, by default the process that calls, is alive now.

    No message is sent: the time is written down on the spot, however much waits in the
    mailbox of the detector. Whatever hears from elsewhere, from another machine for
    example, calls this where it reads from the socket.

    Returns:
        Whether the subject is watched. It is False as well while the detector is
        being restarted: that harms nobody who beats.

    Raises:
        NotAProcessError: the caller is meant, and is none.
        TypeError: *detector* is no address.
    """
    desk = seek_desk(detector)
    if subject is _ME:
        process = current_process("heartbeat() without a subject")
        return desk is not None and desk.heartbeat_of(process)
    if desk is None or (desk.process.node.ghosts and is_ghost()):
        return False
    return desk.heartbeat(subject)


def watch(detector: ServerRef[FailureDetector], watch: Watch) -> None:
    """Watch a subject from now on, until `unwatch`, or until a pid is dead.

    One that is watched already begins anew, with the new settings. The silence begins
    now: who never beats is suspected as well.

    Raises:
        NoDetectorError: there is no such failure detector.
        InvalidSpecError: *watch* is no `Watch`.
    """
    check_watches([watch])
    find_desk(detector).watch(watch)


def unwatch(detector: ServerRef[FailureDetector], subject: Hashable) -> bool:
    """Watch *subject* no longer, and tell whether it was watched.

    Raises:
        NoDetectorError: there is no such failure detector.
    """
    return find_desk(detector).unwatch(subject)


def watched(detector: ServerRef[FailureDetector]) -> list[Watch]:
    """Return what is watched, in the order in which that began.

    Raises:
        NoDetectorError: there is no such failure detector.
    """
    return [entry.watch for entry in find_desk(detector).entries.values()]


def phi(detector: ServerRef[FailureDetector], subject: Hashable) -> float:
    """Return how suspicious the silence of *subject* is at the moment.

    Raises:
        NotWatchedError: it is not watched.
        NoDetectorError: there is no such failure detector.
    """
    return find_desk(detector).phi(subject)


def judge(detector: ServerRef[FailureDetector], subject: Hashable) -> Judgement:
    """Return phi, and what it is worth.

    Raises:
        NotWatchedError: it is not watched.
        NoDetectorError: there is no such failure detector.
    """
    return find_desk(detector).judge(subject)


def is_suspected(detector: ServerRef[FailureDetector], subject: Hashable) -> bool:
    """Tell whether *subject* is suspected, as of the detector's last look.

    Raises:
        NotWatchedError: it is not watched.
        NoDetectorError: there is no such failure detector.
    """
    return find_desk(detector).entry(subject).subject.suspected_at is not None


def suspected(detector: ServerRef[FailureDetector]) -> list[Hashable]:
    """Return the subjects that are suspected.

    Raises:
        NoDetectorError: there is no such failure detector.
    """
    return find_desk(detector).suspected()


def statistics(detector: ServerRef[FailureDetector]) -> DetectorStatistics:
    """Return what the detector has done so far.

    Raises:
        NoDetectorError: there is no such failure detector.
    """
    return find_desk(detector).statistics()


def listeners(detector: ServerRef[FailureDetector]) -> Listeners[DetectorEvent]:
    """Return who is told of what *detector* notices, for adding and removing.

    Those that `FailureDetector` was given are there after a restart as well, others
    are not.

    Raises:
        NoDetectorError: there is no such failure detector.
    """
    return find_desk(detector).listeners
