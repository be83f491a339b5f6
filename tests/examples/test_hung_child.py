from __future__ import annotations

from typing import Final

import pytest
import trio
from trio.testing import MockClock

from examples.hung_child import main
from tests.examples.programs import run

STORY: Final = """\
The printer prints, and beats:
  page 1
  page 2
  a beat every 0.1 s, phi 0
A page that never comes to an end; whoever waits for it hears why:
  printer is suspected, at phi 13
  the printer ended: Reason(value='hung')
The supervisor has started another one, of which nothing is known yet:
  page 1
  so far it is insufficient_data
  and now it is steady
Suspicions: 1, of which mistakes: 0
"""


def test_the_hung_child_comes_back(capsys: pytest.CaptureFixture[str]) -> None:
    trio.run(main, clock=MockClock(autojump_threshold=0))

    assert capsys.readouterr().out == STORY


@pytest.mark.slow
async def test_it_does_so_by_a_real_clock() -> None:
    status, story, errors = await run("examples/hung_child.py")

    # How suspicious the silence is when it is noticed is a matter of moments.
    assert (status, errors) == (0, "")
    assert story.splitlines()[-1] == STORY.splitlines()[-1]
