"""Servers that can be swapped, in what the tests of swaps have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import otp
from otp import GenServer, Pid, Supervisor, child_spec, process, supervisor

if TYPE_CHECKING:
    import trio

    from otp import ChildSpec, ServerRef, SupervisorSpec
    from otp.supervisor import SwapResult


class Till(GenServer):
    """Counts, in the first of its versions."""

    __version__ = 1

    def __init__(self, *args: object) -> None:
        self.args = args
        self.value = 0

    @otp.call
    async def incr(self) -> int:
        self.value += 1
        return self.value

    @otp.call
    async def get(self) -> object:
        return self.value

    @otp.call_noreply
    async def work(
        self, from_: otp.From[None], began: trio.Event, goes_on: trio.Event
    ) -> None:
        """Say that it has begun, and be busy until it goes on."""
        began.set()
        await goes_on.wait()
        otp.gen_server.reply(from_, None)


class Till2(Till):
    """Counts in tens."""

    __version__ = 2

    async def code_change(self, old_version: object, extra: object) -> None:
        del extra
        if isinstance(old_version, otp.code.Downgrade):
            self.value //= 10
        else:
            self.value *= 10

    @otp.call
    async def incr(self) -> int:
        self.value += 10
        return self.value


class Plain(Till):
    """Has no ``code_change``, so that it cannot take over."""


class Failing(Till):
    """Refuses to take over, or to start, with what it was given."""

    async def code_change(self, old_version: object, extra: object) -> None:
        del old_version, extra
        self.value = -1
        raise ValueError("not me")


class Sleeping(Till):
    """Takes over in its own time."""

    async def code_change(self, old_version: object, extra: Any) -> None:
        del old_version
        self.value = -1
        await extra.wait()


class Dying(Till):
    """Ends while it takes over."""

    async def code_change(self, old_version: object, extra: object) -> None:
        del old_version, extra
        otp.process.exit(self.pid, otp.Kill())


class Slotted(GenServer):
    """Is laid out in another way."""

    __slots__ = ("value",)

    def __init__(self, *args: object) -> None:
        self.value = args

    async def code_change(self, old_version: object, extra: object) -> None:
        del old_version, extra
        raise AssertionError


def till(id_: str, cls: Any = Till, *args: object, **more: Any) -> ChildSpec[Till]:
    """Return a child of class *cls* called *id_*."""
    spec: ChildSpec[Till] = child_spec(cls, *args)
    return spec.override(id=id_, **more)


async def begin(*children: ChildSpec[Any], **flags: Any) -> Pid[Supervisor]:
    """Start a supervisor of *children* whose parent survives it."""
    process.trap_exit(True)
    return await supervisor.start_link(Supervisor, otp.one_for_one(*children, **flags))


def outcomes(result: SwapResult) -> list[tuple[object, str]]:
    """Return the ids with their outcomes, in order."""
    return [(child.id, child.outcome) for child in result.children]


def pid_of(result: SwapResult, id_: str) -> Pid[Till]:
    """Return the pid of a child that runs after a swap."""
    pid = result[id_].pid
    assert isinstance(pid, Pid)
    return pid


async def only_pid(sup: Pid[Any]) -> Pid[Any]:
    """Return the pid of the only child of *sup*, which runs."""
    (child,) = await supervisor.which_children(sup)
    assert isinstance(child.pid, Pid)
    return child.pid


async def class_of(pid: ServerRef[Any]) -> type[object]:
    """Return the class that runs in a process."""
    return (await otp.sys.get_status(pid)).module


async def args_of(pid: Pid[Any]) -> object:
    """Return the arguments that a till was given."""
    state: Any = await otp.sys.get_state(pid)
    return state["args"]


class Root(Supervisor):
    """Has the children that it was given in a list, which may change."""

    def __init__(self, answers: list[Any]) -> None:
        self.answers = answers

    def children(self) -> SupervisorSpec:
        answer = self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[no-any-return]


class Root2(Root):
    """The next version of the root."""
