"""What a change of code makes of a supervisor: the same as on Erlang/OTP 27.

Each probe starts a supervisor, lets its class say something else, changes its code
while it is suspended, and writes down what has come of it, as Erlang does.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import trio

from otp import (
    ChildSpec,
    GenServer,
    Ignore,
    InvalidSpecError,
    Kill,
    Pid,
    child_spec,
    one_for_all,
    one_for_one,
    process,
    supervisor,
    sys,
)
from otp.gen_server import BadReturnError
from otp.supervisor import SupervisorSpec
from otp.sys import CallbackFailedError
from tests.kernel.support import in_process
from tests.supervisor.support import settled, states

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from otp import ExitReason

ROWS = (
    Path(__file__)
    .with_name("sup_code_change.otp27.txt")
    .read_text(encoding="utf-8")
    .splitlines()[1:]
)
RECORDS = {
    row[:36].strip(): (row[37:], after)
    for row, after in zip(ROWS[:-1:2], ROWS[1:-1:2], strict=True)
}


class Worker(GenServer):
    def __init__(self, id_: str) -> None:
        del id_


class Stuck(GenServer):
    async def init(self) -> None:
        process.trap_exit(True)

    async def terminate(self, reason: ExitReason) -> None:
        del reason
        await trio.sleep_forever()


def w(id_: str, **more: Any) -> ChildSpec[Worker]:
    return child_spec(Worker, id_).override(id=id_, **more)


class Root(supervisor.Supervisor):
    """Says what a function says."""

    def __init__(self, says: list[Callable[[], Any]]) -> None:
        self.says = says

    def children(self) -> Any:
        return self.says[0]()


async def nothing(_: Pid[Root]) -> str:
    return "'-'"


async def restart_b(sup: Pid[Root]) -> str:
    pid = await supervisor.restart_child(sup, "b")
    return "{ok,'$pid'}" if process.is_alive(pid) else "dead"


async def show_a(sup: Pid[Root]) -> str:
    spec = await supervisor.get_childspec(sup, "a")
    return f"#{{restart => {spec.restart},shutdown => {spec.shutdown}}}"


async def kill_b(sup: Pid[Root]) -> str:
    before = await states(sup)
    b = before["b"]
    assert isinstance(b, Pid)
    process.exit(b, Kill())
    await settled()
    after = await states(sup)
    same = {id_: after[id_] is before[id_] for id_ in reversed(after)}
    return shown([f"{{{id_},{str(is_same).lower()}}}" for id_, is_same in same.items()])


# What the class says first, what it says then, and what is looked at afterwards.
Probe = tuple[Any, "Callable[[], Any]", "Callable[[Pid[Root]], Awaitable[str]]"]
PROBES: dict[str, Probe] = {
    "same": (one_for_one(w("a"), w("b")), lambda: one_for_one(w("a"), w("b")), nothing),
    "add_child": (
        one_for_one(w("a")),
        lambda: one_for_one(w("a"), w("b")),
        restart_b,
    ),
    "remove_child": (
        one_for_one(w("a"), w("b")),
        lambda: one_for_one(w("a")),
        nothing,
    ),
    "reorder": (
        one_for_one(w("a"), w("b")),
        lambda: one_for_one(w("b"), w("a")),
        nothing,
    ),
    "change_restart": (
        one_for_one(w("a")),
        lambda: one_for_one(w("a", restart="temporary", shutdown=77)),
        show_a,
    ),
    "change_strategy": (
        one_for_one(w("a"), w("b")),
        lambda: one_for_all(w("a"), w("b"), max_restarts=9),
        kill_b,
    ),
    "bad_flags": (
        one_for_one(w("a")),
        lambda: SupervisorSpec("foo", [w("a")]),  # type: ignore[arg-type]
        nothing,
    ),
    # What has no flags is no specification.
    "bad_flags_type": (one_for_one(w("a")), lambda: ("foo", [w("a")]), nothing),
    "bad_spec": (
        one_for_one(w("a")),
        lambda: one_for_one(ChildSpec("a", None)),  # type: ignore[arg-type]
        nothing,
    ),
    "ignore": (one_for_one(w("a")), Ignore, nothing),
    "garbage": (one_for_one(w("a")), lambda: "garbage", nothing),
    "insert_between": (
        one_for_one(w("a"), w("c")),
        lambda: one_for_one(w("a"), w("b"), w("c")),
        nothing,
    ),
    "remove_first_of_three": (
        one_for_one(w("a"), w("b"), w("c")),
        lambda: one_for_one(w("b"), w("c")),
        nothing,
    ),
}


def shown(items: list[str]) -> str:
    return f"[{','.join(items)}]"


def error(failure: BaseException | None) -> str:
    """Write as Erlang does why a change of code has failed."""
    match failure:
        case InvalidSpecError(kind="missing_start"):
            return "{error,{error,missing_start}}"
        case InvalidSpecError():
            return f"{{error,{{error,{{{failure.kind},{failure.value}}}}}}}"
        case BadReturnError(value=(flags, _)):
            return f"{{error,{{error,{{bad_flags,{flags}}}}}}}"
        case BadReturnError():
            return f"{{error,{failure.value}}}"
        case _:
            raise AssertionError(failure)


@pytest.mark.parametrize("name", PROBES)
@in_process
async def test_a_change_of_code_is_erlangs(name: str) -> None:
    first, then, look = PROBES[name]
    process.trap_exit(True)
    says: list[Callable[[], Any]] = [lambda: first]
    sup = await supervisor.start_link(Root, says)
    says[0] = then
    before = await states(sup)

    result = "ok"
    await sys.suspend(sup)
    try:
        await sys.change_code(sup, Root, old_version=1, extra="x")
    except CallbackFailedError as failure:
        result = error(failure.__cause__)
    await sys.resume(sup)

    after = await states(sup)
    ids = [
        f"{{{id_},{'pid' if isinstance(after[id_], Pid) else 'undefined'}}}"
        for id_ in reversed(after)
    ]
    kept = [str(id_) for id_ in reversed(before) if before[id_] in list(after.values())]
    looked = await look(sup)
    seen = f"     ids {shown(ids)} kept-pids {shown(kept)} {looked}"
    recorded = re.sub(r"<[\d.]+>", "'$pid'", RECORDS[name][1])
    assert (result, seen) == (RECORDS[name][0], recorded)


def test_every_recorded_probe_is_tested() -> None:
    assert PROBES.keys() == RECORDS.keys()


@in_process
async def test_a_supervisor_that_stops_a_child_serves_nobody() -> None:
    process.trap_exit(True)
    stuck = child_spec(Stuck).override(id="a", shutdown=0.1)
    sup = await supervisor.start_link(supervisor.Supervisor, one_for_one(stuck))
    took: dict[str, float] = {}

    async def measure(name: str, asked: Awaitable[object]) -> None:
        begin = trio.current_time()
        await asked
        took[name] = round(trio.current_time() - begin, 2)

    async with trio.open_nursery() as nursery:
        stop = supervisor.terminate_child(sup, "a")
        nursery.start_soon(measure, "terminate", stop)
        await trio.sleep(0.01)
        await measure("which", supervisor.which_children(sup))

    assert ROWS[-1] == (
        f"terminate_child of a stuck child took {took['terminate'] * 1000:.0f} ms; "
        f"which_children meanwhile waited {took['which'] * 1000:.0f} ms"
    )
