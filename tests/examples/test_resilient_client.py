from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import memory_stream_pair

from examples import resilient_client
from examples.flaky_server import FlakyServer, serve_one
from examples.resilient_client import (
    Board,
    Client,
    Column,
    ServerFailedError,
    ask,
    bar,
)
from tests.examples.programs import run

if TYPE_CHECKING:
    from trio.testing import MockClock


class Wire:
    """Stands in for the socket: a server that can be switched off."""

    def __init__(self) -> None:
        self.server = FlakyServer()
        self.on = True
        self.requests = 0

    async def fetch(self, port: int, path: str) -> str:
        del port
        self.requests += 1
        if not self.on:
            await trio.lowlevel.checkpoint()
            raise ConnectionRefusedError
        ours, theirs = memory_stream_pair()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve_one, self.server, theirs)
            try:
                return await ask(ours, path)
            finally:
                nursery.cancel_scope.cancel()


class Terminal(StringIO):
    """What is drawn on."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    wire = Wire()
    monkeypatch.setattr(resilient_client, "fetch", wire.fetch)
    return wire


# ---------------------------------------------------------------------- the protocol


async def test_the_server_answers_fails_and_hangs(autojump_clock: MockClock) -> None:
    del autojump_clock
    wire = Wire()
    seen: list[str] = []
    for _ in range(7):
        begun = trio.current_time()
        try:
            body = await wire.fetch(0, "/news")
        except ExceptionGroup as group:
            body = str(group.exceptions[0])
        seen.append(f"{trio.current_time() - begun:g} s: {body}")

    assert seen == [
        "0 s: news number 1",
        "0 s: news number 2",
        "0 s: news number 3",
        "0 s: news number 4",
        "0 s: the server said 'HTTP/1.1 503 Service Unavailable'",
        "0 s: news number 6",
        "5 s: news number 7",
    ]


async def test_a_server_that_dies_in_the_middle_has_failed() -> None:
    ours, theirs = memory_stream_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(theirs.aclose)
        with pytest.raises((ServerFailedError, trio.BrokenResourceError)):
            await ask(ours, "/news")


# ------------------------------------------------------------------------ the client


async def test_the_client_goes_on_while_the_server_is_gone(
    wire: Wire, autojump_clock: MockClock
) -> None:
    del autojump_clock
    board = Board(StringIO(), terminal=False)
    client = Client(1, board)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(client.run)
        await trio.sleep(2)
        wire.on = False
        await client.breaker.wait_state("open")
        asked = wire.requests
        await trio.sleep(0.3)
        # While it is open nobody asks.
        assert wire.requests == asked
        await trio.sleep(3)
        assert board.columns[-1].outcome == "old"
        wire.on = True
        await client.breaker.wait_state("closed")
        await trio.sleep(2)
        nursery.cancel_scope.cancel()

    outcomes = [column.outcome for column in board.columns]
    assert set(outcomes) == {"fresh", "retried", "old"}
    assert "old" not in outcomes[-5:]
    states = [line.split("s  ")[1] for line in board.events]
    assert states[-1] == "the circuit is closed"
    assert states[-2] == "the circuit is half-open"
    assert client.bulkhead.statistics().running == 0


async def test_before_there_was_an_answer_there_is_a_substitute(
    wire: Wire, autojump_clock: MockClock
) -> None:
    del autojump_clock
    wire.on = False
    board = Board(StringIO(), terminal=False)
    client = Client(1, board)
    await client.call()

    assert await client.pipeline.call(wire.fetch, 1, "/news") == "nothing yet"
    assert board.totals() == "1 answers: 0 fresh, 0 retried, 1 old"


# ------------------------------------------------------------------------- the board


def test_a_bar_is_as_high_as_a_call_is_long() -> None:
    assert [bar(seconds) for seconds in (0, 0.25, 0.5, 9)] == ["▁", "▅", "█", "█"]


async def test_the_board_shows_a_column_for_each_call(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    board = Board(StringIO(), terminal=False, width=5)
    client = Client(1, board)
    for column in (
        Column("fresh", 0.01, 1, "closed"),
        Column("retried", 0.3, 2, "closed"),
        Column("old", 0.5, 3, "open"),
        Column("old", 0.0, 0, "half_open"),
    ):
        board.put(column)
    await trio.sleep(1.5)
    board.tell("something happens")

    assert board.lines(client.limiter) == [
        "circuit  __#-   _ closed, - half-open, # open",
        "seconds  ▁▅█▁   up to 0.5",
        "requests 1230   for one call",
        "answers  +roo   + fresh, r retried, o old",
        "         4 answers: 1 fresh, 1 retried, 2 old",
        "         0 requests, 5 more at once",
        "   1.5 s  something happens",
    ]
    assert board.out.getvalue() == "   1.5 s  something happens\n"  # type: ignore[attr-defined]


async def test_on_a_terminal_a_picture_is_drawn_over_the_one_before(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    out = Terminal()
    board = Board(out, terminal=out.isatty(), width=5)
    client = Client(1, board)
    board.tell("not written by itself")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(board.keep_drawing, client.limiter)
        await trio.sleep(0.25)
        nursery.cancel_scope.cancel()

    pictures = out.getvalue().split("\x1b[7A")
    assert len(pictures) == 3
    assert len(set(pictures)) == 1
    assert pictures[0].endswith("not written by itself\x1b[K\n")


# ----------------------------------------------------------------------- the program


@pytest.mark.slow
async def test_the_client_survives_the_death_of_a_real_server() -> None:
    status, out, errors = await run("examples/resilient_client.py", "--seconds", "0.9")

    events = [line.split(" s  ")[1] for line in out.splitlines()]
    assert (status, errors) == (0, "")
    assert events[:2] == [
        "the server is started, for the first time",
        "the server answers, and the client begins",
    ]
    killed = events.index("the server is killed")
    after = events[killed + 1 :]
    assert "the circuit is open" in after
    assert "the server is started, for the second time" in after
    closed = "the circuit is closed"
    assert after.index(closed) > after.index("the circuit is half-open")
    assert "answers: " in events[-1]
    # Nothing was ever refused to who asked the client.
    assert not events[-1].endswith(" 0 old")
