from __future__ import annotations

from math import inf

import pytest

from otp import Backoff, PoolSpec
from otp.pool._slots import Slots
from otp.pool._steps import Check, Close, Grant, Open, Refuse, Slot

Steps = list[object]


def slots_of(*, checked: bool = False, **settings: object) -> Slots[str]:
    spec = PoolSpec(**{"min_size": 0, **settings})  # type: ignore[arg-type]
    return Slots(spec, checked=checked)


def opened(slots: Slots[str], now: float = 0.0) -> Slot[str]:
    """Let somebody have a new resource, and give it back."""
    slot = used(slots, now)
    slots.give_back(slot, now, good=True)
    return slot


def used(slots: Slots[str], now: float = 0.0) -> Slot[str]:
    """Let somebody have a new resource."""
    (step,) = slots.ask(f"user at {now}", now)
    assert isinstance(step, Open)
    slots.opened(step.slot, now)
    assert step.slot.state == "used"
    return step.slot


def test_nothing_is_opened_before_somebody_asks_if_there_need_be_none() -> None:
    assert slots_of().start(0.0) == []


def test_as_many_as_there_are_to_be_are_opened_at_the_start() -> None:
    slots = slots_of(min_size=3)

    steps = slots.start(0.0)

    assert [type(step) for step in steps] == [Open, Open, Open]


def test_who_asks_takes_part_in_what_is_being_opened_already() -> None:
    slots = slots_of(min_size=1)
    (opening,) = slots.start(0.0)
    assert isinstance(opening, Open)

    assert slots.ask("a", 0.0) == []
    assert isinstance(slots.ask("b", 0.0)[0], Open)
    assert slots.opened(opening.slot, 1.0) == [Grant("a", opening.slot)]


def test_what_comes_back_goes_to_who_has_waited_longest() -> None:
    slots = slots_of(max_size=1)
    slot = used(slots)
    assert slots.ask("a", 0.0) == slots.ask("b", 0.0) == []

    assert slots.give_back(slot, 1.0, good=True) == [Grant("a", slot)]
    assert slots.waiters == ("b",)


def test_what_came_back_last_is_handed_out_first() -> None:
    slots = slots_of()
    first, second = used(slots, 0.0), used(slots, 1.0)
    slots.give_back(second, 2.0, good=True)
    slots.give_back(first, 3.0, good=True)

    assert slots.ask("a", 4.0) == [Grant("a", first)]
    assert slots.ask("b", 4.0) == [Grant("b", second)]


def test_who_does_not_wait_any_more_is_passed_over() -> None:
    slots = slots_of(max_size=1)
    slot = used(slots)
    slots.ask("a", 0.0)
    slots.ask("b", 0.0)

    slots.withdraw("a")
    slots.withdraw("a")

    assert slots.give_back(slot, 1.0, good=True) == [Grant("b", slot)]


def test_only_so_many_may_wait_for_others() -> None:
    slots = slots_of(max_size=1, queue=1)
    slots.ask("opens", 0.0)

    assert slots.ask("waits", 0.0) == []
    assert slots.ask("too many", 0.0) == [Refuse("too many", "full")]
    assert slots.waiters == ("opens", "waits")


def test_with_no_queue_one_may_still_wait_for_what_is_opened_for_him() -> None:
    slots = slots_of(max_size=1, queue=0)

    assert isinstance(slots.ask("a", 0.0)[0], Open)
    assert slots.ask("b", 0.0) == [Refuse("b", "full")]


def test_what_is_no_good_any_more_is_closed_and_replaced_for_who_waits() -> None:
    slots = slots_of(max_size=1)
    slot = used(slots)
    slots.ask("a", 0.0)

    assert slots.give_back(slot, 1.0, good=False) == [Close(slot, "failed")]
    (step,) = slots.closed(slot, 2.0)
    assert isinstance(step, Open)


def test_a_resource_that_is_being_closed_takes_its_place() -> None:
    slots = slots_of(max_size=2)
    slots.give_back(used(slots), 1.0, good=False)

    assert isinstance(slots.ask("a", 1.0)[0], Open)
    assert slots.ask("b", 1.0) == []


