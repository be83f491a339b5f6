"""What all tests have in common."""

from __future__ import annotations

import os

from hypothesis import settings

# Where otp is installed pytest finds it by itself, and this does no harm.
pytest_plugins = ["otp.testing.plugin"]

# The same examples every time, and no clock: a test that fails now fails again.
settings.register_profile(
    "repeatable", derandomize=True, deadline=None, database=None, print_blob=True
)
# New examples every time, for looking further: HYPOTHESIS_PROFILE=explore.
settings.register_profile(
    "explore", deadline=None, max_examples=2000, stateful_step_count=100
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))
