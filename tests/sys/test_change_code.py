"""Changing the class of a process while it is suspended."""

from __future__ import annotations

import pytest

from otp import (
    GenServer,
    call,
    gen_server,
    sys,
)
from otp.sys import CallbackFailedError, NotSuspendedError
from tests.gen_server.servers import Counter
from tests.kernel.support import (
    on_node,
)


class Slotted(GenServer):
    """Has no dictionary of attributes."""

    __slots__ = ("a", "b")

    def __init__(self) -> None:
        self.a = 1


class Counter2(GenServer):
    """The next version of a counter."""

    total: int

    @call
    async def get(self) -> str:
        return f"{self.total}"

    async def code_change(self, old_version: object, extra: object) -> None:
        assert old_version == 1
        self.total = self.__dict__.pop("value")
        if extra == "fail":
            raise ValueError(extra)


@on_node
async def test_a_suspended_server_can_go_on_as_another_class() -> None:
    pid = await gen_server.start(Counter, 3)
    await sys.suspend(pid)
    await sys.change_code(pid, Counter2, old_version=1)
    assert (await sys.get_status(pid)).module is Counter2
    await sys.resume(pid)

    assert await sys.get_state(pid) == {"total": 3}
    assert await Counter.get(pid) == "3"  # type: ignore[comparison-overlap]


@on_node
async def test_a_change_that_fails_changes_nothing() -> None:
    pid = await gen_server.start(Counter, 3)
    await sys.suspend(pid)
    with pytest.raises(CallbackFailedError, match="code_change failed") as caught:
        await sys.change_code(pid, Counter2, old_version=1, extra="fail")
    status = await sys.get_status(pid)

    assert isinstance(caught.value.__cause__, ValueError)
    assert (status.module, status.suspended) == (Counter, True)
    await sys.resume(pid)
    assert await Counter.get(pid) == 3


@on_node
async def test_a_class_of_another_layout_is_refused() -> None:
    pid = await gen_server.start(Counter, 3)
    await sys.suspend(pid)
    with pytest.raises(CallbackFailedError) as caught:
        await sys.change_code(pid, Slotted)
    await sys.resume(pid)

    assert isinstance(caught.value.__cause__, TypeError)
    assert await Counter.get(pid) == 3


@on_node
async def test_a_running_server_cannot_be_changed() -> None:
    pid = await gen_server.start(Counter, 3)
    with pytest.raises(NotSuspendedError, match=r"call sys\.suspend\(\) first"):
        await sys.change_code(pid, Counter2)

    assert await Counter.get(pid) == 3


@on_node
async def test_a_server_may_be_changed_within_its_class() -> None:
    changes: list[object] = []

    class Same(Counter):
        async def code_change(self, old_version: object, extra: object) -> None:
            changes.append((old_version, extra))

    pid = await gen_server.start(Same)
    await sys.suspend(pid)
    await sys.change_code(pid, old_version="1", extra="x")

    assert changes == [("1", "x")]
