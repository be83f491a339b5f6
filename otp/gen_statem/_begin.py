"""How a state machine comes to be, before its loop begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..gen import end_start
from ..kernel import Exit
from ._engine import Engine
from ._host import Host
from ._results import NextState, Repeat, Stop
from ._states import mode_in, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..kernel import Process
    from ..proc_lib import Ack
    from ._actions import Action
    from ._statem import GenStatem

    Machine = GenStatem[Any, Any]


async def init_machine(
    process: Process,
    ack: Ack | None,
    cls: type[Machine],
    args: tuple[object, ...],
    kwargs: Mapping[str, object],
) -> tuple[Host, Repeat]:
    """Make a machine of *cls* and acknowledge its start."""
    machine = cls(*args, **kwargs)
    result = await machine.init()
    if isinstance(result, Stop):
        raise Exit(result.reason)
    if not isinstance(result, NextState):
        end_start(cls, ack, result)
    begun = given_machine(process, machine, result.state, result.actions)
    if ack is not None:
        ack.settle(None)
    return begun


def given_machine(
    process: Process, machine: Machine, state: object, actions: tuple[Action, ...]
) -> tuple[Host, Repeat]:
    """Go on with a machine that has been made, and enter its first state."""
    cls = type(machine)
    engine = Engine(cls, mode_in(cls), plain(state))
    engine.check_state(state)
    return Host(process, machine, engine), Repeat(*actions)
