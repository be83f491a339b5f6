"""The beginning of a program, written into a folder of its own."""

from __future__ import annotations

import re
import sys
from keyword import iskeyword
from typing import TYPE_CHECKING, Final, final

import attrs

from ._errors import CommandError
from ._templates import FILES

if TYPE_CHECKING:
    from pathlib import Path

_NAME: Final = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")

# What a package of that name would hide from the new program.
_TAKEN: Final = frozenset({"otp", "test", "tests", "trio", "loguru", "attrs", "pytest"})


@final
@attrs.frozen
class Project:
    """A program that was begun: its folder and its package."""

    folder: Path
    package: str


def create_project(name: str, parent: Path) -> Project:
    """Write a small program that runs, with a test that passes, into ``parent/name``.

    Raises:
        CommandError: the name will not do, or the folder is there and not empty.
    """
    package = package_name(name)
    folder = parent / name
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CommandError(f"{folder} is there already: choose another name")
    for path, text in FILES.items():
        file = folder / path.replace("PACKAGE", package)
        file.parent.mkdir(parents=True, exist_ok=True)
        content = text.replace("PROJECT", name).replace("PACKAGE", package)
        file.write_text(content, encoding="utf-8")
    return Project(folder, package)


def package_name(name: str) -> str:
    """Return what the package of a program called *name* is called.

    Raises:
        CommandError: it cannot be the name of a program.
    """
    package = name.replace("-", "_")
    if not _NAME.fullmatch(name) or iskeyword(package):
        raise CommandError(
            f"{name!r} cannot be the name of a program: use lower-case letters, "
            f"digits and single dashes, as in my-shop"
        )
    if package in _TAKEN or package in sys.stdlib_module_names:
        raise CommandError(f"{name!r} would hide the module {package}: choose another")
    return package
