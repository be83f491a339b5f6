"""What the tests of conformance have in common."""

from __future__ import annotations

from contextlib import suppress

import pytest
from loguru import logger


@pytest.fixture(scope="package", autouse=True)
def _no_reports_on_stderr() -> None:
    # Thousands of crashes are on purpose, and nobody reads of them.
    with suppress(ValueError):
        logger.remove(0)
