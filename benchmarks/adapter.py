"""What the workloads need of a framework on Trio.

Each framework fills in what it has; a workload that needs what is missing is not
measured for it. What a framework hands out is opaque here: *server* is whatever leads
to a server, *pid* whatever leads to a plain process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")


class LacksError(Exception):
    """This framework has nothing of the kind; the message says what."""


class Names(Protocol):
    """Processes by name."""

    def register(self, key: str, pid: Any, /) -> object: ...

    def unregister(self, key: str, /) -> object: ...

    def whereis(self, key: str, /) -> Any: ...

    def address(self, key: str, /) -> Any:
        """Return what a server of that name is called by."""
        ...


class Adapter:
    """A framework in the words of the workloads.

    The counter is an ordinary server with ordinary callbacks: a call adds its argument
    and answers with the new count, a cast adds, one more ends it, one more makes the
    callback raise. What may be a plain function or a coroutine function says so.
    """

    call: Callable[[Any, int], Awaitable[int]]
    # These may be either.
    cast: Callable[[Any, int], object]
    stop_nowait: Callable[[Any], object]
    crash_nowait: Callable[[Any], object]
    self_pid: Callable[[], object]
    send: Callable[[Any, object], object]
    recv: Callable[[], Awaitable[Any]]

    def run(self, main: Callable[[], Awaitable[T]]) -> T:
        """Run *main* with the framework up, and return its result."""
        raise NotImplementedError

    async def start_counter(
        self,
        on_init: Callable[[], object] | None = None,
        on_exit: Callable[[], object] | None = None,
        wait: bool = True,
    ) -> Any:
        """Start a counter; with *wait* until its init has returned."""
        raise NotImplementedError

    async def start_supervisor(
        self,
        siblings: int,
        on_sibling_init: Callable[[], object],
        on_worker_init: Callable[[Any], object],
    ) -> None:
        """Start so many counters under a supervisor, and the one that will crash."""
        lack("a supervisor")

    async def spawn(self, fn: Callable[..., Awaitable[object]], *args: object) -> Any:
        """Run ``fn(*args)`` as a process; return its pid at once."""
        raise NotImplementedError

    def receiver(self) -> Callable[[], Awaitable[Any]]:
        """Return what receives for the calling process, if there is a shorter way."""
        return self.recv

    async def run_task(
        self, fn: Callable[..., Awaitable[object]], *args: object
    ) -> object:
        """Run ``fn(*args)`` as a task, and return its result."""
        lack("tasks")

    async def recv_match(self, fits: Callable[[object], bool]) -> Any:
        """Receive the oldest message that fits; the others stay."""
        lack("selective receive")

    def send_after(self, seconds: float, pid: Any, message: object) -> Any:
        """Start a timer."""
        lack("timers")

    def cancel_timer(self, ref: Any) -> object:
        """Stop a timer."""
        lack("timers")

    def names(self) -> Names:
        """Return the names that the framework itself keeps."""
        lack("names")

    async def start_registry(self) -> Names:
        """Start a registry, and return it."""
        lack("a registry")

    def monitor(self, pid: Any) -> Any:
        """Watch a process."""
        lack("monitors")

    def demonitor(self, ref: Any) -> object:
        """Watch it no longer."""
        lack("monitors")

    def link(self, pid: Any) -> object:
        """Link the caller to a process."""
        lack("links")

    def unlink(self, pid: Any) -> object:
        """Take the link back."""
        lack("links")

    def read_reports(self, reader: Callable[[object], object]) -> object:
        """Give every report to *reader*, as a log would be given it."""
        lack("reports")


def lack(what: str) -> NoReturn:
    """Say that the framework has nothing of the kind."""
    raise LacksError(f"it has no {what.removeprefix('a ')}")
