from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast, get_args

import pytest

import otp
from otp import Crash, Killed, Normal, Pid, Shutdown, one_for_all, one_for_one
from otp.kernel import KILL, SHUTDOWN
from otp.testing._supervision._events import Answered, Asked, Begun, Ended, Told, Up
from otp.testing._supervision._laws import (
    ChildView,
    Forest,
    NameView,
    ProcessView,
    SupervisorView,
)
from otp.testing._supervision._look import plan_for
from otp.testing._supervision._plan import plan_of
from otp.testing._supervision._waits import LAWS, BrokenLawError, Law

if TYPE_CHECKING:
    from collections.abc import Callable

    from otp import ChildSpec, ExitReason
    from otp.proc_lib import Restart, Start
    from otp.testing._supervision._events import Event, StartOutcome
    from otp.testing._supervision._plan import Plan

CRASH = Crash(ValueError("no"))


def pid(serial: int) -> Pid[Any]:
    """Return the pid of somebody on a stage."""
    return Pid("n", serial, cast("Any", None))


class Worker(otp.GenServer):
    """Does nothing."""


def worker(id_: str, restart: Restart = "permanent", **options: Any) -> ChildSpec:
    return otp.child_spec(Worker).override(id=id_, restart=restart, **options)


def tree(*children: ChildSpec, **options: Any) -> otp.SupervisorSpec:
    return one_for_one(*children, **options)


class Play:
    """A supervisor on a stage: what it does is written into the test."""

    def __init__(
        self, spec: otp.SupervisorSpec, forgiven: tuple[Law, ...] = ()
    ) -> None:
        plan = plan_of(spec)
        self.now = 0.0
        self.root: Pid[Any] = pid(0)
        self.top: Pid[Any] = pid(1)
        self.pids: dict[str, Pid[Any]] = {}
        self.count = 1

        def top_plan(start: Start) -> Plan | None:
            return plan if start.target is otp.Supervisor else None

        self.forest = Forest(top_plan, repr, forgiven)
        self.forest.add_root(self.top, otp.child_spec(otp.Supervisor).start, "top")
        self.feed(Begun(0.0, self.top, self.root))
        for child in spec.children:
            self.starts(str(child.id))

    def feed(self, *events: Event) -> None:
        self.forest.feed(events)

    def starts(self, name: str, outcome: StartOutcome = "up") -> None:
        self.count += 1
        new = pid(self.count)
        self.pids[name] = new
        self.feed(Begun(self.now, new, self.top))
        if outcome == "up":
            self.feed(Up(self.now, new))
        else:
            self.feed(Ended(self.now, new, CRASH, outcome))

    def ends(self, name: str, reason: ExitReason = CRASH) -> None:
        self.feed(Ended(self.now, self.pids[name], reason, "up"))

    def tells(self, name: str, reason: ExitReason = SHUTDOWN) -> None:
        self.feed(Told(self.now, self.pids[name], self.top, reason, by_link=False))

    def stops(self, name: str) -> None:
        self.tells(name)
        self.ends(name, Shutdown())

    def asked(self, request: Any, child: str | None = None, **more: Any) -> None:
        self.feed(
            Asked(self.now, self.top, request, child=child, answered=True, **more)
        )

    def answers(self, error: BaseException | None = None) -> None:
        self.feed(Answered(self.now, self.top, error))

    def gives_up(self, reason: ExitReason = SHUTDOWN) -> None:
        self.feed(Ended(self.now, self.top, reason, "up"))

    def shows(self, *children: ChildView) -> None:
        model = self.forest.model(self.top)
        assert model is not None
        view = SupervisorView(self.top, self.root, model.plan, children, ())
        self.forest.look([view])


def breaks(law: Law, act: Callable[[], None]) -> BrokenLawError:
    with pytest.raises(BrokenLawError) as caught:
        act()
    assert caught.value.law == law
    return caught.value


def test_each_law_has_a_sentence() -> None:
    assert set(LAWS) == set(get_args(Law))


def test_children_are_started_in_their_order_and_each_is_up_before_the_next() -> None:
    play = Play(tree(worker("a"), worker("b")))

    error = breaks("restarts", lambda: play.starts("c"))

    assert error.expected == "top does nothing now"
    assert error.observed == "top starts <n.4>"


@pytest.mark.parametrize(
    ("restart", "reason", "again"),
    [
        ("permanent", Normal(), True),
        ("permanent", CRASH, True),
        ("transient", Normal(), False),
        ("transient", Shutdown("x"), False),
        ("transient", Killed(), True),
        ("transient", CRASH, True),
        ("temporary", CRASH, False),
        ("temporary", Normal(), False),
    ],
)
def test_restart_types_say_who_is_restarted(
    restart: Restart, reason: ExitReason, *, again: bool
) -> None:
    right, wrong = (Play(tree(worker("a", restart))) for _ in range(2))
    for play in (right, wrong):
        play.ends("a", reason)

    if again:
        right.starts("a")
        breaks("restarts", wrong.shows)
    else:
        breaks("restarts", lambda: wrong.starts("a"))


