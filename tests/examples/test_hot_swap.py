from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from examples import hot_swap
from tests.examples.programs import run

if TYPE_CHECKING:
    from trio.testing import MockClock

STORY: Final = """\
2000 calls: 2000 answered, 0 failed
10 swaps: the meter has migrated 10 times
the same process: True
the meter is at 2000
no call took longer than 0.1 s: True
"""


async def test_ten_swaps_under_load_lose_no_call_and_no_unit(
    autojump_clock: MockClock, capsys: pytest.CaptureFixture[str]
) -> None:
    del autojump_clock
    await hot_swap.main()

    assert capsys.readouterr().out == STORY


@pytest.mark.slow
async def test_the_program_ends_by_itself() -> None:
    status, output, errors = await run("examples/hot_swap.py")

    # How long a call takes is a matter of the machine.
    assert (status, output.splitlines()[:4], errors) == (0, STORY.splitlines()[:4], "")
