"""A model of one supervisor: what it should do, compared with what it does.

What reaches a supervisor while it is busy waits in the model as it does in a mailbox.
What the program of its rules waits for, and does not come, breaks a law; and so does
what comes instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from ...kernel import KILLED
from ._events import Answered, Asked, Begun, Ended, Told
from ._rules import EndOf, Rules
from ._waits import (
    IDLE,
    UNSEEN,
    AllGone,
    BrokenLawError,
    Ends,
    Gone,
    Outcome,
    Starts,
    Tells,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from ...kernel import ExitReason, Pid
    from ._events import Event, Label
    from ._plan import Kid, Plan
    from ._rules import Program
    from ._waits import Law, Seen, Wait


@final
class SupervisorModel(Rules):
    """One supervisor as it should be.

    It is one that begins to start, or with *kids* one that is up. *told* is called with
    each child that comes to be, and its pid.
    """

    def __init__(
        self,
        pid: Pid,
        parent: Pid | None,
        plan: Plan,
        label: Label,
        told: Callable[[SupervisorModel, Kid, Pid], None],
        *,
        kids: list[Kid] | None = None,
        forgiven: Collection[Law] = (),
    ) -> None:
        super().__init__(
            pid, plan, plan.at_first() if kids is None else kids, label, forgiven
        )
        self.parent = parent
        #: Nothing is expected of it any more until somebody looks at it anew.
        self.is_free = False
        self.is_over = False
        self._told = told
        self._program: Program = self.live(is_up=kids is not None)
        self.wait: Wait = next(self._program)

    def begun(self, kid: Kid, pid: Pid) -> None:
        self._told(self, kid, pid)

    # ----------------------------------------------------------------- what it is given

    def feed(self, event: Event) -> None:
        """Take note of something that it does, or that happens to it.

        Raises:
            BrokenLawError: that is not what the rules say.
        """
        self.now = max(self.now, event.at)
        if self.is_over or self.is_free:
            self._see_freely(event)
        elif isinstance(event, Asked):
            self._asked(event)
        elif isinstance(event, Ended):
            self._child_ended(event)
        elif isinstance(event, Begun | Answered):
            self._does(event)
        elif isinstance(event, Told):
            if self._kid_of(event.pid) is not None:
                self._does(event)
        elif isinstance(self.wait, Outcome) and self.wait.pid is event.pid:
            self._advance(event)
        self._work_off()

    def order(self, event: Told | Asked, reason: ExitReason) -> None:
        """Take note that it is told to end, by its parent or through `otp.sys`."""
        ask = Asked(event.at, self.pid, "terminate", reason=reason)
        self.now = max(self.now, event.at)
        if not (self.is_over or self.is_free):
            self.inbox.append(ask)
            self._work_off()

    def ended(self, event: Ended) -> None:
        """Take note of its own end.

        Raises:
            BrokenLawError: it should not have ended, or not yet, or for another reason.
        """
        if self.is_over or self.is_free or event.reason == KILLED:
            self.is_over = True
            return
        if isinstance(self.wait, Starts) and self.wait.unseen:
            self._advance(UNSEEN)
            self._work_off()
        wait = self.wait
        if not isinstance(wait, Ends) or wait.reason not in (None, event.reason):
            laws: dict[Law, Law] = {"restarts": "intensity"}
            law = "end" if wait is IDLE else laws.get(wait.law)
            raise self._broken(event, law)
        self.is_over = True

    def settle(self) -> None:
        """Say that nothing more is to come: what it waits for does not happen.

        Raises:
            BrokenLawError: the rules say that it does.
        """
        if self.is_over or self.is_free:
            return
        if isinstance(self.wait, Starts) and self.wait.unseen:
            self._advance(UNSEEN)
            self._work_off()
        if self.wait is not IDLE:
            raise self._broken(None)

    def _asked(self, event: Asked) -> None:
        if event.request == "other":
            self.is_free = True
            return
        self.inbox.append(event)
        wait = self.wait
        if (
            isinstance(wait, Starts)
            and event.request == "try_again"
            and event.child == wait.kid.key
        ):
            # It has not come to be, or the supervisor would not have to try again.
            self._advance(UNSEEN)

    def _child_ended(self, event: Ended) -> None:
        wait = self.wait
        if isinstance(wait, Outcome):
            if wait.pid is event.pid:
                self._advance(event)
                return
        elif isinstance(wait, (Tells, Gone, AllGone)) and wait.has(event.pid):
            self._advance(event)
            return
        kid = self._kid_of(event.pid)
        if kid is not None:
            kid.dead = True
            self.inbox.append(EndOf(kid, event.pid, event.reason))

    def limit_of(self, pid: Pid) -> float:
        """Return how many seconds a child has to end; 0 if it is none."""
        kid = self._kid_of(pid)
        limit = "brutal_kill" if kid is None else kid.spec.shutdown
        return 0.0 if limit == "brutal_kill" else limit

    def _does(self, event: Begun | Answered | Told) -> None:
        if isinstance(self.wait, Starts) and not isinstance(event, Begun):
            refused = isinstance(event, Answered) and event.error is not None
            if self.wait.unseen or refused:
                self._advance(UNSEEN)
                self._work_off()
        if isinstance(self.wait, Outcome) and self.wait.kid.may_start_unseen:
            return  # a start function may start others on its way
        if not self.wait.takes(event):
            raise self._broken(event)
        self._advance(event)

    def _see_freely(self, event: Event) -> None:
        if isinstance(event, Begun):
            return
        if isinstance(event, Ended) and (kid := self._kid_of(event.pid)) is not None:
            kid.set_down()

    def _work_off(self) -> None:
        while self.wait is IDLE and self.inbox and not self.is_free:
            self._advance(self.inbox.popleft())

    def _advance(self, seen: Seen) -> None:
        try:
            self.wait = self._program.send(seen)
        except StopIteration:
            self.is_over = True

    def _broken(self, event: Event | None, law: Law | None = None) -> BrokenLawError:
        law = law or self.wait.law
        expected = self.wait.text(self.label(self.pid))
        if law in ("restarts", "intensity") and isinstance(self.wait, Starts | Tells):
            expected += f": {self._count()}"
        return BrokenLawError(
            law,
            expected,
            "nothing" if event is None else event.text(self.label),
            self.pid,
        )

    def _count(self) -> str:
        plan, count = self.plan, len(self.stamps)
        return (
            f"this is restart {count} within {plan.max_seconds} s, and "
            f"{plan.max_restarts} are allowed"
        )

    def _kid_of(self, pid: Pid) -> Kid | None:
        return next((kid for kid in self.kids if kid.pid is pid), None)
