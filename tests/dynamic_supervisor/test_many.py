"""What is done for one child does not depend on how many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from otp import GenServer, Pid, Reason, child_spec, process
from otp.dynamic_supervisor import (
    MaxChildrenError,
    count_children,
    start_child,
    terminate_child,
)
from otp.kernel import current_node
from otp.supervisor._children import Children
from tests.kernel.support import in_process

from .support import kill, shown, start

if TYPE_CHECKING:
    from collections.abc import Iterator


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
    links = Watched(sup.process.links or {})
    processes = Watched(node.processes)

    with monkeypatch.context() as patch:
        for method in ("__iter__", "__reversed__", "count", "update"):
            patch.setattr(Children, method, _refuse)
        sup.process.links, node.processes = links, processes
        await start_child(sup, spec)
        with pytest.raises(MaxChildrenError):
            await start_child(sup, spec)
        await kill(pids[0])
        await kill(pids[10], Reason("x"))
        await terminate_child(sup, pids[5])
        await terminate_child(sup, pids[18])
        links.closed = processes.closed = False

    assert (await count_children(sup)).active == 18


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
