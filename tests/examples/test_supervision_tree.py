from __future__ import annotations

from typing import Final

import pytest

from tests.examples.programs import run

STORY: Final = """\
The tree is up:
  Web, Cache, Fetcher, Pool, worker 1, worker 2, worker 3
  the page of the sun is fetched
The fetcher crashes. It is restarted, and nobody else:
  crashed: the moon does not answer
  new:     Fetcher
  the same: Web Cache Pool worker 1 worker 2 worker 3
  the page of the sun is in the cache
The cache crashes. The fetcher, which needs it, is restarted with it:
  crashed: sea is empty
  new:     Cache Fetcher
  the same: Web Pool worker 1 worker 2 worker 3
  the page of the sun is fetched
A worker crashes. The others work on:
  crashed: division by zero
  new:     worker 2
  the same: Web Cache Fetcher Pool worker 1 worker 3
Another one does: too often for the pool, which ends, and is restarted:
  crashed: division by zero
  new:     Pool worker 1 worker 2 worker 3
  the same: Web Cache Fetcher
  1 / 4 is 0.25
The tree is stopped; left are: []
"""


@pytest.mark.slow
async def test_the_tree_tells_its_story() -> None:
    assert await run("examples/supervision_tree.py") == (0, STORY, "")
