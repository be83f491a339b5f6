from __future__ import annotations

from hypothesis import given, strategies as st

from otp.application._env import Environments, compare

ENVS = st.dictionaries(st.sampled_from("abcd"), st.integers(0, 2))


@given(ENVS, ENVS)
def test_a_comparison_leads_from_one_to_the_other(
    before: dict[str, object], after: dict[str, object]
) -> None:
    changes = compare(before, after)

    made = {**before, **changes.changed, **changes.new}
    for key in changes.removed:
        del made[key]
    assert made == after
    assert bool(changes) == (before != after)
    assert changes.changed.keys() <= before.keys()
    assert not changes.new.keys() & before.keys()


def test_the_configuration_wins_over_the_application_and_that_over_what_was_set() -> (
    None
):
    env = Environments()
    env.set("a", "left", 0, persistent=False)
    env.set("a", "own", 0, persistent=False)
    env.set("a", "kept", 0, persistent=True)
    env.configure({"a": {"file": 2}})

    env.load("a", {"own": 1, "kept": 1, "file": 1})

    assert env.all("a") == {"left": 0, "own": 1, "kept": 0, "file": 2}


def test_what_is_set_after_the_loading_counts_at_once() -> None:
    env = Environments()
    env.configure({"a": {"k": 1}})
    env.load("a", {"k": 0})

    env.set("a", "k", 2, persistent=False)

    assert env.get("a", "k", None) == 2


def test_unloading_forgets_all_but_the_configuration() -> None:
    env = Environments()
    env.load("a", {"k": 0})
    env.set("a", "k", 1, persistent=False)
    env.set("a", "m", 2, persistent=True)

    env.unload("a")

    assert env.all("a") == {}
    env.load("a", {"k": 0})
    assert env.all("a") == {"k": 0, "m": 2}


def test_a_persistent_value_is_forgotten_only_persistently() -> None:
    env = Environments()
    env.set("a", "k", 1, persistent=True)

    env.unset("a", "k", persistent=False)
    assert env.get("a", "k", None) is None
    env.load("a", {})
    assert env.get("a", "k", None) == 1

    env.unset("a", "k", persistent=True)
    env.load("a", {})
    assert env.get("a", "k", None) is None


def test_what_is_not_there_can_be_unset_and_asked_for() -> None:
    env = Environments()

    env.unset("a", "k", persistent=True)

    assert env.get("a", "k", "none") == "none"
    assert env.all("a") == {}


def test_a_copy_is_given_away() -> None:
    env = Environments()
    env.set("a", "k", 1, persistent=False)

    env.all("a")["k"] = 2

    assert env.get("a", "k", None) == 1


def test_replacing_says_what_is_different() -> None:
    env = Environments()
    env.load("a", {"same": 1, "old": 1, "gone": 1})
    wanted = {"same": 1, "old": 2, "new": 3}

    changes = env.replace("a", wanted)
    wanted.clear()

    assert env.all("a") == {"same": 1, "old": 2, "new": 3}
    assert (changes.changed, changes.new, changes.removed) == (
        {"old": 2},
        {"new": 3},
        ["gone"],
    )
    assert env.replace("b", {"k": 1}).new == {"k": 1}