def test_what_was_taken_away_is_not_given_back() -> None:
    slots = slots_of()
    slot = used(slots)

    assert slots.lost(slot, 1.0) == [Close(slot, "lost")]
    assert slots.lost(slot, 1.0) == []
    assert slots.give_back(slot, 2.0, good=True) == []
    assert slots.count("idle") == 0


def test_what_has_ended_by_itself_is_never_handed_out() -> None:
    slots = slots_of()
    slot = opened(slots)

    assert slots.lost(slot, 1.0) == [Close(slot, "lost")]
    (step,) = slots.ask("a", 1.0)
    assert isinstance(step, Open)


@pytest.mark.parametrize(("at", "looked"), [(29.9, False), (30.0, True)])
def test_what_has_lain_long_is_checked_first(at: float, looked: bool) -> None:
    slots = slots_of(checked=True)
    slot = opened(slots)

    steps = slots.ask("a", at)

    assert steps == [Check(slot) if looked else Grant("a", slot)]


def test_without_a_check_nothing_is_checked() -> None:
    slots = slots_of()
    slot = opened(slots)

    assert slots.ask("a", 299.0) == [Grant("a", slot)]


def test_every_resource_may_be_checked_each_time_but_only_once() -> None:
    slots = slots_of(checked=True, max_size=1, check_after=0.0)
    slot = used(slots)
    slots.ask("a", 0.0)

    assert slots.give_back(slot, 0.0, good=True) == [Check(slot)]
    assert slots.checked(slot, 0.0, good=True) == [Grant("a", slot)]


def test_what_was_never_used_is_checked_all_the_same() -> None:
    slots = slots_of(checked=True, min_size=1)
    (step,) = slots.start(0.0)
    assert isinstance(step, Open)
    slots.opened(step.slot, 0.0)

    assert slots.ask("a", 30.0) == [Check(step.slot)]


def test_what_has_been_checked_goes_to_who_waits() -> None:
    slots = slots_of(checked=True)
    slot = opened(slots)
    slots.ask("a", 100.0)

    assert slots.checked(slot, 101.0, good=True) == [Grant("a", slot)]


def test_what_is_ill_is_closed_and_another_one_is_opened() -> None:
    slots = slots_of(checked=True, max_size=2)
    slot = opened(slots)
    slots.ask("a", 100.0)

    closing, opening = slots.checked(slot, 101.0, good=False)

    assert closing == Close(slot, "unhealthy")
    assert isinstance(opening, Open)


def test_several_that_have_lain_long_are_checked_at_the_same_time() -> None:
    slots = slots_of(checked=True, max_size=2)
    first, second = used(slots, 0.0), used(slots, 1.0)
    slots.give_back(first, 2.0, good=True)
    slots.give_back(second, 3.0, good=True)

    assert slots.ask("a", 100.0) == [Check(second)]
    assert slots.ask("b", 100.0) == [Check(first)]
    assert slots.checked(first, 101.0, good=True) == [Grant("a", first)]


def test_who_waits_longest_hears_that_nothing_could_be_opened() -> None:
    slots = slots_of(max_size=2)
    slots.ask("a", 0.0)
    (step,) = slots.ask("b", 0.0)
    assert isinstance(step, Open)

    refused = slots.open_failed(step.slot, 1.0)

    assert refused == [Refuse("a", "open_failed")]
    assert slots.waiters == ("b",)


def test_the_next_one_who_waits_gets_a_try_of_his_own() -> None:
    slots = slots_of(max_size=1)
    (step,) = slots.ask("a", 0.0)
    assert isinstance(step, Open)
    slots.ask("b", 0.0)

    refused, opening = slots.open_failed(step.slot, 1.0)

    assert refused == Refuse("a", "open_failed")
    assert isinstance(opening, Open)


def test_a_failure_is_nobodys_while_enough_are_being_opened() -> None:
    slots = slots_of(min_size=2, backoff=Backoff(1.0))
    first, _ = slots.start(0.0)
    assert isinstance(first, Open)
    slots.ask("a", 0.0)

    assert slots.open_failed(first.slot, 1.0) == []


