"""Listeners hear of what is registered and unregistered."""

from __future__ import annotations

from otp import (
    Down,
    Killed,
    Name,
    Supervisor,
    one_for_one,
    process,
    registry,
    supervisor,
)
from otp.registry import Registered, Registry, Unregistered
from tests.kernel.support import Recorder, flush, in_process

from .support import REG, another, kill, start

EAR = Name[object]("ear")


@in_process
async def test_a_listener_hears_of_every_registration() -> None:
    process.register(EAR, process.self())
    await start("duplicate", listeners=(EAR,))
    me = process.self()
    registry.register(REG, "k", 1)
    registry.register(REG, "k", 2)
    registry.unregister(REG, "k")

    assert await flush(0) == [
        Registered(REG, "k", me, 1),
        Registered(REG, "k", me, 2),
        Unregistered(REG, "k", me),
    ]


@in_process
async def test_a_listener_hears_nothing_of_what_has_no_effect() -> None:
    process.register(EAR, process.self())
    await start(listeners=[EAR])
    registry.unregister(REG, "k")
    registry.unregister_match(REG, "k", int)
    registry.register(REG, "k", "x")
    registry.unregister_match(REG, "k", int)
    registry.update_value(REG, "k", lambda value: value)

    assert await flush(0) == [Registered(REG, "k", process.self(), "x")]


@in_process
async def test_a_listener_hears_of_a_match_once() -> None:
    process.register(EAR, process.self())
    await start("duplicate", listeners=[EAR])
    for value in (1, 2, "x"):
        registry.register(REG, "k", value)
    await flush(0)
    registry.unregister_match(REG, "k", int)

    assert await flush(0) == [Unregistered(REG, "k", process.self())]


@in_process
async def test_a_listener_hears_nothing_of_a_death() -> None:
    process.register(EAR, process.self())
    await start(listeners=[EAR])
    other = another(lambda: registry.register(REG, "k"))
    ref = process.monitor(other)
    messages = await flush(0)
    await kill(other)

    assert messages in ([], [Registered(REG, "k", other, None)])
    assert (await flush(0))[-1] == Down(ref, other, Killed())


@in_process
async def test_a_listener_that_is_not_there_is_no_hindrance() -> None:
    recorder = Recorder()
    process.self().process.node.instruments.append(recorder)  # type: ignore[union-attr]
    await start(listeners=[EAR, process.self()])
    registry.register(REG, "k")

    assert len(await flush(0)) == 1
    assert [letter.to for letter in recorder.letters] == [EAR]


@in_process
async def test_a_registry_without_a_name_speaks_of_its_pid() -> None:
    process.trap_exit(True)
    spec = one_for_one()
    await supervisor.start_link(Supervisor, spec)
    pid = await supervisor.start_link(
        Registry, keys="unique", listeners=[process.self()]
    )
    registry.register(pid, "k", 1)

    assert await flush(0) == [Registered(pid, "k", process.self(), 1)]
