"""A client that goes on while the server that it asks fails, hangs, dies and is back.

Run it with ``python examples/resilient_client.py``; ``--seconds 30`` shows more of it.
The server, `flaky_server.py`, is a program of its own, behind a real socket. Its
keeper stands in a tree::

    Top              one_for_one
    └── server       crashes when the program ends, and is started again with a pause

In the middle the server is killed. On a terminal the client draws what happens, a
column for each call; elsewhere it writes a line for each event.
"""

from __future__ import annotations

import socket
import sys
from argparse import ArgumentParser
from collections import Counter, deque
from functools import partial
from itertools import count
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, TextIO

import attrs
import trio

import otp
from otp import supervisor
from otp.circuit_breaker import BreakerEvent, StateChanged
from otp.pipeline import Degraded, Fallback, FallbackEvent, Timeout
from otp.rate_limiter import Gcra
from otp.retry import RetryEvent, Retrying

if TYPE_CHECKING:
    from collections.abc import Callable

    from otp.circuit_breaker import State

HOST = "127.0.0.1"
SERVER = Path(__file__).with_name("flaky_server.py")

# ------------------------------------------------------------------------ the protocol


class ServerFailedError(otp.OTPError):
    """The server has answered that it cannot answer."""

    recovery: ClassVar[otp.Recovery] = "retry"


async def fetch(port: int, path: str) -> str:
    """Return what the server says about *path*."""
    async with await trio.open_tcp_stream(HOST, port) as stream:
        return await ask(stream, path)


async def ask(stream: trio.abc.Stream, path: str) -> str:
    """Send one request, and return the body of the answer."""
    head = f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n"
    await stream.send_all(head.encode())
    answer = b""
    while more := await stream.receive_some():
        answer += more
    first, _, body = answer.decode().partition("\r\n\r\n")
    status = first.split(" ", 2)[1:2]
    if status != ["200"]:
        # Nothing at all is what is left when the server dies in the middle.
        raise ServerFailedError(f"the server said {first.partition(chr(13))[0]!r}")
    return body


# ------------------------------------------------------------------------ the pipeline


class Client:
    """Asks for the news through a pipeline, and tells what happens."""

    def __init__(self, port: int, board: Board) -> None:
        self.port = port
        self.board = board
        self.breaker = otp.CircuitBreaker(
            otp.BreakerSpec(
                consecutive_failures=4,
                open_for=otp.Backoff(0.4, factor=1.5, maximum=2.0),
                half_open_calls=2,
            ),
            name="news",
            listeners=[self.hear_breaker],
        )
        self.limiter = otp.RateLimiter(Gcra(20, burst=5))
        self.bulkhead = otp.Bulkhead(4)
        self.pipeline = otp.Pipeline(
            Fallback("nothing yet", last_good=True, listeners=[self.hear_fallback]),
            otp.Retry(3, backoff=otp.Backoff(0.05), listeners=[self.hear_retry]),
            self.breaker,
            self.limiter,
            Timeout(0.25),
            self.bulkhead,
        )
        self._outcome: Outcome = "fresh"

    def hear_breaker(self, event: BreakerEvent) -> None:
        if isinstance(event, StateChanged):
            self.board.tell(f"the circuit is {event.new.replace('_', '-')}")

    def hear_retry(self, event: RetryEvent) -> None:
        if isinstance(event, Retrying):
            self._outcome = "retried"

    def hear_fallback(self, event: FallbackEvent) -> None:
        if isinstance(event, Degraded):
            self._outcome = "old"

    async def call(self) -> None:
        """Ask once, and put down how it went."""
        begun, before = trio.current_time(), self.limiter.statistics().taken
        self._outcome = "fresh"
        await self.pipeline.call(fetch, self.port, "/news")
        seconds = trio.current_time() - begun
        requests = self.limiter.statistics().taken - before
        column = Column(self._outcome, seconds, requests, self.breaker.state)
        self.board.put(column)

    async def run(self, pause: float = 0.1) -> None:
        """Ask again and again."""
        while True:
            await self.call()
            await trio.sleep(pause)


# --------------------------------------------------------------------------- the board

Outcome = Literal["fresh", "retried", "old"]

SIGNS: dict[Outcome, str] = {"fresh": "+", "retried": "r", "old": "o"}
STATES: dict[State, str] = {"closed": "_", "half_open": "-", "open": "#"}
BARS = "▁▂▃▄▅▆▇█"
SLOW = 0.5


@attrs.frozen
class Column:
    """How one call went: its answer, its seconds, its requests, and the circuit."""

    outcome: Outcome
    seconds: float
    requests: int
    state: State


def bar(seconds: float) -> str:
    """Return a bar for so many seconds; half a second is as high as it gets."""
    share = min(1.0, seconds / SLOW)
    return BARS[round(share * (len(BARS) - 1))]


