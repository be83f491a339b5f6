"""What the model of a supervisor waits for, and which law is broken without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, final

import attrs

from ...kernel import SHUTDOWN
from ._events import Answered, Begun, Told

if TYPE_CHECKING:
    from ...kernel import ExitReason, Pid
    from ._events import Asked, Event
    from ._plan import Kid

Law = Literal[
    "order",
    "restarts",
    "intensity",
    "significant",
    "requests",
    "in_time",
    "end",
    "children",
    "orphans",
    "names",
]
"""What the supervisors of a tree are held to: see `LAWS`."""

LAWS: Final[dict[Law, str]] = {
    "order": "children are started oldest first and stopped newest first",
    "restarts": "restart types and strategies say who is restarted",
    "intensity": "a supervisor gives up when there are too many restarts, not before",
    "significant": "auto_shutdown says whether the end of a child ends its supervisor",
    "requests": "a supervisor does what it is asked",
    "in_time": "a child that is told to end does so in its time",
    "end": "a supervisor ends when it is told to or gives up, after its children",
    "children": "a supervisor shows the children that it has",
    "orphans": "no process outlives those that it belongs to",
    "names": "a name is free, or held by the child whose name it is",
}
"""Each law in a sentence."""


class BrokenLawError(AssertionError):
    """Something in a tree does not go by the rules of supervision.

    *law* is the word for the rule, *expected* what it says in this case, *observed*
    what was seen instead, and *supervisor* whom it is about.
    """

    def __init__(
        self, law: Law, expected: str, observed: str, supervisor: Pid | None = None
    ) -> None:
        super().__init__(f"{LAWS[law]}\n  expected: {expected}\n  observed: {observed}")
        self.law: Law = law
        self.expected = expected
        self.observed = observed
        self.supervisor = supervisor


@final
class Unseen:
    """Stands for a start that has failed before there was any process."""


UNSEEN: Final = Unseen()

Seen = object
"""What a model is given: an event, `UNSEEN`, or what has waited in its inbox."""


class _AnyWait:
    """The base of all that a model may wait for."""

    __slots__ = ()

    def takes(self, event: Event) -> bool:
        """Tell whether *event* is what it waits for."""
        del event
        return False

    def has(self, pid: Pid) -> bool:
        """Tell whether it waits for something about *pid*."""
        del pid
        return False

    def text(self, me: str) -> str:
        """Say in words what it waits for."""
        raise NotImplementedError


@final
@attrs.frozen(eq=False)
class Idle(_AnyWait):
    """For whatever comes: it should do nothing by itself."""

    law: Law = "restarts"

    def text(self, me: str) -> str:
        return f"{me} does nothing now"


IDLE: Final = Idle()


@final
@attrs.frozen(eq=False)
class Starts(_AnyWait):
    """For the start of a child."""

    kid: Kid
    law: Law

    @property
    def unseen(self) -> bool:
        """Whether there may be nothing to be seen of it."""
        return self.kid.may_start_unseen

    def takes(self, event: Event) -> bool:
        return isinstance(event, Begun)

    def text(self, me: str) -> str:
        return f"{me} starts {self.kid.spec.id!r}"


@final
@attrs.frozen(eq=False)
class Outcome(_AnyWait):
    """For a child that has begun to be up, or to fail."""

    kid: Kid
    pid: Pid
    law: Law = "order"

    def has(self, pid: Pid) -> bool:
        return pid is self.pid

    def text(self, me: str) -> str:
        return f"{me} waits until {self.kid.spec.id!r} is up"


@final
@attrs.frozen(eq=False)
class Tells(_AnyWait):
    """For a child to be told to end."""

    kid: Kid
    reason: ExitReason
    law: Law

    def takes(self, event: Event) -> bool:
        if not isinstance(event, Told) or event.pid is not self.kid.pid:
            return False
        return event.reason == self.reason

    def has(self, pid: Pid) -> bool:
        return pid is self.kid.pid

    def text(self, me: str) -> str:
        how = "tells" if self.reason == SHUTDOWN else "kills"
        end = " to end" if self.reason == SHUTDOWN else ""
        return f"{me} {how} {self.kid.spec.id!r}{end}"


@final
@attrs.frozen(eq=False)
class Gone(_AnyWait):
    """For a child that has been told to end to be gone, or to be killed."""

    kid: Kid
    told_at: float
    law: Law = "order"

    def takes(self, event: Event) -> bool:
        return isinstance(event, Told) and event.pid is self.kid.pid

    def has(self, pid: Pid) -> bool:
        return pid is self.kid.pid

    def text(self, me: str) -> str:
        return f"{me} waits until {self.kid.spec.id!r} has ended"


@final
@attrs.frozen(eq=False)
class AllGone(_AnyWait):
    """For several children, which are told all at once, to be gone."""

    kids: tuple[Kid, ...]
    law: Law

    def takes(self, event: Event) -> bool:
        return isinstance(event, Told) and self.has(event.pid)

    def has(self, pid: Pid) -> bool:
        return any(kid.pid is pid for kid in self.kids)

    def text(self, me: str) -> str:
        return f"{me} tells its {len(self.kids)} children to end, all at once"


@final
@attrs.frozen(eq=False)
class Answers(_AnyWait):
    """For the answer to a request, which is an error, or is none, or may be either."""

    asked: Asked
    ok: bool | None
    law: Law = "requests"

    def takes(self, event: Event) -> bool:
        if not isinstance(event, Answered):
            return False
        return self.ok is None or self.ok is (event.error is None)

    def text(self, me: str) -> str:
        how = {True: "does so", False: "refuses", None: "answers"}[self.ok]
        return f"{me}, asked to {self.asked.request}, {how}"


@final
@attrs.frozen(eq=False)
class Ends(_AnyWait):
    """For the supervisor's own end, with *reason* if that is known."""

    reason: ExitReason | None
    law: Law
    why: str

    def text(self, me: str) -> str:
        return f"{me} ends, as {self.why}"


Wait = Idle | Starts | Outcome | Tells | Gone | AllGone | Answers | Ends
"""Everything that a model waits for."""
