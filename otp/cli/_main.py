"""The arguments of the command, and what is done for each."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast, get_args

from ..application import LogLevel, run
from ..kernel import InvalidSpecError
from ..reports import show
from ._errors import CommandError
from ._find import find_application
from ._new import create_project
from ._reload import Reloading
from ._version import version

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence
    from typing import TextIO

MISUSED: Final = 2

_TARGET = """\
a file or a module, with the name of an application in it if there are several:
shop.py, shop.py:Shop, company.shop, company.shop:Shop"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the *arguments* say, those of the command line by default.

    Returns:
        The exit status: 0 if all went well, 1 if an application failed, 2 if what was
        asked for cannot be done. Where the arguments themselves are wrong the program
        ends at once, with 2.
    """
    options = _parser().parse_args(arguments)
    try:
        match options.command:
            case "run":
                return _run(options)
            case _:
                return _new(options)
    except (CommandError, InvalidSpecError) as error:
        _say(f"otp: {error}", sys.stderr)
        return MISUSED


def _run(options: Namespace) -> int:
    # Before the program is imported, so that what it wants of loguru comes second.
    show(options.log_level)
    app = find_application(options.target)
    return run(
        Reloading(app) if options.reload else app,
        log_level=None,
        shutdown_timeout=options.shutdown_timeout,
        thread_limit=options.thread_limit,
    )


def _new(options: Namespace) -> int:
    project = create_project(options.name, Path.cwd())
    _say(
        f"made {project.folder.name}/; now:\n"
        f"  cd {project.folder.name}\n"
        f"  otp run {project.package}\n"
        f"  python -m pytest"
    )
    return 0


def _say(text: str, stream: TextIO | None = None) -> None:
    print(text, file=stream)


# ------------------------------------------------------------------------- arguments


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="otp", description="run a program of supervised processes, or begin one"
    )
    parser.add_argument("--version", action="version", version=f"otp {version()}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_run(commands.add_parser("run", help="run an application until it is to end"))
    new = commands.add_parser("new", help="write the beginning of a program")
    new.add_argument("name", help="the name of the program and of its new folder")
    return parser


def _add_run(parser: ArgumentParser) -> None:
    parser.description = (
        "Run an application and all that it needs. Ctrl-C or SIGTERM stop it in "
        "order, a second one at once. The exit status is 0 after that, 1 if an "
        "application failed, and 2 if the program could not begin."
    )
    parser.add_argument("target", metavar="FILE_OR_MODULE[:APP]", help=_TARGET)
    parser.add_argument(
        "--log-level",
        type=_log_level,
        default="INFO",
        metavar="LEVEL",
        help=f"{', '.join(get_args(LogLevel)).lower()}; info by default",
    )
    parser.add_argument(
        "--shutdown-timeout",
        type=_seconds,
        default=30.0,
        metavar="SECONDS",
        help="how long the end may take, or inf; 30 by default",
    )
    parser.add_argument(
        "--thread-limit",
        type=_threads,
        default=None,
        metavar="N",
        help="how many threads blocking work may use at a time; 40 by default",
    )
    parser.add_argument(
        "--reload",
        action="store_true",
        help="go on with new code whenever a file of the program is saved",
    )


def _log_level(text: str) -> LogLevel:
    level = text.upper()
    if level not in get_args(LogLevel):
        levels = ", ".join(get_args(LogLevel)).lower()
        raise ArgumentTypeError(f"{text!r} is none of {levels}")
    return cast("LogLevel", level)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -inf
    # Not "seconds < 0", as that would let NaN pass.
    if not seconds >= 0:
        raise ArgumentTypeError(f"{text!r} is no number of seconds")
    return seconds


def _threads(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is no whole number from 1")
    return int(text)
