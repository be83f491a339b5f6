"""Modules that are written by a test, imported, and changed while they run."""

from __future__ import annotations

import importlib
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import otp

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

COUNTER = """
import otp

class Counter(otp.GenServer):
    __version__ = 1

    def __init__(self, value=0):
        self.value = value

    @otp.call
    async def get(self):
        return f"old {self.value}"

    @otp.call
    async def incr(self):
        self.value += 1
        return self.value
"""

COUNTER2 = """
import otp

class Counter(otp.GenServer):
    __version__ = 2

    def __init__(self, value=0):
        self.value = value

    @otp.call
    async def get(self):
        return f"new {self.value}"

    @otp.call
    async def incr(self):
        self.value += 1
        return self.value

    async def code_change(self, old_version, extra):
        assert old_version == 1
        self.value += 100
"""


class Program:
    """A folder with modules; their names begin with that of the program."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, text: str) -> None:
        """Write a module, or write it once more."""
        file = self.folder.joinpath(*name.split(".")).with_suffix(".py")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text), encoding="utf-8")

    def load(self, name: str, text: str) -> Any:
        """Write a module and import it."""
        self.write(name, text)
        importlib.invalidate_caches()
        return importlib.import_module(name)


async def module_of(pid: otp.Pid[Any]) -> type[Any]:
    """Return the class that runs in a process."""
    return (await otp.sys.get_status(pid)).module


def contents(module: ModuleType) -> dict[str, object]:
    """Return what is in a module."""
    return dict(vars(module))
