from __future__ import annotations

from otp.testing._supervision._story import LAST, Story
from otp.testing._supervision._waits import BrokenLawError


def test_a_story_numbers_its_steps_and_says_what_is_wrong() -> None:
    story = Story("Shop")
    story.begin("kill cache")
    story.begin("restart child cache")
    story.note("RunningError")

    error = story.end(BrokenLawError("names", "it is free", "it is taken"))

    assert str(error) == (
        "Shop goes wrong\n"
        "\n"
        "  1. kill cache\n"
        "  2. restart child cache: RunningError\n"
        "\n"
        "a law is broken: a name is free, or held by the child whose name it is\n"
        "  expected: it is free\n"
        "  observed: it is taken"
    )


def test_a_story_of_an_error_has_its_name_and_text() -> None:
    story = Story("Shop")

    assert str(story.end(ValueError("no"))).endswith("\nValueError: no")
    assert str(story.end(AssertionError())).endswith("\nAssertionError")


def test_a_story_ends_with_the_events_of_its_last_step() -> None:
    story = Story("Shop")
    at_first = str(story.end(ValueError("no"), ["a", "b"]))
    story.begin("kill cache")

    text = str(story.end(ValueError("no"), map(str, range(LAST + 5))))

    assert at_first.endswith("what happened at the start:\n  a\n  b")
    assert "what happened in step 1:\n  ... 5 more\n  5\n" in text


def test_numbers_stand_below_each_other() -> None:
    story = Story("Shop")
    for n in range(10):
        story.begin(f"step {n}")

    assert story.steps()[0] == " 1. step 0"
    assert story.steps()[-1] == "10. step 9"


def test_what_was_before_everything_began_anew_is_not_told() -> None:
    story = Story("Shop")
    story.begin("crash a")
    story.begin("crash a")
    story.begin_anew("start the tree again")
    story.begin("kill b")

    assert story.steps() == [
        "... 2 steps, until the tree gives up",
        "3. start the tree again",
        "4. kill b",
    ]
