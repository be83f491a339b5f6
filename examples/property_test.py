"""A bug that a state machine finds in a tree, the story it tells, and the fix.

Run it with ``python examples/property_test.py``; it needs Hypothesis. The tree::

    Shop             one_for_one
    ├── Prices       knows what things cost, and asks the exchange for news
    └── Till         sells

The prices are refreshed by a helper process beside the server. The helper is linked
with the server, so that neither lives without the other. Or so it seems.
"""

from __future__ import annotations

from typing import Any

import trio
from hypothesis import HealthCheck, Phase, settings, strategies as st
from hypothesis.stateful import run_state_machine_as_test

import otp
from otp import process
from otp.testing.stateful import StoryError, SupervisionMachine, invariant, rule

SECONDS = 10


class Prices(otp.GenServer):
    """Knows the price of everything."""

    def __init__(self) -> None:
        self._prices = {"apple": 3, "pear": 4}

    async def init(self) -> None:
        process.spawn_link(refresh, process.self())

    @otp.call
    async def of(self, what: str) -> int:
        """Return a price."""
        return self._prices[what]

    @otp.cast
    async def refresh(self) -> None:
        """Ask the exchange, which has not changed its mind."""


async def refresh(prices: otp.Pid[Any]) -> None:
    """Be the helper: remind the server to refresh, again and again."""
    while True:
        await trio.sleep(SECONDS)
        Prices.refresh(prices)


class BetterPrices(Prices):
    """The same, with a helper that ends whatever its server has ended of."""

    async def init(self) -> None:
        process.spawn_link(refresh_until_the_end, process.self())


async def refresh_until_the_end(prices: otp.Pid[Any]) -> None:
    """Be a helper that watches its server."""
    end = process.monitor(prices)
    while True:
        try:
            await process.receive(
                lambda message: isinstance(message, otp.Down) and message.ref is end,
                timeout=SECONDS,
            )
        except TimeoutError:
            Prices.refresh(prices)
        else:
            return


class Till(otp.GenServer):
    """Sells."""

    def __init__(self) -> None:
        self._sum = 0

    @otp.call
    async def sell(self, what: str) -> int:
        """Sell something, and return what it costs."""
        price = await Prices.of(PRICES, what)
        self._sum += price
        return price


PRICES = otp.Name[Prices]("prices")
TILL = otp.Name[Till]("till")


class Shop(otp.Supervisor):
    """The shop."""

    def __init__(self, prices: type[Prices]) -> None:
        self._prices = prices

    def children(self) -> otp.SupervisorSpec:
        return otp.one_for_one(
            otp.child_spec(self._prices).named(PRICES).override(id="prices"),
            otp.child_spec(Till).named(TILL).override(id="till"),
        )


class ShopMachine(SupervisionMachine):
    """Hurts the shop, and sells something now and then."""

    tree = otp.child_spec(Shop, Prices)
    # What nobody asks of this shop.
    requests = ()

    @rule(what=st.sampled_from(["apple", "pear"]))
    async def sell(self, what: str) -> None:
        """Sell."""
        if await Till.sell(TILL, what) not in {3, 4}:
            raise AssertionError(f"the price of {what} is wrong")

    @invariant()
    async def it_is_open(self) -> None:
        """Everybody who should be there is there."""
        if set(process.registered()) != {"prices", "till"}:
            raise AssertionError("somebody is missing")


class BetterShopMachine(ShopMachine):
    """Does the same to the better shop."""

    tree = otp.child_spec(Shop, BetterPrices)


TestShop = BetterShopMachine.TestCase

# The same examples each time; Hypothesis would also explain, which takes long.
THOROUGHLY = settings(
    max_examples=50,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)


def main() -> None:
    """Test both shops."""
    print("The shop:")
    try:
        run_state_machine_as_test(ShopMachine, settings=THOROUGHLY)
    except StoryError as story:
        print(story)
    print()
    print("The better shop:")
    run_state_machine_as_test(BetterShopMachine, settings=THOROUGHLY)
    print("nothing goes wrong")


if __name__ == "__main__":
    main()
