"""The debug options of one process, and what they have seen.

Nothing here knows what kind of process it is. A process without debug options has no
`Debug` at all, so that they cost nothing as long as nobody uses them.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol, final

import attrs
import trio

from ..kernel import Exit, InvalidSpecError, emit
from ._event import Event, line_of
from ._options import Count, Install, Log, LogToFile, Trace
from ._reports import DebugReport

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..proc_lib import Ack, DebugOption


@final
@attrs.frozen
class Statistics:
    """What a process did since *start_time*, in seconds of the run's clock."""

    start_time: float
    current_time: float
    messages_in: int
    messages_out: int


class Done:
    """What an installed function returns to be taken out."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "DONE"


DONE: Final = Done()


class _Watcher(Protocol):
    """One option at work."""

    @property
    def option(self) -> DebugOption: ...

    def see(self, who: object, event: Event, state: object) -> object:
        """Look at *event*; `DONE` to be taken out."""
        ...


@final
class Debug:
    """The debug options of one process, and what they have seen.

    Behaviours call `handle` for everything that their process does.
    """

    __slots__ = ("_watchers",)

    def __init__(self, options: Iterable[DebugOption] = ()) -> None:
        self._watchers: dict[object, _Watcher] = {}
        for option in options:
            self.set(option)

    @property
    def idle(self) -> bool:
        """Whether no option is set, so that this object can be thrown away."""
        return not self._watchers

    @property
    def options(self) -> tuple[DebugOption, ...]:
        """The options that are set, in the order in which that was done."""
        return tuple(watcher.option for watcher in self._watchers.values())

    @property
    def log(self) -> tuple[Event, ...]:
        """The events that were kept, oldest first."""
        keeper = self._watchers.get(Log)
        return tuple(keeper.events) if isinstance(keeper, _Keeper) else ()

    @property
    def statistics(self) -> Statistics | None:
        """What was counted; None if nothing is."""
        counter = self._watchers.get(Count)
        return counter.result() if isinstance(counter, _Counter) else None

    def set(self, option: DebugOption) -> None:
        """Set *option*, in the place of one of its kind, or of its key.

        A log keeps what it has kept.
        """
        match option:
            case Trace():
                self._watchers[Trace] = _Tracer(option)
            case Log():
                self._watchers[Log] = _Keeper(option, self.log)
            case LogToFile():
                self._watchers[LogToFile] = _Writer(option)
            case Count():
                self._watchers[Count] = _Counter(option)
            case Install():
                self._watchers[Install, option.key] = _Installed(option)
            case _:
                text = f"there is no such debug option: {option!r}"
                raise InvalidSpecError("invalid_debug", option, text)

    def drop(self, kind: type[DebugOption], key: object = None) -> None:
        """Take out the option of a class; of `Install`, the function under *key*."""
        self._watchers.pop((kind, key) if kind is Install else kind, None)

    def clear(self) -> None:
        """Take out every option."""
        self._watchers.clear()

    def handle(self, who: object, event: Event, process_state: object) -> None:
        """Let every option see *event*. Never raises: an option that does is out."""
        for key, watcher in list(self._watchers.items()):
            try:
                done = watcher.see(who, event, process_state) is DONE
            except (Exception, Exit) as error:  # noqa: BLE001 - not the process's
                done = True
                emit(DebugReport(who, watcher.option, error))
            if done:
                self._watchers.pop(key, None)


def start_debug(ack: Ack | None) -> Debug | None:
    """Return what the starter of the process wants to be debugged, None if nothing."""
    return Debug(ack.debug) if ack is not None and ack.debug else None


def handle_debug(
    debug: Debug | None, who: object, event: Event, process_state: object
) -> Debug | None:
    """Let every option see *event*; return None when none of them is left."""
    if debug is not None:
        debug.handle(who, event, process_state)
        if debug.idle:
            return None
    return debug


# ------------------------------------------------------------------ options at work


@final
@attrs.define
class _Tracer:
    option: Trace

    def see(self, who: object, event: Event, state: object) -> None:
        del state
        self.option.write(line_of(who, event))


@final
class _Keeper:
    __slots__ = ("events", "option")

    def __init__(self, option: Log, kept: Iterable[Event]) -> None:
        self.option = option
        self.events = deque(kept, maxlen=option.size)

    def see(self, who: object, event: Event, state: object) -> None:
        del who, state
        self.events.append(event)


@final
@attrs.define
class _Writer:
    option: LogToFile

    def see(self, who: object, event: Event, state: object) -> None:
        del state
        now = datetime.now().astimezone().isoformat(" ", "milliseconds")
        append(self.option, f"{now} {line_of(who, event)}\n")


def append(option: LogToFile, text: str) -> None:
    """Append *text* to the file of *option*, which comes to be if it is not there."""
    with option.path.open("a", encoding="utf-8") as file:
        file.write(text)


@final
class _Counter:
    __slots__ = ("messages_in", "messages_out", "option", "since")

    def __init__(self, option: Count) -> None:
        self.option = option
        self.since = trio.current_time()
        self.messages_in = self.messages_out = 0

    def see(self, who: object, event: Event, state: object) -> None:
        del who, state
        self.messages_in += event.kind == "in"
        self.messages_out += event.kind == "out"

    def result(self) -> Statistics:
        now = trio.current_time()
        return Statistics(self.since, now, self.messages_in, self.messages_out)


@final
class _Installed:
    __slots__ = ("option", "state")

    def __init__(self, option: Install) -> None:
        self.option = option
        self.state = option.state

    def see(self, who: object, event: Event, state: object) -> object:
        del who
        self.state = self.option.fn(self.state, event, state)
        return self.state
