"""What is done for one child does not depend on how many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from otp import GenServer, Kill, Pid, Reason, child_spec, process, supervisor
from otp.abc import Instrument
from otp.dynamic_supervisor import (
    MaxChildrenError,
    count_children,
    start_child,
    terminate_child,
)
from otp.kernel import DEATHS_AT_ONCE, current_node
from otp.supervisor._children import Children
from tests.kernel.support import collected_reports, in_process

from .support import kill, shown, start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otp import ExitReason


class Watched(dict[Any, Any]):
    """A table that nobody may look through while it is *closed*."""

    closed = True

    def __iter__(self) -> Iterator[Any]:
        return _refuse() if self.closed else super().__iter__()

    def values(self) -> Any:
        return _refuse() if self.closed else super().values()

    def items(self) -> Any:
        return _refuse() if self.closed else super().items()


def _refuse(*_: object) -> NoReturn:
    pytest.fail("somebody looks at all of them")


@in_process
async def test_nobody_looks_through_all_children(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sup = await start(max_children=20, max_restarts=10)
    spec = child_spec(GenServer)
    pids = [await start_child(sup, spec) for _ in range(19)]
    node = current_node()
    assert sup.process is not None
    assert isinstance(sup.process._peers, dict)
    links = Watched(sup.process._peers)
    processes = Watched(node.processes)

    with monkeypatch.context() as patch:
        for method in ("__iter__", "__reversed__", "count", "update"):
            patch.setattr(Children, method, _refuse)
        sup.process._peers, node.processes = links, processes
        await start_child(sup, spec)
        with pytest.raises(MaxChildrenError):
            await start_child(sup, spec)
        await kill(pids[0])
        await kill(pids[10], Reason("x"))
        await terminate_child(sup, pids[5])
        await terminate_child(sup, pids[18])
        links.closed = processes.closed = False

    assert (await count_children(sup)).active == 18


@in_process
async def test_one_that_is_killed_looks_for_its_own_children_only() -> None:
    sup = await start()
    pids = [await start_child(sup, child_spec(GenServer)) for _ in range(3)]
    node = current_node()
    node.processes = processes = Watched(node.processes)
    await kill(sup, Kill())
    processes.closed = False

    assert not any(process.is_alive(pid) for pid in pids)


class Ghosts(Instrument):
    """Remembers how many dead processes were there at most whose code still ran."""

    most = 0

    def process_exited(self, pid: Pid, reason: ExitReason) -> None:
        del pid, reason
        self.most = max(self.most, current_node().statistics().ghosts)


class Stubborn(GenServer):
    """Traps exits, so that it ends later."""

    async def init(self) -> None:
        process.trap_exit(True)


@in_process
async def test_the_dead_are_gone_before_the_last_is_told() -> None:
    sup = await start()
    children = 10 * DEATHS_AT_ONCE
    for n in range(children):
        await start_child(sup, child_spec(Stubborn if n % 5 == 0 else GenServer))
    ghosts = Ghosts()
    current_node().instruments.append(ghosts)

    with collected_reports() as reports:
        await supervisor.stop(sup)

    assert ghosts.most <= 3 * DEATHS_AT_ONCE
    assert not reports
    assert current_node().statistics().processes == 1


@pytest.mark.slow
@in_process
async def test_thousands_come_back_and_go() -> None:
    sup = await start(max_restarts=2000)
    spec = child_spec(GenServer)
    pids = [await start_child(sup, spec) for _ in range(2000)]

    for pid in pids[::2]:
        process.exit(pid, Reason("boom"))
    children = await shown(sup)

    assert len(children) == 2000
    assert children[:1000] == pids[1::2]
    assert all(isinstance(pid, Pid) and process.is_alive(pid) for pid in children)
    assert current_node().statistics().processes == 2002