@attrs.define(eq=False)
class Board:
    """What has happened, as lines of text."""

    out: TextIO
    terminal: bool
    width: int = 60
    begun: float = 0.0
    columns: deque[Column] = attrs.field(init=False)
    events: deque[str] = attrs.field(init=False)
    counts: Counter[Outcome] = attrs.field(factory=Counter)
    _drawn: int = 0

    def __attrs_post_init__(self) -> None:
        self.columns = deque(maxlen=self.width)
        self.events = deque(maxlen=6)

    def put(self, column: Column) -> None:
        """Put down one call."""
        self.columns.append(column)
        self.counts[column.outcome] += 1

    def tell(self, text: str) -> None:
        """Put down an event; where nothing is drawn, it is written at once."""
        line = f"{trio.current_time() - self.begun:6.1f} s  {text}"
        self.events.append(line)
        if not self.terminal:
            print(line, file=self.out, flush=True)

    def totals(self) -> str:
        """Return how many answers there have been of each kind."""
        counts = (f"{self.counts[kind]} {kind}" for kind in SIGNS)
        return f"{self.counts.total()} answers: {', '.join(counts)}"

    def lines(self, limiter: otp.RateLimiter) -> list[str]:
        """Return the picture."""
        columns = list(self.columns)
        rate = limiter.statistics()
        states = "".join(STATES.get(column.state, "?") for column in columns)
        bars = "".join(bar(column.seconds) for column in columns)
        requests = "".join(str(min(9, column.requests)) for column in columns)
        signs = "".join(SIGNS[column.outcome] for column in columns)
        return [
            f"circuit  {states:<{self.width}}  _ closed, - half-open, # open",
            f"seconds  {bars:<{self.width}}  up to {SLOW:g}",
            f"requests {requests:<{self.width}}  for one call",
            f"answers  {signs:<{self.width}}  + fresh, r retried, o old",
            f"         {self.totals()}",
            f"         {rate.taken} requests, {rate.available} more at once",
            *self.events,
        ]

    def draw(self, limiter: otp.RateLimiter) -> None:
        """Draw the picture over the one before."""
        lines = self.lines(limiter)
        up = f"\x1b[{self._drawn}A" if self._drawn else ""
        text = "".join(f"{line}\x1b[K\n" for line in lines)
        print(up + text, end="", file=self.out, flush=True)
        self._drawn = len(lines)

    async def keep_drawing(self, limiter: otp.RateLimiter) -> None:
        """Draw ten times in a second, on a terminal."""
        while self.terminal:
            self.draw(limiter)
            await trio.sleep(0.1)


# ---------------------------------------------------------------------------- the tree


@attrs.define(eq=False)
class Program:
    """The server's program, as long as it runs."""

    port: int
    tell: Callable[[str], None]
    process: trio.Process | None = None
    starts: count[int] = attrs.field(factory=lambda: count(1))


async def keep_server(program: Program) -> None:
    """Run the server; crash when it ends."""
    command = [sys.executable, str(SERVER), str(program.port)]
    async with trio.open_nursery() as nursery:
        run = partial(trio.run_process, command, stderr=sys.stderr)
        program.process = await nursery.start(run)
        program.tell(f"the server is started, for the {ordinal(next(program.starts))}")


def ordinal(number: int) -> str:
    """Return the number of a time, as a word if there is one here."""
    words = ("first time", "second time", "third time")
    return words[number - 1] if number <= len(words) else f"{number}th time"


class Top(otp.Supervisor):
    """Starts the server again when it has died."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def children(self) -> otp.SupervisorSpec:
        server = otp.child_spec(otp.Task, keep_server, self.program)
        pauses = otp.Backoff(1.0)
        return otp.one_for_one(server.override(restart="permanent", backoff=pauses))


def free_port() -> int:
    """Return a port that nobody has at the moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


# --------------------------------------------------------------------------- the story


async def tell_story(client: Client, program: Program, seconds: float) -> None:
    """Let the client run, kill the server, and wait until all is well again."""
    tell, breaker = client.board.tell, client.breaker
    ready = otp.Retry(inf, backoff=otp.Backoff(0.05, maximum=0.2), max_elapsed=60.0)
    await ready.call(fetch, client.port, "/")
    tell("the server answers, and the client begins")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(client.run)
        nursery.start_soon(client.board.keep_drawing, client.limiter)
        await trio.sleep(seconds / 3)
        if program.process is not None:
            tell("the server is killed")
            program.process.kill()
        with trio.move_on_after(30):
            await breaker.wait_state("open")
            await breaker.wait_state("closed")
        await trio.sleep(seconds / 3)
        nursery.cancel_scope.cancel()
    tell(client.board.totals())


async def main(seconds: float, out: TextIO) -> None:
    """Start the tree, tell the story, and stop the tree."""
    board = Board(out, terminal=out.isatty(), begun=trio.current_time())
    program = Program(free_port(), board.tell)
    client = Client(program.port, board)
    async with otp.Node():
        top = await supervisor.start_link(Top, program)
        await tell_story(client, program, seconds)
        await supervisor.stop(top)
    if board.terminal:
        board.draw(client.limiter)


if __name__ == "__main__":
    parser = ArgumentParser(description="A client that survives its server.")
    parser.add_argument("--seconds", type=float, default=4.0)
    trio.run(main, parser.parse_args().seconds, sys.stdout)
