"""The types of swaps and of changes of code. Read by the checkers, never run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_type

from otp import (
    GenServer,
    Name,
    Pid,
    Supervisor,
    SupervisorSpec,
    code,
    one_for_one,
    supervisor,
    sys,
)
from otp.supervisor import ChildSwap, Outcome, SupervisorState, SwapResult

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from types import ModuleType

    from otp.supervisor import ChildState


class Root(Supervisor):
    """A supervisor."""


class Server(GenServer):
    """A server that can take over, with a version."""

    __version__ = 2

    async def code_change(self, old_version: object, extra: object) -> None:
        del extra
        if isinstance(old_version, code.Downgrade):
            assert_type(old_version.version, object)


async def a_supervisor_is_swapped(
    sup: Pid[Supervisor], root: Pid[Root], name: Name[Root], server: Pid[Server]
) -> None:
    spec: SupervisorSpec = one_for_one()
    assert_type(await supervisor.swap(sup, spec), SwapResult)
    await supervisor.swap(root, Root)
    await supervisor.swap(name, spec, timeout=1.0, extra={"any": "thing"})
    await supervisor.swap(sup, Server)  # type: ignore[arg-type]
    await supervisor.swap(sup, Root(spec))  # type: ignore[arg-type]
    await supervisor.swap(server, spec)  # type: ignore[arg-type]
    await supervisor.change_specs(root, spec)
    await supervisor.change_specs(root, Root)  # type: ignore[arg-type]


async def a_result_says_what_has_become_of_whom(result: SwapResult) -> None:
    assert_type(result["a"], ChildSwap)
    assert_type(result.ok, bool)
    assert_type(result.children, tuple[ChildSwap, ...])
    outcomes: Mapping[Hashable, Outcome] = result.outcomes
    state: ChildState = result["a"].pid
    inside: SwapResult | None = result["a"].inside
    if result["a"].outcome == "nothing":  # type: ignore[comparison-overlap]
        return
    result.children = ()  # type: ignore[misc]
    del outcomes, state, inside


async def a_process_is_changed(server: Pid[Server], name: Name[Server]) -> None:
    await code.change(server, Server)
    await code.change(name, Server, old_version=1, extra="x", timeout=0.5)
    await code.change(server, Server())  # type: ignore[arg-type]
    await sys.migrate(server, Server)


async def modules_are_reloaded(module: ModuleType) -> None:
    result = await code.reload(module, "by.name", extra=None, swap_children=True)
    assert_type(result, code.ReloadResult)
    assert_type(result.modules, tuple[str, ...])
    assert_type(result.moved[0].pid, Pid[object])
    assert_type(result.moved[0].new, type[object])
    await code.reload(Server)  # type: ignore[arg-type]


async def a_state_is_a_value(sup: Pid[Supervisor]) -> None:
    def more(state: SupervisorState) -> SupervisorState:
        assert_type(state.max_restarts, int)
        return state

    await sys.replace_state(sup, more)
    replaced: Any = await sys.get_state(sup)
    del replaced
