from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
import trio
from trio._core import _run

from otp.testing import ExplorationError, explore
from otp.testing._exploration import _trio_hook
from tests.testing.exploration import toys

if TYPE_CHECKING:
    from trio.lowlevel import Task


@pytest.fixture(autouse=True)
def _untried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what was found about this Trio be forgotten meanwhile."""
    monkeypatch.setattr(_trio_hook, "_verdict", [])


class Oldest:
    """Lets the oldest go on."""

    def choose(self, ready: list[Task]) -> Task | None:
        return ready[0]


def test_this_trio_lets_its_schedule_be_chosen() -> None:
    assert _trio_hook.find_problem() is None


def test_a_trio_without_the_names_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(_run, "_r")

    with pytest.raises(ExplorationError, match=r"Trio .* there is no _r"):
        explore(toys.correct)


def test_a_trio_that_shuffles_otherwise_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_trio_hook._Hook, "shuffle", lambda *_: None)

    with pytest.raises(ExplorationError, match="were to go on as 'aaabbb' did so as"):
        explore(toys.correct)


def test_a_trio_that_fails_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_run, "GLOBAL_RUN_CONTEXT", object())

    assert "has no attribute" in str(_trio_hook.find_problem())


def test_it_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _trio_hook.find_problem() is None

    monkeypatch.delattr(_run, "_r")

    assert _trio_hook.find_problem() is None


def test_afterwards_trio_is_as_it_was() -> None:
    before = _run._r, _run._ALLOW_DETERMINISTIC_SCHEDULING

    with pytest.raises(AssertionError):
        explore(toys.lost_update)

    assert (_run._r, _run._ALLOW_DETERMINISTIC_SCHEDULING) == before


async def test_a_run_in_another_thread_is_left_alone() -> None:
    seen: list[int] = []

    async def three_tasks() -> None:
        async def note(n: int) -> None:
            seen.append(n)

        async with trio.open_nursery() as nursery:
            for n in range(3):
                nursery.start_soon(note, n)

    class Nobody:
        def choose(self, ready: list[Task]) -> Task | None:
            raise AssertionError(ready)

    with _trio_hook.hooked(Nobody()):
        thread = threading.Thread(target=trio.run, args=(three_tasks,))
        thread.start()
        thread.join()

    assert sorted(seen) == [0, 1, 2]


async def test_one_task_makes_one_step_at_a_time() -> None:
    seen: list[str] = []

    async def go(name: str) -> None:
        for _ in range(3):
            seen.append(name)
            await trio.lowlevel.checkpoint()

    with _trio_hook.hooked(Oldest()):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(go, "a")
            nursery.start_soon(go, "b")

    assert "".join(seen) == "aaabbb"
