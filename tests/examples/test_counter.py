from __future__ import annotations

from typing import Final

import pytest

from tests.examples.programs import run

STORY: Final = """\
A call waits for the answer: 11
It may have arguments: 16
A cast does not wait, but comes first: 0
An answer may be given later, when it is known: 3
Nobody has to wait for ever: <nonode.1> did not answer in 0.1 s
The counter itself has not noticed: 3
A crash is told to who has called: <nonode.1> ended during the call: \
Crash(error=ZeroDivisionError('division by zero'))
Nobody starts it again; that is for supervisors: there is no process <nonode.1>
"""


@pytest.mark.slow
async def test_the_counter_shows_what_a_server_can_do() -> None:
    assert await run("examples/counter.py") == (0, STORY, "")
