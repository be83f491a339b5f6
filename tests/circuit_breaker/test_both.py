"""A breaker of the program and one that is a process do the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import trio
from hypothesis import given, settings, strategies as st

from otp import CircuitBreaker, CircuitOpenError, gen_statem
from otp.circuit_breaker import (
    BreakerEvent,
    BreakerServer,
    SharedBreaker,
    StateChanged,
    shared,
)
from tests.circuit_breaker.nodes import in_node
from tests.circuit_breaker.test_breaker_properties import specs

if TYPE_CHECKING:
    from otp.circuit_breaker import BreakerSpec

COMMANDS = st.sampled_from(
    ["ok"] * 4
    + ["bad"] * 6
    + ["neutral", "record", "open", "close", "isolate", "disable", "enable", "enable"]
)
STORIES = st.lists(
    st.tuples(st.sampled_from([0, 0, 1, 2, 5, 10]), COMMANDS), max_size=30
)


async def act(seconds: int, command: str) -> None:
    await trio.sleep(seconds)
    match command:
        case "bad":
            raise OSError
        case "neutral":
            raise TypeError
        case _:
            return


async def do(
    breaker: CircuitBreaker | SharedBreaker, seconds: int, command: str
) -> str:
    """Do one thing, and return what came of it."""
    if command == "record":
        breaker.record()
    elif command in {"ok", "bad", "neutral"}:
        try:
            await breaker.call(act, seconds, command)
        except (OSError, TypeError, CircuitOpenError) as error:
            return str(error)
        return command
    elif isinstance(breaker, CircuitBreaker):
        getattr(breaker, command)()
    else:
        await getattr(breaker, command)()
    return ""


async def do_at_once(
    local: CircuitBreaker, other: SharedBreaker, seconds: int, command: str
) -> tuple[str, str]:
    """Do one thing with both, at the same time."""
    results = ["", ""]

    async def run() -> None:
        results[0] = await do(local, seconds, command)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(run)
        results[1] = await do(other, seconds, command)
    return results[0], results[1]


@settings(max_examples=150)
@given(specs(), STORIES)
def test_whatever_is_done_both_kinds_of_breakers_do_the_same(
    spec: BreakerSpec, story: list[tuple[int, str]]
) -> None:
    # The process has a time-out of its own, and the other one is looked at.
    spec = attrs.evolve(spec, half_open_timeout=100)

    @in_node
    async def run() -> None:
        here: list[BreakerEvent] = []
        there: list[BreakerEvent] = []
        local = CircuitBreaker(spec, name="b", listeners=[here.append])
        server = await gen_statem.start_link(
            BreakerServer, spec, name="b", listeners=[there.append]
        )
        for passed, command in story:
            await trio.sleep(passed)
            other = shared(server)
            one, two = await do_at_once(local, other, passed, command)
            assert one == two
            assert local.statistics() == await other.statistics()
        assert changes(here) == changes(there)

    run()


def changes(told: list[BreakerEvent]) -> list[StateChanged]:
    return [event for event in told if isinstance(event, StateChanged)]