def test_all_others_are_stopped_newest_first_in_a_restart_of_all() -> None:
    spec = one_for_all(worker("a"), worker("b"), worker("t", "temporary"))
    play = Play(spec)
    play.ends("a")
    play.stops("t")
    play.stops("b")
    play.starts("a")
    play.starts("b")
    wrong = Play(spec)
    wrong.ends("a")

    error = breaks("restarts", lambda: wrong.tells("b"))

    assert "tells 't' to end" in error.expected
    assert error.observed == "top tells b to end: shutdown"


def test_those_before_the_failed_one_stay_in_a_restart_of_the_rest() -> None:
    play = Play(otp.rest_for_one(worker("a"), worker("b"), worker("c")))
    play.ends("b")
    play.stops("c")
    play.starts("b")
    play.starts("c")

    breaks("restarts", lambda: play.tells("a"))


def test_more_restarts_than_allowed_are_too_many() -> None:
    play = Play(tree(worker("a"), max_restarts=1, max_seconds=5))
    play.ends("a")
    play.starts("a")
    play.now = 5.9
    play.ends("a")

    error = breaks("intensity", lambda: play.starts("a"))

    assert error.expected == (
        "top ends, as a restart of 'a' would be one too many: more than 1 in 5 s"
    )


def test_what_is_older_than_the_period_does_not_count() -> None:
    play = Play(tree(worker("a"), max_restarts=1, max_seconds=5))
    play.ends("a")
    play.starts("a")
    play.now = 6.0
    play.ends("a")
    play.starts("a")
    play.ends("a")
    play.gives_up()


def test_a_supervisor_that_gives_up_too_early_breaks_the_law() -> None:
    play = Play(tree(worker("a")))
    play.ends("a")

    error = breaks("intensity", play.gives_up)

    assert "this is restart 1 within 5 s, and 3 are allowed" in error.expected


def test_a_supervisor_stops_its_children_before_it_gives_up() -> None:
    play = Play(tree(worker("a"), worker("b"), max_restarts=0))
    play.ends("a")

    breaks("intensity", play.gives_up)


def test_a_start_that_fails_is_tried_again_and_counts() -> None:
    play = Play(tree(worker("a"), max_restarts=2))
    play.ends("a")
    play.starts("a", "failed")
    play.asked("try_again", "a")
    play.starts("a", "failed")
    play.asked("try_again", "a")
    play.gives_up()


def test_a_start_that_fails_without_a_process_is_seen_by_the_next_attempt() -> None:
    named = worker("a").named(otp.Name("a"))
    play = Play(tree(named, max_restarts=2))
    play.ends("a")
    play.asked("try_again", "a")
    play.starts("a")


def test_who_did_not_want_to_start_is_not_started_again() -> None:
    play = Play(tree(worker("a")))
    play.ends("a")
    play.starts("a", "ignored")

    breaks("restarts", lambda: play.starts("a"))


@pytest.mark.parametrize("when", ["any_significant", "all_significant"])
def test_significant_children_end_their_supervisor(when: Any) -> None:
    spec = tree(
        worker("a", "transient", significant=True),
        worker("b", "temporary", significant=True),
        auto_shutdown=when,
    )
    play, wrong = Play(spec), Play(spec)
    play.ends("a", Normal())
    if when == "all_significant":
        play.ends("b")
    else:
        play.stops("b")
    play.gives_up()

    wrong.ends("a", Normal())
    if when == "all_significant":
        breaks("end", wrong.gives_up)
    else:
        breaks("significant", wrong.shows)


def test_a_child_that_has_to_be_killed_is_too_slow() -> None:
    spec = one_for_all(worker("a"), worker("b", shutdown=2.0))
    play, forgiven = Play(spec), Play(spec, forgiven=("in_time",))
    for one in (play, forgiven):
        one.ends("a")
        one.tells("b")

    error = breaks("in_time", lambda: play.tells("b", KILL))

    assert error.expected == "b ends within 2 s when it is told to"
    forgiven.tells("b", KILL)
    forgiven.ends("b", Killed())
    forgiven.starts("a")
    forgiven.starts("b")


def test_a_brutal_kill_is_no_delay() -> None:
    play = Play(one_for_all(worker("a"), worker("b", shutdown="brutal_kill")))
    play.ends("a")
    play.tells("b", KILL)
    play.ends("b", Killed())
    play.starts("a")
    play.starts("b")


def test_who_dies_by_itself_in_a_restart_of_all_is_not_stopped_again() -> None:
    play = Play(one_for_all(worker("a"), worker("b"), worker("c")))
    play.ends("a")
    play.ends("b")
    play.stops("c")
    play.starts("a")
    play.starts("b")
    play.starts("c")

    breaks("restarts", lambda: play.starts("b"))


