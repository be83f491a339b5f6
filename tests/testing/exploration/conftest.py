from __future__ import annotations

import pytest

from otp.testing import SETTINGS


@pytest.fixture(autouse=True)
def _as_each_test_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take no more runs than a test says: how many it takes is what is tested."""
    monkeypatch.setattr(SETTINGS, "runs", None)
    monkeypatch.setattr(SETTINGS, "schedule", None)
