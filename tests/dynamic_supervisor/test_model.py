"""Random stories of a dynamic supervisor, told by a model and by the real one.

The model knows no processes: children are values in a list, and time is a number.
After every event of a story both must show the same.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Literal

import attrs
import pytest
import trio
from hypothesis import example, given, settings, strategies as st
from trio.testing import MockClock, wait_all_tasks_blocked

from otp import (
    DynamicSpec,
    DynamicSupervisor,
    Exit,
    ExitReason,
    Fail,
    Ignore,
    Kill,
    Killed,
    Node,
    Normal,
    Pid,
    Reason,
    Shutdown,
    StartIgnored,
    dynamic_supervisor,
    gen_server,
    process,
    sys,
)
from otp.dynamic_supervisor import MaxChildrenError, NotFoundError, StartChildError
from tests.kernel.support import assert_nothing_left, outcome_in_process
from tests.supervisor.support import Stage

if TYPE_CHECKING:
    from otp.proc_lib import Restart

Start = Literal["ok", "fail", "ignore"]
INITS: dict[Start, object] = {"ok": None, "fail": Fail(Reason("r")), "ignore": Ignore()}
REASONS: list[ExitReason] = [Normal(), Shutdown(), Shutdown("x"), Reason("boom")]


# ------------------------------------------------------------------ what may happen


@attrs.frozen
class Begin:
    """A child is started, whose starts go as listed, and well from then on."""

    restart: Restart
    starts: tuple[Start, ...]


@attrs.frozen
class Crash:
    """The code of a child ends with *reason*."""

    child: int
    reason: ExitReason


@attrs.frozen
class Deaths:
    """Several are killed before the supervisor hears of any."""

    children: tuple[int, ...]


@attrs.frozen
class Terminate:
    """A child is terminated by its first pid, which may be an old one by now."""

    child: int
    first_pid: bool


@attrs.frozen
class Change:
    """There may be more or fewer children."""

    most: int | None


@attrs.frozen
class Pass:
    """Time goes by, in quarters of a second."""

    quarters: int


Event = Begin | Crash | Deaths | Terminate | Change | Pass

WHO = st.integers(0, 5)
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        Begin,
        st.sampled_from(["permanent", "transient", "temporary"]),
        st.lists(st.sampled_from(["ok", "ok", "fail", "ignore"]), max_size=4).map(
            tuple
        ),
    ),
    st.builds(Crash, WHO, st.sampled_from(REASONS)),
    st.builds(Deaths, st.lists(WHO, min_size=1, max_size=3, unique=True).map(tuple)),
    st.builds(Terminate, WHO, st.booleans()),
    st.builds(Change, st.none() | st.integers(0, 4)),
    st.builds(Pass, st.integers(1, 20)),
)


# --------------------------------------------------------------------------- the model


@attrs.define(eq=False)
class Someone:
    """A child, as the model sees it; *lives* counts its successful starts."""

    name: str
    restart: Restart
    starts: deque[Start]
    lives: int = 0
    waits: bool = False

    def start(self) -> Start:
        how = self.starts.popleft() if self.starts else "ok"
        self.lives += how == "ok"
        return how


class Model:
    """What a dynamic supervisor is to do."""

    def __init__(self, most: int | None, restarts: int, seconds: int) -> None:
        self.most, self.restarts, self.seconds = most, restarts, seconds
        self.children: list[Someone] = []
        self.stamps: list[int] = []
        self.now = 0.0
        self.up = True

    def begin(self, someone: Someone) -> str:
        if self.most is not None and len(self.children) >= self.most:
            return "full"
        how = someone.start()
        if how == "ok":
            self.children.append(someone)
        return how

    def deaths(self, dead: list[tuple[Someone, ExitReason]]) -> None:
        queue = deque(dead)
        while queue and self.up:
            someone, reason = queue.popleft()
            if not someone.waits and not self.comes_back(someone, reason):
                self.children.remove(someone)
            elif self.is_too_much():
                self.children.clear()
                self.up = False
            else:
                self.try_to_restart(someone, queue)

    @staticmethod
    def comes_back(someone: Someone, reason: ExitReason) -> bool:
        quiet = isinstance(reason, (Normal, Shutdown))
        return someone.restart == "permanent" or (
            someone.restart == "transient" and not quiet
        )

    def is_too_much(self) -> bool:
        second = int(self.now)
        self.stamps = [s for s in self.stamps if second - s <= self.seconds]
        self.stamps.append(second)
        return len(self.stamps) > self.restarts

    def try_to_restart(
        self, someone: Someone, queue: deque[tuple[Someone, ExitReason]]
    ) -> None:
        how = someone.start()
        someone.waits = how == "fail"
        if someone.waits:
            queue.append((someone, Reason("r")))
            return
        self.children.remove(someone)
        if how == "ok":
            self.children.append(someone)


# --------------------------------------------------------------- both of them together


class Story:
    """One dynamic supervisor and its model, to whom the same happens."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.stage = Stage()
        self.everyone: list[Someone] = []
        self.sup: Pid[DynamicSupervisor]

    async def begin(self) -> None:
        process.trap_exit(True)
        model = self.model
        self.sup = await dynamic_supervisor.start_link(
            DynamicSupervisor,
            max_children=model.most,
            max_restarts=model.restarts,
            max_seconds=model.seconds,
        )

    def pick(self, n: int) -> Someone | None:
        children = self.model.children
        return children[n % len(children)] if children else None

    def pid(self, someone: Someone) -> Pid[Any]:
        return self.stage.pid(someone.name)

    async def let(self, event: Event) -> None:
        match event:
            case Begin():
                await self.let_begin(event)
            case Crash(child, reason):
                someone = self.pick(child)
                if someone is not None:
                    gen_server.cast(self.pid(someone), Exit(reason))
                    self.model.deaths([(someone, reason)])
            case Deaths(children):
                await self.let_die(children)
            case Terminate():
                await self.let_terminate(event)
            case Change(most):
                model = self.model
                model.most = most
                limits = DynamicSpec(
                    max_children=most,
                    max_restarts=model.restarts,
                    max_seconds=model.seconds,
                )
                await dynamic_supervisor.change_specs(self.sup, limits)
            case Pass(quarters):
                await trio.sleep(quarters / 4)
                self.model.now += quarters / 4

    async def let_begin(self, event: Begin) -> None:
        name = f"{len(self.everyone)}"
        someone = Someone(name, event.restart, deque(event.starts))
        self.everyone.append(someone)
        inits = [INITS[start] for start in event.starts]
        spec = self.stage.child(name, *inits, restart=event.restart)
        try:
            await dynamic_supervisor.start_child(self.sup, spec)
        except MaxChildrenError:
            how = "full"
        except StartIgnored:
            how = "ignore"
        except StartChildError:
            how = "fail"
        else:
            how = "ok"
        assert how == self.model.begin(someone)

    async def let_die(self, children: tuple[int, ...]) -> None:
        dead = {s.name: s for n in children if (s := self.pick(n)) is not None}
        await sys.suspend(self.sup)
        for someone in dead.values():
            process.exit(self.pid(someone), Kill())
        await wait_all_tasks_blocked()
        await sys.resume(self.sup)
        self.model.deaths([(someone, Killed()) for someone in dead.values()])

    async def let_terminate(self, event: Terminate) -> None:
        someone = self.pick(event.child)
        if someone is None:
            return
        is_old = event.first_pid and len(self.stage.pids[someone.name]) > 1
        pid = self.stage.pids[someone.name][0] if is_old else self.pid(someone)
        try:
            await dynamic_supervisor.terminate_child(self.sup, pid)
        except NotFoundError:
            assert is_old
        else:
            assert not is_old
            self.model.children.remove(someone)

    async def compare(self) -> None:
        await wait_all_tasks_blocked()
        model = self.model
        assert process.is_alive(self.sup) is model.up
        for someone in self.everyone:
            alive = [p for p in self.stage.pids[someone.name] if process.is_alive(p)]
            assert len(alive) == (someone in model.children)
        if not model.up:
            return
        shown = await dynamic_supervisor.which_children(self.sup)
        assert [info.pid for info in shown] == [self.pid(s) for s in model.children]
        counts = await dynamic_supervisor.count_children(self.sup)
        assert (counts.specs, counts.active) == (len(shown), len(shown))


