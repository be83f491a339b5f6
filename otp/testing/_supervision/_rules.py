"""The rules of one supervisor, as a program that says what comes next.

It does nothing itself. It says what it waits for, such as "it tells the cache to end",
and is given what was seen. It is written from the rules, and not from the supervisor:
it restarts, stops and gives up by a few lines of its own, and takes nothing from there
but specifications.
"""

from __future__ import annotations

from collections import deque
from math import floor
from typing import TYPE_CHECKING, final

import attrs

from ...kernel import KILL, SHUTDOWN, is_quiet
from ._events import Asked, Begun, Ended, Told, Up
from ._plan import Kid, restarts, taken_along
from ._waits import (
    IDLE,
    AllGone,
    Answers,
    BrokenLawError,
    Ends,
    Gone,
    Outcome,
    Starts,
    Tells,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Hashable, Sequence

    from ...kernel import ExitReason, Pid
    from ...proc_lib import ChildSpec
    from ._events import Label, StartOutcome
    from ._plan import Plan
    from ._waits import Law, Seen, Wait

    Program = Generator[Wait, Seen, None]
    Result = Generator[Wait, Seen, Ends | None]


@final
@attrs.frozen
class EndOf:
    """A child has died, and its supervisor has a message of that."""

    kid: Kid
    pid: Pid
    reason: ExitReason


class Rules:
    """What one supervisor does, with its children as they should be."""

    def __init__(
        self,
        pid: Pid,
        plan: Plan,
        kids: list[Kid],
        label: Label,
        forgiven: Collection[Law],
    ) -> None:
        self.pid = pid
        self.plan = plan
        self.kids = kids
        #: In which whole seconds there were restarts that may count.
        self.stamps: list[int] = []
        self.label = label
        self.forgiven = forgiven
        #: What has reached it, and it has not come to.
        self.inbox: deque[EndOf | Asked] = deque()
        self.now = 0.0

    def begun(self, kid: Kid, pid: Pid) -> None:
        """Hear that a child has come to be, and may be up some day."""
        raise NotImplementedError

    def live(self, *, is_up: bool) -> Program:
        """Return the program, from the start or from where all are up."""
        if is_up or (yield from self._start_each(self.kids)):
            end: Ends | None = None
            while end is None:
                message = yield IDLE
                end = yield from self._handle(message)
        else:
            end = Ends(None, "end", "a child could not start")
        yield from self._stop_all(end)
        yield end

    def _handle(self, message: Seen) -> Result:
        match message:
            case EndOf(kid, pid, reason):
                if kid.pid is not pid or not kid.runs:
                    return None
                return (yield from self._exited(kid, reason))
            case Asked(request="terminate", reason=reason):
                return Ends(reason, "end", "it was told to end")
            case Asked(request="try_again"):
                return (yield from self._try_again(message))
            case Asked():
                ok = yield from self._obey(message)
                if message.answered:
                    yield Answers(message, ok)
            case _:
                pass
        return None

    # ---- a child has ended

    def _exited(self, kid: Kid, reason: ExitReason) -> Result:
        if restarts(kid, quiet=is_quiet(reason)):
            if kid.spec.backoff is not None:
                kid.set_waiting(self.now - kid.since)
                return None
            return (yield from self._restart(kid))
        self._drop(kid)
        return self._auto_shutdown(kid)

    def _try_again(self, message: Asked) -> Result:
        kid = self._find(message.child)
        if kid is None or (kid.state, kid.row) != ("waiting", message.row):
            return None
        return (yield from self._restart(kid))

    def _auto_shutdown(self, ended: Kid) -> Ends | None:
        when = self.plan.auto_shutdown
        others = [k for k in self.kids if k.spec.significant and k.state != "down"]
        if not ended.spec.significant or when == "never":
            return None
        if when == "all_significant" and others:
            return None
        why = f"auto_shutdown is {when}, and {ended.spec.id!r} has ended"
        return Ends(SHUTDOWN, "significant", why)

    def _restart(self, kid: Kid) -> Result:
        if self._is_too_often():
            self._drop(kid)
            why = f"a restart of {kid.spec.id!r} would be one too many"
            why += f": {self.plan.limit}"
            return Ends(SHUTDOWN, "intensity", why)
        group = taken_along(self.plan, kid, self.kids)
        if self.plan.strategy in ("one_for_all", "rest_for_one"):
            kid.set_down()
            for other in reversed(group):
                if other is not kid:
                    yield from self._stop(other, "restarts")
                    other.set_down()
            self.kids = [
                k for k in self.kids if k not in group or k.spec.restart != "temporary"
            ]
            group = [k for k in group if k.spec.restart != "temporary"]
        yield from self._start_each(group, again=True)
        return None

    def _is_too_often(self) -> bool:
        now = floor(self.now)
        self.stamps = [s for s in self.stamps if s >= now - self.plan.max_seconds]
        self.stamps.append(now)
        return len(self.stamps) > self.plan.max_restarts

    # ---- starts and stops

    def _start_each(
        self, kids: Sequence[Kid], *, again: bool = False
    ) -> Generator[Wait, Seen, bool]:
        for kid in list(kids):
            outcome = yield from self._start(kid, "restarts" if again else "order")
            if outcome == "failed":
                if again:
                    kid.set_waiting(0.0)
                return False
            if outcome == "ignored":
                self._ignored(kid)
        return True

    def _ignored(self, kid: Kid) -> None:
        kid.set_down()
        if kid.spec.restart == "temporary" or self.plan.kind != "static":
            self._remove(kid)

    def _start(self, kid: Kid, law: Law) -> Generator[Wait, Seen, StartOutcome]:
        seen = yield Starts(kid, law)
        if not isinstance(seen, Begun):
            return "failed"
        self.begun(kid, seen.pid)
        outcome = yield Outcome(kid, seen.pid)
        if not isinstance(outcome, Up):
            return outcome.start if isinstance(outcome, Ended) else "failed"
        kid.set_up(seen.pid, self.now)
        if self.plan.kind != "static" and kid.key is None:
            kid.key = seen.pid
        return "up"

    def _stop(self, kid: Kid, law: Law) -> Program:
        if not kid.runs or self._is_known_dead(kid):
            return
        brutal = kid.spec.shutdown == "brutal_kill"
        seen = yield Tells(kid, KILL if brutal else SHUTDOWN, law)
        told_at = self.now
        while not isinstance(seen, Ended):
            seen = yield Gone(kid, told_at)
            if isinstance(seen, Told):
                self._too_slow(kid)

    def _stop_all(self, end: Ends) -> Program:
        if self.plan.kind == "static":
            for kid in reversed(list(self.kids)):
                yield from self._stop(kid, end.law if end.law != "end" else "order")
            return
        waiting: list[Kid] = [
            k for k in self.kids if k.runs and not self._is_known_dead(k)
        ]
        told: set[Pid] = set()
        while waiting:
            seen = yield AllGone(tuple(waiting), end.law)
            if isinstance(seen, Ended):
                waiting = [k for k in waiting if k.pid is not seen.pid]
            elif isinstance(seen, Told):
                kid = next(k for k in waiting if k.pid is seen.pid)
                if seen.pid in told:
                    self._too_slow(kid)
                told.add(seen.pid)

    def _is_known_dead(self, kid: Kid) -> bool:
        """Tell whether it has died by itself; then nobody hears of that any more."""
        ends = [m for m in self.inbox if isinstance(m, EndOf) and m.kid is kid]
        for end in ends:
            self.inbox.remove(end)
        return bool(ends)

    def _too_slow(self, kid: Kid) -> None:
        if "in_time" in self.forgiven or kid.pid is None:
            return
        who, limit = self.label(kid.pid), kid.spec.shutdown
        seconds = f"{limit:g}" if isinstance(limit, float | int) else "0"
        raise BrokenLawError(
            "in_time",
            f"{who} ends within {seconds} s when it is told to",
            f"it is still there after {seconds} s, and is killed",
            self.pid,
        )

    # ---- requests

    def _obey(self, asked: Asked) -> Generator[Wait, Seen, bool | None]:
        if asked.request in ("start_child", "start_dynamic_child"):
            return (yield from self._start_new(asked))
        kid = self._find(asked.child)
        if asked.request == "terminate_child":
            return (yield from self._terminate_child(kid))
        if kid is None or self.plan.kind != "static" or kid.state != "down":
            return False
        if asked.request == "delete_child":
            self._remove(kid)
            return True
        outcome = yield from self._start(kid, "requests")
        return outcome == "up"

    def _terminate_child(self, kid: Kid | None) -> Generator[Wait, Seen, bool | None]:
        if kid is None:
            # Of a simple_one_for_one supervisor, somebody dead is no error.
            return None if self.plan.kind == "simple" else False
        yield from self._stop(kid, "requests")
        self._drop(kid)
        return True

    def _start_new(self, asked: Asked) -> Generator[Wait, Seen, bool | None]:
        spec = self._new_spec(asked)
        if spec is None or (self.plan.kind == "static" and self._find(spec.id)):
            return False
        kid = Kid(spec, spec.id if self.plan.kind == "static" else None)
        outcome = yield from self._start(kid, "requests")
        if outcome == "up" or (
            outcome == "ignored"
            and self.plan.kind == "static"
            and spec.restart != "temporary"
        ):
            self.kids.append(kid)
        return outcome == "up"

    def _new_spec(self, asked: Asked) -> ChildSpec | None:
        simple = self.plan.kind == "simple"
        if simple != (asked.request == "start_dynamic_child"):
            return None
        spec = self.plan.specs[0] if simple else asked.spec
        if spec is None:
            return None
        args = (*self.plan.extra, *(spec.start.args or ()), *asked.args)
        return attrs.evolve(spec, start=attrs.evolve(spec.start, args=args))

    # ---- its children

    def _find(self, key: Hashable) -> Kid | None:
        return next((k for k in self.kids if key in (k.key, k.pid)), None)

    def _drop(self, kid: Kid) -> None:
        kid.set_down()
        if kid.spec.restart == "temporary" or self.plan.kind != "static":
            self._remove(kid)

    def _remove(self, kid: Kid) -> None:
        self.kids = [other for other in self.kids if other is not kid]