def test_what_nobody_waits_for_is_tried_again_after_growing_pauses() -> None:
    slots = slots_of(min_size=1, backoff=Backoff(1.0, maximum=3.0))
    (step,) = slots.start(0.0)
    now, pauses = 0.0, []
    for _ in range(4):
        assert isinstance(step, Open)
        assert slots.open_failed(step.slot, now) == []
        assert slots.tick(slots.due - 0.1) == []
        pauses.append(slots.due - now)
        now = slots.due
        (step,) = slots.tick(now)

    assert pauses == [1.0, 2.0, 3.0, 3.0]
    assert slots.due == inf


def test_failures_that_come_together_make_one_pause() -> None:
    slots = slots_of(min_size=5, backoff=Backoff(1.0))
    now, pauses = 0.0, []
    steps = slots.start(now)
    for _ in range(3):
        for step in steps:
            assert isinstance(step, Open)
            assert slots.open_failed(step.slot, now) == []
        pauses.append(slots.due - now)
        now = slots.due
        steps = slots.tick(now)
        assert len(steps) == 5

    assert pauses == [1.0, 2.0, 4.0]


def test_failures_of_which_users_hear_make_no_pause_longer() -> None:
    slots = slots_of(min_size=1, backoff=Backoff(1.0))
    (step,) = slots.start(0.0)
    assert isinstance(step, Open)
    slots.open_failed(step.slot, 0.0)
    for _ in range(9):
        (step,) = slots.ask("a", 0.5)
        assert isinstance(step, Open)
        assert slots.open_failed(step.slot, 0.5) == [Refuse("a", "open_failed")]

    assert slots.due == 1.0
    assert [type(step) for step in slots.tick(1.0)] == [Open]


def test_chance_shortens_a_pause() -> None:
    slots = slots_of(min_size=1, backoff=Backoff(1.0, jitter=0.5))
    (step,) = slots.start(0.0)
    assert isinstance(step, Open)

    slots.open_failed(step.slot, 0.0, 0.5)

    assert slots.due == 0.75


def test_pauses_begin_anew_when_a_resource_was_of_use() -> None:
    slots = slots_of(min_size=1, backoff=Backoff(1.0))
    (step,) = slots.start(0.0)
    assert isinstance(step, Open)
    slots.open_failed(step.slot, 0.0)
    (step,) = slots.tick(1.0)
    assert isinstance(step, Open)
    slots.opened(step.slot, 1.0)
    slots.ask("a", 1.0)
    slots.give_back(step.slot, 2.0, good=True)

    slots.lost(step.slot, 3.0)
    slots.closed(step.slot, 3.0)

    assert slots.due == 4.0


@pytest.mark.parametrize(("age", "pause"), [(30.0, 2.0), (31.0, 1.0)])
def test_pauses_begin_anew_when_a_resource_has_lasted(age: float, pause: float) -> None:
    slots = slots_of(min_size=1, backoff=Backoff(1.0))
    (step,) = slots.start(0.0)
    assert isinstance(step, Open)
    slots.open_failed(step.slot, 0.0)
    (step,) = slots.tick(1.0)
    assert isinstance(step, Open)
    slots.opened(step.slot, 1.0)

    slots.lost(step.slot, 1.0 + age)
    slots.closed(step.slot, 1.0 + age)

    assert slots.due == 1.0 + age + pause


def test_a_user_waits_for_no_pause() -> None:
    slots = slots_of(min_size=1, backoff=Backoff(10.0))
    (step,) = slots.start(0.0)
    assert isinstance(step, Open)
    slots.open_failed(step.slot, 0.0)

    assert isinstance(slots.ask("a", 1.0)[0], Open)


def test_when_one_could_be_opened_the_others_need_not_wait() -> None:
    slots = slots_of(min_size=2, backoff=Backoff(10.0))
    first, second = slots.start(0.0)
    assert isinstance(first, Open)
    assert isinstance(second, Open)
    slots.open_failed(first.slot, 0.0)

    (step,) = slots.opened(second.slot, 1.0)

    assert isinstance(step, Open)


