"""Every piece of Python in the documents does what stands there."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from loguru import logger

from tests.docs.snippets import read_snippets, run_pages

if TYPE_CHECKING:
    from collections.abc import Generator

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"

# Threads and sockets take real time, and a clock that jumps does not wait for them.
REAL_CLOCK = {"how-to/blocking-work.md", "how-to/share-connections.md"}

TUTORIAL = sorted(DOCS.glob("tutorial/[0-9]*.md"))
PAGES = {
    str(page.relative_to(DOCS)): page
    for folder in ("how-to", "reference", "explanation")
    for page in sorted(DOCS.glob(f"{folder}/*.md"))
    if read_snippets(page.read_text(encoding="utf-8"))
}


@pytest.fixture(autouse=True)
def restored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """Leave the log as it was, and files where nobody finds them."""
    monkeypatch.chdir(tmp_path)
    yield
    logger.disable("otp")
    logger.remove()
    logger.add(sys.stderr)


@pytest.mark.skipif(not DOCS.exists(), reason="there are no documents here")
def test_the_readme_does_what_it_says() -> None:
    run_pages([ROOT / "README.md"])


@pytest.mark.skipif(not TUTORIAL, reason="there are no documents here")
def test_the_tutorial_works_from_its_first_page_to_its_last() -> None:
    run_pages(TUTORIAL)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_does_what_it_says(page: str) -> None:
    run_pages([PAGES[page]], clock="real" if page in REAL_CLOCK else "mock")