def test_a_supervisor_does_what_it_is_asked() -> None:
    play = Play(tree(worker("a"), worker("b")))
    play.asked("terminate_child", "a")
    play.stops("a")
    play.answers()
    play.asked("restart_child", "a")
    play.starts("a")
    play.answers()
    play.asked("delete_child", "a")
    play.answers(ValueError("it runs"))
    play.asked("start_child", spec=worker("c"))
    play.starts("c")
    play.answers()

    play.asked("restart_child", "b")
    error = breaks("requests", play.answers)

    assert error.expected == "top, asked to restart_child, refuses"


def test_what_is_stopped_on_request_is_not_started_again() -> None:
    play = Play(tree(worker("a")))
    play.asked("terminate_child", "a")
    play.stops("a")
    play.answers()

    breaks("restarts", lambda: play.starts("a"))


def test_a_supervisor_that_is_told_to_end_stops_its_children_newest_first() -> None:
    play, wrong = (Play(tree(worker("a"), worker("b"))) for _ in range(2))
    order = Told(0.0, play.top, play.root, SHUTDOWN, by_link=False)
    play.feed(order)
    play.stops("b")
    play.stops("a")
    play.gives_up()

    wrong.feed(Told(0.0, wrong.top, wrong.root, SHUTDOWN, by_link=False))
    breaks("order", lambda: wrong.tells("a"))


def test_a_supervisor_that_is_killed_stops_nobody() -> None:
    play = Play(tree(worker("a")))

    play.gives_up(Killed())

    assert play.forest.model(play.top) is None


def test_a_supervisor_shows_the_children_that_it_has() -> None:
    play = Play(tree(worker("a"), worker("b")))
    views = [ChildView(k, play.pids[k], worker(k)) for k in ("a", "b")]
    play.shows(*views)

    error = breaks("children", lambda: play.shows(views[0]))

    assert error.expected == "top has ['a: <n.2>', 'b: <n.3>']"
    assert error.observed == "it shows ['a: <n.2>']"


def test_nobody_outlives_those_that_it_belongs_to() -> None:
    play = Play(tree(worker("a", "temporary")))
    a = play.pids["a"]
    helpers: list[Pid[Any]] = [pid(50), pid(51)]
    play.feed(Begun(0.0, helpers[0], a), Begun(0.0, helpers[1], helpers[0]))
    alive = [ProcessView(one, ()) for one in (play.top, *helpers)]
    stranger: Pid[Any] = pid(99)
    in_tree = {play.top}

    play.forest.check_orphans({*in_tree, a}, [*alive, ProcessView(a, ())], 0.0)
    play.forest.check_orphans(in_tree, [ProcessView(stranger, ())], 0.0)
    linked = ProcessView(helpers[0], (play.top,))
    play.forest.check_orphans(in_tree, [alive[0], linked, alive[2]], 0.0)

    play.ends("a")
    error = breaks("orphans", lambda: play.forest.check_orphans(in_tree, alive, 0.0))

    assert error.observed == (
        "<n.50> lives, is linked with nobody there, and was started by a, which is dead"
    )


def test_the_children_of_a_killed_supervisor_have_their_time_to_end() -> None:
    play = Play(tree(worker("a", shutdown=5.0)))
    play.gives_up(Killed())
    left = [ProcessView(play.pids["a"], ())]

    play.forest.check_orphans(set(), left, 5.0)

    breaks("orphans", lambda: play.forest.check_orphans(set(), left, 5.1))


def test_a_name_is_free_or_leads_to_its_owner() -> None:
    play = Play(tree(worker("a")))
    a = play.pids["a"]
    other: Pid[Any] = pid(50)

    def check(child: Pid[Any] | None, holder: Pid[Any] | None, *, alive: bool) -> None:
        play.forest.check_names([NameView("shop", "a", child, holder, alive)])

    check(a, a, alive=True)
    check(None, None, alive=False)
    check(None, other, alive=True)
    dead = breaks("names", lambda: check(None, other, alive=False))
    lost = breaks("names", lambda: check(a, None, alive=False))
    wrong = breaks("names", lambda: check(a, other, alive=True))

    assert dead.expected == "shop is free, as a does not run"
    assert dead.observed == "it leads to <n.50>, which is dead"
    assert lost.observed == "it leads to nobody"
    assert wrong.observed == "it leads to <n.50>"


def test_a_forgiven_law_frees_the_supervisor_until_it_is_looked_at_anew() -> None:
    play = Play(tree(worker("a")), forgiven=("restarts",))
    play.starts("b")
    play.starts("c")

    play.shows(ChildView("a", play.pids["a"], worker("a")))
    model = play.forest.model(play.top)

    assert model is not None
    assert not model.is_free


def test_who_is_no_supervisor_has_no_plan() -> None:
    assert plan_for(worker("a").start) is None
    found = plan_for(otp.child_spec(otp.Supervisor, tree(worker("a"))).start)
    assert found is not None
    assert [spec.id for spec in found.specs] == ["a"]
    assert plan_for(otp.child_spec(otp.Supervisor).start) is None
