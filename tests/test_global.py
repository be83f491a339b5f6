"""Global names: one name for one process on all nodes of a Trio run."""

from __future__ import annotations

import pytest
from trio.testing import wait_all_tasks_blocked

import otp
from otp import gen_server, global_, process, supervisor


class Adder(otp.GenServer):
    @otp.call
    async def add(self, a: int, b: int) -> int:
        return a + b


ADDER = otp.Via[Adder](global_.names, "adder")


async def idle() -> None:
    await process.receive()


async def test_a_name_is_seen_from_every_node() -> None:
    async with otp.Node("a") as a, otp.Node("b"):
        pid = a.spawn(idle)

        assert global_.register_name("x", pid)
        assert global_.whereis_name("x") is pid
        assert global_.registered_names() == ["x"]


async def test_a_name_is_taken_once_and_a_process_has_one() -> None:
    async with otp.Node():
        first, second = process.spawn(idle), process.spawn(idle)

        assert global_.register_name("x", first)
        assert not global_.register_name("x", second)
        assert not global_.register_name("y", first)
        assert global_.register_name("y", second)


async def test_a_name_is_free_when_its_process_is_dead() -> None:
    async with otp.Node():
        pid = process.spawn(idle)
        global_.register_name("x", pid)
        process.exit(pid, otp.Kill())

        assert global_.whereis_name("x") is None
        assert not global_.register_name("x", pid)


async def test_a_name_can_be_given_up_and_taken_over() -> None:
    async with otp.Node():
        first, second = process.spawn(idle), process.spawn(idle)
        global_.register_name("x", first)
        assert global_.re_register_name("x", second)
        assert global_.whereis_name("x") is second

        global_.unregister_name("x")
        global_.unregister_name("nobody has it")
        assert global_.registered_names() == []

        # Who has lost a name does not take it along when it dies.
        global_.register_name("x", first)
        process.exit(second, otp.Kill())
        assert global_.whereis_name("x") is first


async def test_sending_to_a_name_finds_its_process() -> None:
    async with otp.Node():
        pid = process.spawn(idle)
        global_.register_name("x", pid)

        assert global_.send("x", "hello") is pid
        with pytest.raises(otp.NoProcessError, match="nobody"):
            global_.send("nobody", "hello")
        await wait_all_tasks_blocked()
        assert not process.is_alive(pid)


async def test_a_global_name_works_wherever_a_name_does() -> None:
    async with otp.Node("a"):
        spec = otp.one_for_one(otp.child_spec(Adder).named(ADDER))
        await supervisor.start_link(otp.Supervisor, spec)
        async with otp.Node("b"):
            assert await Adder.add(ADDER, 1, 2) == 3
            with pytest.raises(otp.AlreadyStartedError):
                await gen_server.Options(name=ADDER).start_link(Adder)


async def test_names_end_with_the_run_and_do_not_outlive_nodes() -> None:
    async with otp.Node() as node:
        global_.register_name("x", node.spawn(idle))

    assert global_.registered_names() == []


async def test_a_name_may_be_given_up_while_its_process_dies() -> None:
    class GiveUp(otp.abc.Instrument):
        def process_exited(self, pid: otp.Pid, reason: otp.ExitReason) -> None:
            del pid, reason
            global_.unregister_name("x")

    async with otp.Node(instruments=[GiveUp()]):
        pid = process.spawn(idle)
        global_.register_name("x", pid)
        process.exit(pid, otp.Kill())

        assert global_.registered_names() == []
        assert global_.register_name("x", process.spawn(idle))
