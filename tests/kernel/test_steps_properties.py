"""Who is asked is run at once, and yet all happens as if it had stood in the line."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import pytest
import trio
from hypothesis import given, strategies as st
from trio.testing import MockClock, wait_all_tasks_blocked

import otp
from otp import gen_server, process
from otp.kernel import Scheduler, _steps

if TYPE_CHECKING:
    from collections.abc import Sequence

SERVERS = 3

# What a server does when it is told to: an act, the server that it concerns, and what
# that one does in turn.
Script = list[tuple[str, int, "Script"]]

scripts: st.SearchStrategy[Script] = st.recursive(
    st.just([]),
    lambda inner: st.lists(
        st.tuples(
            st.sampled_from(["call", "cast", "send", "spawn", "reply"]),
            st.integers(0, SERVERS - 1),
            inner,
        ),
        max_size=4,
    ),
    max_leaves=12,
)


class Actor(otp.GenServer):
    """Follows scripts, and writes down when it does what."""

    def __init__(self, me: int, world: World) -> None:
        self.me = me
        self.world = world

    @otp.call_noreply
    async def ask(self, from_: otp.From[int], script: Script, deep: int) -> None:
        await self.world.play(f"{self.me} asked", script, deep, from_)
        gen_server.reply(from_, self.me)

    @otp.cast
    async def tell(self, script: Script, deep: int) -> None:
        await self.world.play(f"{self.me} told", script, deep)

    async def handle_info(self, message: object) -> None:
        self.world.trace.append(f"{self.me} hears {message}")


class World:
    """Some servers, and what has happened."""

    def __init__(self) -> None:
        self.trace: list[str] = []
        self.servers: Sequence[otp.Pid[Actor]] = ()

    async def play(
        self,
        who: str,
        script: Script,
        deep: int = 0,
        from_: otp.From[int] | None = None,
    ) -> None:
        for n, (act, whom, inner) in enumerate(script):
            self.trace.append(f"{who}: {act} {whom}")
            server = self.servers[whom]
            match act:
                case "call":
                    # Calls in a circle expire, and no two of them at the same time.
                    patience = 50 - sqrt(deep + 2)
                    try:
                        ask = Actor.ask.within(patience)
                        answer = await ask(server, inner, deep + 1)
                        self.trace.append(f"{who} gets {answer}")
                    except otp.CallError as error:
                        self.trace.append(f"{who} gets {type(error).__name__}")
                case "cast":
                    Actor.tell(server, inner, deep + 1)
                case "send":
                    process.send(server, f"{n} of {who}")
                case "spawn":
                    process.spawn(self.play, f"child {n} of {who}", inner)
                case "reply" if from_ is not None:
                    gen_server.reply(from_, -1)
                case _:
                    pass
        self.trace.append(f"{who} is done")


def trace_of(script: Script) -> list[str]:
    world = World()

    async def main() -> None:
        async with otp.Node(scheduler="step", shutdown_timeout=0):
            world.servers = [
                await gen_server.start(Actor, n, world) for n in range(SERVERS)
            ]
            await wait_all_tasks_blocked()
            process.spawn(world.play, "root", script)
            await trio.sleep(1000)

    trio.run(main, clock=MockClock(autojump_threshold=0))
    return world.trace


@given(scripts)
def test_what_happens_does_not_depend_on_the_short_cut(script: Script) -> None:
    quick = trace_of(script)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_steps.StepQueue, "ask", Scheduler.ask)
        assert trace_of(script) == quick
