"""A server that is swapped ten times while a thousand calls a second come in.

Each swap exchanges the class of the server and its specification. The server goes on
in the same process, with its state, and no call fails or waits for long.

Run it with ``python examples/hot_swap.py``.
"""

from __future__ import annotations

from typing import Final

import attrs
import trio

import otp
from otp import supervisor

CALLS: Final = 2_000
PER_SECOND: Final = 1_000
SWAPS: Final = 10

METER: Final = otp.Name["Meter"]("meter")


class Meter(otp.GenServer):
    """Counts the units that are used."""

    __version__ = 1

    def __init__(self) -> None:
        self.total = 0

    @otp.call
    async def use(self, units: int) -> int:
        """Add to the total and return it."""
        self.total += units
        return self.total

    @otp.call
    async def read(self) -> int:
        """Return the total."""
        return self.total


class TariffMeter(Meter):
    """Counts day and night apart, and so keeps another state."""

    __version__ = 2

    def __init__(self) -> None:
        super().__init__()
        self.day = self.night = 0

    @otp.call
    async def use(self, units: int) -> int:
        """Add to one of the two, in turn, and return their sum."""
        if self.day > self.night:
            self.night += units
        else:
            self.day += units
        return self.day + self.night

    @otp.call
    async def read(self) -> int:
        """Return the sum."""
        return self.day + self.night

    async def code_change(self, old_version: object, extra: object) -> None:
        """Make the state of the one version out of that of the other."""
        del extra  # there is nothing more to say
        if isinstance(old_version, otp.code.Downgrade):
            self.total = self.day + self.night
            del self.day, self.night
        else:
            self.day, self.night = self.total, 0
            del self.total


def tree(n: int) -> otp.SupervisorSpec:
    """Return the specification after *n* swaps: another class, other rules."""
    meter = otp.child_spec(TariffMeter if n % 2 else Meter).named(METER)
    child = meter.override(id="meter", shutdown=1.0 + n)
    return otp.one_for_one(child, max_restarts=n)


@attrs.define
class Tally:
    """What has come of the calls."""

    answered: int = 0
    failed: int = 0
    slowest: float = 0.0


async def call_all(tally: Tally) -> None:
    """Call the meter so many times a second."""
    begin = trio.current_time()
    for n in range(CALLS):
        await trio.sleep_until(begin + n / PER_SECOND)
        sent = trio.current_time()
        try:
            await Meter.use(METER, 1)
        except otp.CallError as error:
            print("a call failed:", error)
            tally.failed += 1
        else:
            tally.answered += 1
        tally.slowest = max(tally.slowest, trio.current_time() - sent)


async def swap_all(root: otp.Pid[otp.Supervisor]) -> list[str]:
    """Swap the meter again and again; return what has become of it each time."""
    outcomes: list[str] = []
    for n in range(1, SWAPS + 1):
        await trio.sleep(CALLS / PER_SECOND / (SWAPS + 1))
        result = await supervisor.swap(root, tree(n))
        outcomes += result.outcomes.values()
    return outcomes


async def main() -> None:
    """Swap a server under load, and tell what has come of it."""
    tally = Tally()
    async with otp.Node():
        root = await supervisor.start_link(otp.Supervisor, tree(0))
        before = otp.process.whereis(METER)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(call_all, tally)
            outcomes = await swap_all(root)
        print(f"{CALLS} calls: {tally.answered} answered, {tally.failed} failed")
        migrated = outcomes.count("migrated")
        print(f"{SWAPS} swaps: the meter has migrated {migrated} times")
        print(f"the same process: {otp.process.whereis(METER) is before}")
        print(f"the meter is at {await Meter.read(METER)}")
        print(f"no call took longer than 0.1 s: {tally.slowest < 0.1}")  # noqa: PLR2004


if __name__ == "__main__":
    trio.run(main)
