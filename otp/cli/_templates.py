"""The files of a new program. ``PROJECT`` and ``PACKAGE`` stand for its names."""

from __future__ import annotations

from typing import Final

_PYPROJECT: Final = """\
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "PROJECT"
version = "0.1.0"
description = "A program of supervised processes"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["otp"]

[project.optional-dependencies]
test = ["otp[testing]"]

[tool.setuptools]
packages = ["PACKAGE"]

[tool.pytest.ini_options]
testpaths = ["tests"]
pythonpath = ["."]
trio_mode = true
"""

_README: Final = """\
# PROJECT

A counter that counts the seconds, in a server under a supervisor.

    otp run PACKAGE

Ctrl-C stops it in order. The tests are run by

    python -m pytest

| file | what is in it |
|---|---|
| `PACKAGE/app.py` | the application: its supervisor and its settings |
| `PACKAGE/counter.py` | the server |
| `tests/test_counter.py` | what the server does, and that it comes back after a crash |
"""

_INIT: Final = '''\
"""A counter that counts the seconds."""

from .app import App as App
'''

_APP: Final = '''\
"""The application: what is started, and in which order."""

import otp

from .counter import COUNTER, Counter


class Root(otp.Supervisor):
    """Starts the children in this order, and restarts one that crashed."""

    def children(self) -> otp.SupervisorSpec:
        return otp.one_for_one(otp.child_spec(Counter).named(COUNTER))


class App(otp.Application):
    """The program: run it with ``otp run PACKAGE``."""

    name = "PACKAGE"
    description = "a counter that counts the seconds"
    version = "0.1.0"
    env = {"interval": 1.0}

    def start(self) -> otp.ChildSpec[otp.Supervisor]:
        return otp.child_spec(Root)
'''

_COUNTER: Final = '''\
"""A server: a process with a state, which answers requests one at a time."""

from loguru import logger

import otp
from otp import application, process, timer

COUNTER = otp.Name["Counter"]("PACKAGE.counter")

TICK = "tick"


class Counter(otp.GenServer):
    """Counts up by itself, and on request."""

    def __init__(self) -> None:
        self.value = 0

    async def init(self) -> None:
        interval = application.get_own_env("interval")
        if isinstance(interval, float):
            timer.send_interval(interval, process.self(), TICK)

    @otp.call
    async def incr(self, by: int = 1) -> int:
        """Add to the counter and return its new value."""
        self.value += by
        return self.value

    @otp.call
    async def get(self) -> int:
        """Return the value of the counter."""
        return self.value

    @otp.cast
    async def reset(self) -> None:
        """Begin again at 0."""
        self.value = 0

    async def handle_info(self, message: object) -> None:
        if message == TICK:
            self.value += 1
            logger.info("the counter is at {}", self.value)
'''

_TEST: Final = '''\
"""What the counter does, and that it comes back after a crash."""

import trio

import otp
from otp import application, process
from otp.testing import crash, wait_until_idle
from PACKAGE import App
from PACKAGE.counter import COUNTER, Counter


async def test_the_counter_counts(otp_node: otp.Node) -> None:
    await application.start(App)

    assert await Counter.incr(COUNTER) == 1
    assert await Counter.incr(COUNTER, by=5) == 6
    Counter.reset(COUNTER)
    assert await Counter.get(COUNTER) == 0


async def test_the_counter_counts_the_seconds(otp_node: otp.Node) -> None:
    await application.start(App)
    # By the clock of that node 2.5 seconds take no time.
    await trio.sleep(2.5)

    assert await Counter.get(COUNTER) == 2


async def test_the_counter_comes_back_after_a_crash(otp_node: otp.Node) -> None:
    await application.start(App)
    before = process.whereis(COUNTER)
    assert before is not None

    crash(COUNTER)
    await wait_until_idle()

    assert process.whereis(COUNTER) not in (before, None)
    assert await Counter.get(COUNTER) == 0
'''

FILES: Final = {
    "pyproject.toml": _PYPROJECT,
    "README.md": _README,
    "PACKAGE/__init__.py": _INIT,
    "PACKAGE/app.py": _APP,
    "PACKAGE/counter.py": _COUNTER,
    "tests/test_counter.py": _TEST,
}
