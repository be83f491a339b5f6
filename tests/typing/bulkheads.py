"""Bulkheads and spawn controllers: what they start is known all the way."""

from __future__ import annotations

from typing import assert_type

import otp
from otp import dynamic_supervisor
from otp.bulkhead import BulkheadStatistics, SpawnController, SpawnStatistics


class Counter(otp.GenServer):
    def __init__(self, start: int = 0) -> None:
        self.value = start


async def fetch(url: str, *, times: int = 1) -> bytes:
    return url.encode() * times


async def calls() -> None:
    bulkhead = otp.Bulkhead(3, queue=2, max_wait=0.5)
    assert_type(await bulkhead.call(fetch, "x", times=2), bytes)
    assert_type(await bulkhead(fetch)("x", times=2), bytes)
    assert_type(bulkhead.statistics(), BulkheadStatistics)
    async with bulkhead as nothing:
        assert_type(nothing, None)
    bulkhead.resize(4)

    otp.Bulkhead("3")  # type: ignore[arg-type]
    otp.Bulkhead(3, 2)  # type: ignore[call-arg]
    bulkhead.resize(None)  # type: ignore[arg-type]
    await bulkhead.call(fetch, 3)  # type: ignore[arg-type]
    await bulkhead.call(fetch("x"))  # type: ignore[arg-type]


async def children(
    dynamic: otp.Pid[otp.DynamicSupervisor], plain: otp.Pid[otp.Supervisor]
) -> None:
    control = SpawnController(dynamic, queue=3)
    pid = await control.start_child(otp.child_spec(Counter, 1))
    assert_type(pid, otp.Pid[Counter])
    assert_type(control.statistics(), SpawnStatistics)
    await dynamic_supervisor.wait_room(dynamic)

    SpawnController(plain)  # type: ignore[arg-type]
    SpawnController("dynamic")  # type: ignore[arg-type]
    await control.start_child(Counter)  # type: ignore[arg-type]
    await dynamic_supervisor.wait_room(plain)  # type: ignore[arg-type]
