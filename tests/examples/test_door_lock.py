from __future__ import annotations

from typing import Final

import pytest

from tests.examples.programs import run

STORY: Final = """\
The door begins in its first state:
  the door is locked
With a wrong code it stays where it is:
  wrong code
  the door is locked
Half of a code is forgotten after a while:
  nobody goes on
  the door is locked
Who comes early waits, because the call is postponed:
  the door is open
  a visitor is through
It is locked again after its time:
  the door is locked
  it was opened 1 time
"""


@pytest.mark.slow
async def test_the_door_lock_tells_its_story() -> None:
    assert await run("examples/door_lock.py") == (0, STORY, "")
