"""How the tests run an example as a program of its own."""

from __future__ import annotations

import os
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from subprocess import PIPE
from typing import TYPE_CHECKING, Any, Final

import trio

import otp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

ROOT: Final = Path(__file__).parents[2]

# Nothing in these tests waits for time: this is only a net.
LIMIT: Final = 60.0

# The two ways to start a program.
PYTHON: Final = ()
OTP_RUN: Final = ("-m", "otp", "run")


def options(env: Mapping[str, str]) -> dict[str, Any]:
    """Return options for a process that finds the package wherever it is."""
    path = str(Path(otp.__file__).parents[1])
    return {"cwd": ROOT, "env": {**os.environ, "PYTHONPATH": path, **env}}


async def run(*arguments: str, **env: str) -> tuple[int, str, str]:
    """Run a program to its end; return its exit status, output and errors."""
    command = [sys.executable, "-W", "error", *arguments]
    with trio.fail_after(LIMIT):
        done = await trio.run_process(
            command,
            capture_stdout=True,
            capture_stderr=True,
            check=False,
            **options(env),
        )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@asynccontextmanager
async def running(
    *arguments: str, errors: Path, **env: str
) -> AsyncIterator[tuple[trio.Process, str]]:
    """Run a program; yield it with the first line that it says."""
    command = [sys.executable, "-W", "error", *arguments]
    with trio.fail_after(LIMIT), errors.open("wb") as file:
        program = await trio.lowlevel.open_process(
            command, stdout=PIPE, stderr=file, **options(env)
        )
        assert program.stdout is not None
        try:
            said = b""
            while not said.endswith(b"\n"):
                said += await program.stdout.receive_some() or b"\n"
            yield program, said.decode()
        finally:
            program.kill()
            await program.wait()
            await program.stdout.aclose()
