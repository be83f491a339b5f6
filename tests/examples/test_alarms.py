from __future__ import annotations

from typing import Final

import pytest

from tests.examples.programs import run

STORY: Final = """\
Alarms are set and cleared; the board keeps them:
  {'disk': '90 % full'}
A handler can be added while others are at work, also twice:
  the blue lamp is on
  the red lamp is on
  Lamp 'hall', Lamp, Board
It can be exchanged, and the next one knows what it knew:
  the red lamp goes: Swapped
  the yellow lamp is off
  the blue lamp is off
A handler that fails is taken out; the others go on, and its owner hears it:
  the yellow lamp is on
  the blue lamp is on
  Board failed: KeyError('no such alarm')
The guard is back, and with it an empty board:
  {}
  {'door': 'open'}
When the manager stops, so do its handlers, the newest first:
  the yellow lamp goes: ManagerStopped
  the blue lamp goes: ManagerStopped
"""


@pytest.mark.slow
async def test_the_alarms_tell_their_story() -> None:
    assert await run("examples/alarms.py") == (0, STORY, "")
