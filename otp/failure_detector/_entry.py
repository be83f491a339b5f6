"""One watch that is in force: a subject, and the process that it is just now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast, final

from ..kernel import Name, Pid, seek
from ._events import Gone, Replaced
from ._subject import Subject
from ._tap import Tap

if TYPE_CHECKING:
    from ..kernel import Node, Process, ServerRef
    from ._watch import Watch


@final
class Entry:
    """One watch that is in force.

    A process that is dead is nobody to suspect: bringing it back is the business of
    its supervisor. Whoever has the name next is a stranger, of whom nothing is known.
    """

    __slots__ = ("_home", "_known", "_tap", "is_process", "pid", "subject", "watch")

    def __init__(self, watch: Watch, now: int, home: Node) -> None:
        self.watch = watch
        # Where names are looked up, wherever whoever beats or watches is at home.
        self._home = home
        self.is_process = watch.is_process
        self.pid: Pid | None = None
        self._tap: Tap | None = None
        # Whether there was ever a process.
        self._known = False
        self.subject = self._fresh()
        if not self.is_process:
            self.subject.detector.expect(now)

    def __repr__(self) -> str:
        return f"<watch of {self.watch.subject}: {self.subject!r}>"

    def _fresh(self) -> Subject:
        return Subject(self.watch.detector.detector(), self.watch.policy)

    @property
    def present(self) -> bool:
        """Whether there is somebody to suspect."""
        return not self.is_process or (
            self.pid is not None and self.pid.process is not None
        )

    def follow(self, now: int) -> Gone | Replaced | None:
        """See who the subject is now; tell if that has changed."""
        watch, before = self.watch, self.pid
        if not self.is_process:
            return None
        # Not only when the last one is dead: a name may change hands among the living.
        process = self._find()
        if process is None:
            self.leave()
            subject: Any = watch.subject
            if before is None and isinstance(subject, Pid):
                # It was dead already.
                before = cast("Pid", subject)
            return None if before is None else Gone(watch.subject, before)
        if process.pid is before:
            return None
        known, self._known = self._known, True
        self._meet(process, now)
        return Replaced(watch.subject, process.pid) if known else None

    def _find(self) -> Process | None:
        subject = self.watch.subject
        if isinstance(subject, Pid):
            return subject.process
        if isinstance(subject, Name) and subject.node is None:
            return self._home.names.get(subject.name)
        return seek(cast("ServerRef", subject))[0]

    def _meet(self, process: Process, now: int) -> None:
        self.leave()
        self.pid = process.pid
        self.subject.detector.expect(now)
        if self.watch.signs:
            self._tap = Tap(process)

    def leave(self) -> None:
        """Have nothing to do with the process any more, and know nothing of it."""
        if self.pid is None:
            return
        if self._tap is not None:
            self._tap.remove()
        self._tap = self.pid = None
        self.subject = self._fresh()

    def look(self, now: int) -> bool:
        """Look for signs of life; tell if there is no more to ask.

        That is so if there are some, and it is not suspected.
        """
        if self._tap is None or not self._tap.is_alive():
            return False
        self.subject.sign(now)
        return self.subject.suspected_at is None
