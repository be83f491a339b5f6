"""What otp.testing needs is no more than otp itself."""

from __future__ import annotations

import subprocess
import sys

CHECK = """
import sys
import otp
assert not any(name.startswith("otp.testing") for name in sys.modules)
import otp.testing
wanted = {"pytest", "_pytest", "hypothesis", "pytest_trio"}
assert not wanted & sys.modules.keys(), wanted & sys.modules.keys()
"""


def test_neither_pytest_nor_hypothesis_is_needed() -> None:
    subprocess.run([sys.executable, "-c", CHECK], check=True)
