from __future__ import annotations

from typing import Final

import pytest

from tests.examples.programs import run

STORY: Final = """\
The shop:
ShopMachine goes wrong

  1. exit prices Normal()

a law is broken: no process outlives those that it belongs to
  expected: what prices has started has ended with it, or belongs to the tree
  observed: refresh <nonode.3> lives, is linked with nobody there, and was started by \
prices, which is dead

what happened in step 1:
  prices ends: normal
  refresh <nonode.3> hears by its link to prices: normal
  the top starts prices
  prices starts refresh <nonode.6>
  refresh <nonode.6> is up
  prices is up

The better shop:
nothing goes wrong
"""


@pytest.mark.slow
@pytest.mark.parametrize("scheduler", ["step", "trio"])
async def test_the_machine_finds_what_outlives_the_prices(scheduler: str) -> None:
    found = await run("examples/property_test.py", OTP_SCHEDULER=scheduler)

    assert found == (0, STORY, "")
