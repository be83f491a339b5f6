"""What otp.testing needs is no more than otp itself."""

from __future__ import annotations

import subprocess
import sys

import pytest

# trio.testing looks for pytest, and does without.
CHECK = """
import sys
for name in ("pytest", "_pytest", "pytest_trio", "hypothesis"):
    sys.modules[name] = None
import otp
assert not any(name.startswith("otp.testing") for name in sys.modules)
import otp.testing
"""


@pytest.mark.slow
def test_neither_pytest_nor_hypothesis_is_needed() -> None:
    subprocess.run([sys.executable, "-c", CHECK], check=True)