async def tell(events: list[Event], model: Model) -> None:
    """Let *events* happen to both, as long as the supervisor lives."""
    story = Story(model)
    await story.begin()
    for event in events:
        await story.let(event)
        await story.compare()
        if not model.up:
            return
    await dynamic_supervisor.stop(story.sup)
    model.children.clear()
    model.up = False
    await story.compare()


@pytest.mark.slow
@settings(max_examples=300)
@given(
    st.lists(EVENTS, max_size=25),
    st.none() | st.integers(0, 4),
    st.integers(0, 5),
    st.integers(1, 3),
)
# One that is tried again after a sibling died and came back in between.
@example(
    [
        Begin("permanent", ("ok", "fail", "fail")),
        Begin("permanent", ()),
        Deaths((0, 1)),
    ],
    None,
    5,
    5,
)
def test_the_supervisor_does_what_the_model_does(
    events: list[Event], most: int | None, restarts: int, seconds: int
) -> None:
    async def main() -> None:
        async with Node() as node:
            outcome = await outcome_in_process(
                node, lambda: tell(events, Model(most, restarts, seconds))
            )
        if isinstance(outcome, BaseException):
            raise outcome
        assert outcome is None
        assert_nothing_left(node)

    trio.run(main, clock=MockClock(autojump_threshold=0))
