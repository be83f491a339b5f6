"""The command ``otp`` in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

ROOT = Path(__file__).parent.parent.parent

# Far more than anything here takes; for a machine that is very busy.
PATIENCE = 120.0


def environment() -> dict[str, str]:
    """Return the environment in which the command finds the package under test."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


def run_python(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run Python with *arguments* until it ends."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def run_otp(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command until it ends."""
    return run_python("-m", "otp", *arguments, cwd=cwd)


class RunningCommand:
    """The command while it runs; it is killed when its block is left."""

    def __init__(self, *arguments: str, cwd: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "otp", *arguments],
            cwd=cwd,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self._watchdog = threading.Timer(PATIENCE, self.process.kill)

    def __enter__(self) -> Self:
        self._watchdog.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._watchdog.cancel()
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()

    def await_line(self, text: str) -> None:
        """Read what the command says until a line with *text* in it."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if text in line:
                return
        raise AssertionError(f"no line with {text!r} in {self.lines}")

    def signal(self, number: int) -> None:
        """Send a signal to the command."""
        self.process.send_signal(number)

    def await_end(self) -> int:
        """Read the rest of what the command says, and return its exit status."""
        assert self.process.stdout is not None
        self.lines += self.process.stdout
        return self.process.wait(PATIENCE)
