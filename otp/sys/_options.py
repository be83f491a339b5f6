"""The debug options, as values: what is said of them at a start or while it runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, final

import attrs

from ..kernel import InvalidSpecError
from ..proc_lib import DebugOption
from ._event import Event

if TYPE_CHECKING:
    from os import PathLike

LOG_SIZE: Final = 10
"""How many events are kept if nothing else is said."""

Hook = Callable[[Any, Event, Any], object]
"""An installed function: its state, the event and the state of the process."""


def print_line(line: str) -> None:
    """Print *line* at once."""
    print(line, flush=True)  # noqa: T201 - that is what tracing is for


def _check_callable(option: object, _: object, value: Callable[..., object]) -> None:
    if not callable(value):
        kind = type(option).__name__
        text = f"sys.{kind}() takes a function, not {value!r}"
        raise InvalidSpecError("invalid_function", value, text)


def _check_size(_: object, __: object, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        text = f"a log keeps one event or more, not {value!r}"
        raise InvalidSpecError("invalid_size", value, text)


def _as_path(value: str | PathLike[str]) -> Path:
    try:
        return Path(value)
    except TypeError:
        text = f"the path of a file is a string or a Path, not {value!r}"
        raise InvalidSpecError("invalid_path", value, text) from None


def _check_key(_: object, __: object, value: object) -> None:
    try:
        hash(value)
    except TypeError:
        text = f"the key of a function is something hashable, not {value!r}"
        raise InvalidSpecError("invalid_key", value, text) from None


@final
@attrs.frozen
class Trace(DebugOption):
    """Hand a line for each event to *write*, which prints it if nothing else is said.

    Raises:
        InvalidSpecError: *write* cannot be called.
    """

    write: Callable[[str], object] = attrs.field(
        default=print_line, validator=_check_callable
    )


@final
@attrs.frozen
class Log(DebugOption):
    """Keep the last *size* events for `get_log`, `print_log` and crash reports.

    Raises:
        InvalidSpecError: *size* is not a positive whole number.
    """

    size: int = attrs.field(default=LOG_SIZE, validator=_check_size)


@final
@attrs.frozen
class LogToFile(DebugOption):
    """Append a line for each event, with date and time, to the file *path*.

    The file is opened for each line, so that nothing is left open however the
    process ends, and several processes may share one.

    Raises:
        InvalidSpecError: *path* is no path.
    """

    path: Path = attrs.field(converter=_as_path)


@final
@attrs.frozen
class Count(DebugOption):
    """Count messages for `get_statistics`."""


def _own_function(option: Install) -> object:
    return option.fn


@final
@attrs.frozen
class Install(DebugOption):
    """Call ``fn(state, event, process_state)`` at each event: see `install`.

    Raises:
        InvalidSpecError: *fn* cannot be called, or *key* is not hashable.
    """

    fn: Hook = attrs.field(validator=_check_callable)
    state: object = None
    #: What `remove` knows it by; *fn* itself if nothing is said.
    key: object = attrs.field(
        default=attrs.Factory(_own_function, takes_self=True), validator=_check_key
    )