def test_what_nobody_needs_is_closed_down_to_the_least() -> None:
    slots = slots_of(min_size=1, idle_timeout=10.0)
    slots.start(0.0)
    first = slots[1]
    slots.opened(first, 0.0)
    slots.ask("a", 0.0)
    second = used(slots, 0.0)
    slots.give_back(second, 1.0, good=True)
    slots.give_back(first, 2.0, good=True)

    assert slots.tick(slots.due) == []
    assert slots.due == 11.0
    assert slots.tick(10.9) == []
    assert slots.tick(11.0) == [Close(second, "idle")]
    assert slots.tick(1000.0) == []
    assert slots.due == inf


def test_with_no_idle_time_what_is_too_much_is_closed_as_it_comes_back() -> None:
    slots = slots_of(min_size=1, idle_timeout=0.0)
    slots.start(0.0)
    slots.opened(slots[1], 0.0)
    slots.ask("a", 0.0)
    over = used(slots)

    assert slots.give_back(over, 1.0, good=True) == [Close(over, "idle")]
    assert slots.give_back(slots[1], 1.0, good=True) == []


@pytest.mark.parametrize(("age", "why"), [(9.9, None), (10.0, "lifetime")])
def test_what_is_old_is_closed_as_it_comes_back(age: float, why: str | None) -> None:
    slots = slots_of(max_lifetime=10.0)
    slot = used(slots)

    steps = slots.give_back(slot, age, good=True)

    assert [step.why for step in steps if isinstance(step, Close)] == [why] * bool(why)


def test_what_grows_old_unused_is_closed_and_replaced() -> None:
    slots = slots_of(min_size=1, max_lifetime=10.0)
    (step,) = slots.start(0.0)
    assert isinstance(step, Open)
    slots.opened(step.slot, 1.0)
    assert slots.due == 11.0

    closing, opening = slots.tick(11.0)

    assert closing == Close(step.slot, "lifetime")
    assert isinstance(opening, Open)


@pytest.mark.parametrize("checked", [False, True])
def test_what_is_old_is_never_handed_out(checked: bool) -> None:
    slots = slots_of(max_lifetime=10.0, checked=checked, check_after=0.0)
    slot = opened(slots)

    closing, opening = slots.ask("a", 10.0)

    assert closing == Close(slot, "lifetime")
    assert isinstance(opening, Open)


def test_after_a_clearing_nothing_is_handed_out_that_was_there() -> None:
    slots = slots_of(max_size=3)
    idle, busy = used(slots), used(slots)
    slots.give_back(idle, 0.0, good=True)
    slots.ask("idle again", 0.0)
    slots.give_back(idle, 0.0, good=True)

    assert slots.clear(1.0) == [Close(idle, "cleared")]
    assert slots.give_back(busy, 2.0, good=True) == [Close(busy, "cleared")]


def test_what_is_opened_during_a_clearing_is_not_handed_out_either() -> None:
    slots = slots_of(max_size=3)
    (step,) = slots.ask("a", 0.0)
    assert isinstance(step, Open)
    slots.clear(0.0)

    closing, opening = slots.opened(step.slot, 1.0)

    assert closing == Close(step.slot, "cleared")
    assert isinstance(opening, Open)


def test_a_resource_that_is_lost_while_it_comes_is_made_up_for() -> None:
    slots = slots_of(max_size=2)
    (step,) = slots.ask("a", 0.0)
    assert isinstance(step, Open)

    closing, opening = slots.lost(step.slot, 1.0)

    assert closing == Close(step.slot, "lost")
    assert isinstance(opening, Open)


def test_a_resource_that_is_lost_while_it_is_checked_is_made_up_for() -> None:
    slots = slots_of(checked=True, max_size=2)
    slot = opened(slots)
    slots.ask("a", 100.0)

    closing, opening = slots.lost(slot, 101.0)

    assert closing == Close(slot, "lost")
    assert isinstance(opening, Open)
    assert slots.ask("b", 101.0) == []
    assert isinstance(slots.closed(slot, 102.0)[0], Open)


def test_at_the_end_everything_is_closed_once() -> None:
    slots = slots_of(max_size=2)
    first, second = used(slots), used(slots)
    slots.give_back(first, 0.0, good=False)
    assert slots.ask("waits", 0.0) == []

    assert slots.stop() == [Close(second, "stopped")]
    assert slots.due == inf
    assert slots.waiters == ()
