"""The messages of the kernel are values."""

from __future__ import annotations

import attrs
import pytest

from otp import DeadLetter, Down, Exited, Name, Normal, Ref, Timeout, process

from .support import idle, on_node


@on_node
async def test_exited_can_be_matched_by_its_parts() -> None:
    pid = process.spawn(idle)

    match Exited(pid, Normal()):
        case Exited(who, Normal()):
            assert who is pid
        case _:
            pytest.fail("does not match")


def test_down_has_no_tag_unless_one_is_given() -> None:
    ref = Ref()

    assert Down(ref, Name("x"), Normal()).tag is None
    assert Down(ref, Name("x"), Normal()) == Down(ref, Name("x"), Normal(), None)
    assert Down(ref, Name("x"), Normal(), "t") != Down(ref, Name("x"), Normal())


def test_a_timeout_without_a_timer_is_that_of_an_idle_server() -> None:
    assert Timeout() == Timeout(None, None)
    assert Timeout(Ref()) != Timeout()


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (Down(Ref(), Name("x"), Normal()), "ref"),
        (Timeout(), "ref"),
        (DeadLetter(1, 2, "dead"), "to"),
    ],
)
def test_a_message_cannot_be_changed(message: object, field: str) -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(message, field, 1)
