"""A place to connect to, for tests of pools."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import trio

from otp import Name, Pool, PoolSpec, pool
from otp.pool import ResourceReport
from otp.testing import wait_until_idle
from tests.kernel.support import collected_reports

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otp.pool import PoolEvent, Source

POOL = Name[Pool["Connection"]]("pool")

NONE = PoolSpec(min_size=0)
ONE = PoolSpec(min_size=0, max_size=1)


@contextmanager
def pool_reports() -> Iterator[list[ResourceReport]]:
    """Collect what pools report."""
    found: list[ResourceReport] = []
    with collected_reports() as reports:
        yield found
    found += [report for report in reports if isinstance(report, ResourceReport)]


class Connection:
    """What is opened here."""

    def __init__(self, place: Place, number: int) -> None:
        self.place = place
        self.number = number
        self.users = 0
        self.closed = False

    def __repr__(self) -> str:
        return f"<connection {self.number}>"

    async def use(self, seconds: float = 1) -> int:
        """Be used, by nobody else at the same time."""
        assert not self.closed
        self.users += 1
        assert self.users == 1
        try:
            await trio.sleep(seconds)
        finally:
            self.users -= 1
        return self.number


class Refused(Exception):  # noqa: N818 - what the place says
    """The place takes no connection."""


class Place:
    """Somewhere that takes connections, and counts them."""

    def __init__(
        self, *, opening: float = 0.0, closing: float = 0.0, checking: float = 0.0
    ) -> None:
        self.opening = opening
        self.closing = closing
        self.checking = checking
        self.down = False
        self.ill: set[int] = set()
        self.made = 0
        self.most = 0
        self.half_open = 0
        self.open: set[Connection] = set()
        self.checks = 0
        self.events: list[PoolEvent] = []

    async def connect(self) -> Connection:
        """Open a connection."""
        self.half_open += 1
        self._count()
        try:
            await trio.sleep(self.opening)
            if self.down:
                raise Refused
        finally:
            self.half_open -= 1
        self.made += 1
        made = Connection(self, self.made)
        self.open.add(made)
        self._count()
        return made

    async def close(self, connection: Connection) -> None:
        """Close it."""
        connection.closed = True
        try:
            await trio.sleep(self.closing)
        finally:
            self.open.remove(connection)

    async def check(self, connection: Connection) -> bool:
        """Tell whether it is well."""
        self.checks += 1
        await trio.sleep(self.checking)
        return connection.number not in self.ill

    def _count(self) -> None:
        self.most = max(self.most, len(self.open) + self.half_open)

    def source(self, *, checked: bool = False) -> Source[Connection]:
        """Return how a pool opens them."""
        check = self.check if checked else None
        return pool.resources(self.connect, close=self.close, check=check)

    async def start(self, spec: PoolSpec = NONE, *, checked: bool = False) -> None:
        """Start `POOL` with connections to here, and let it come to rest."""
        await pool.start_named(
            POOL,
            self.source(checked=checked),
            spec,
            listeners=[self.events.append],
        )
        await wait_until_idle()
