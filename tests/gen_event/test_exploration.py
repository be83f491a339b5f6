from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from trio.lowlevel import checkpoint

import otp
from otp import EventHandler, EventManager, gen_event, process
from otp.gen_event import HandlerExit, HandlerRef, Remove, Replaced, Swapped
from otp.testing import Cancelling, cancel_everywhere, explore
from tests.testing.worlds import (
    all_exited,
    cancelled_world,
    mail,
    rest,
    together,
    world,
)

if TYPE_CHECKING:
    from otp import Pid

Told = dict[str, list[object]]


class Ear(EventHandler[Any]):
    """Hears events, which are numbers, and notes its beginning and its end, too."""

    def __init__(self, name: str, told: Told) -> None:
        self.told = told.setdefault(name, [])

    async def init(self) -> None:
        await checkpoint()
        self.told.append("begins")

    async def init_swapped(self, predecessor: object) -> None:
        self.told.append(predecessor)
        await self.init()

    async def handle_event(self, event: object) -> Remove | None:
        self.told.append(event)
        await checkpoint()
        if event == "crash":
            raise RuntimeError("asked to")
        return Remove() if event == "remove" else None

    async def handle_info(self, message: object) -> None:
        pass

    async def terminate(self, ending: object) -> object:
        await checkpoint()
        self.told.append(type(ending).__name__)
        return self.told[-2]


class OtherEar(Ear):
    """Another one."""


async def start() -> Pid[EventManager[Any]]:
    return await gen_event.start(EventManager[Any])


def numbers(told: list[object]) -> list[int]:
    return [event for event in told if isinstance(event, int)]


async def count(manager: Pid[EventManager[Any]], *, sync: bool, to: int = 4) -> None:
    for number in range(to):
        if sync:
            await gen_event.sync_notify(manager, number)
        else:
            gen_event.notify(manager, number)
            await checkpoint()


# --------------------------------------------------------------------------- events


@pytest.mark.parametrize("sync", [True, False])
def test_a_handler_hears_all_from_its_first_event_to_its_last(*, sync: bool) -> None:
    async def body() -> None:
        told: Told = {}
        manager = await start()
        await gen_event.add_handler(manager, Ear, "old", told)

        async def come_and_go() -> None:
            await gen_event.add_handler(manager, HandlerRef(Ear, 1), "new", told)
            await checkpoint()
            last = await gen_event.delete_handler(manager, HandlerRef(Ear, 1))
            assert told["new"][-2:] == [last, "Deleted"]

        await together(partial(count, manager, sync=sync), come_and_go)
        await gen_event.stop(manager)
        new = numbers(told["new"])
        assert new == list(range(new[0], new[-1] + 1)) if new else True
        assert told["old"] == ["begins", 0, 1, 2, 3, "ManagerStopped"]

    explore(world(body), runs=60)


def test_no_event_is_lost_or_heard_twice_by_a_handler_and_its_successor() -> None:
    splits: set[int] = set()

    async def body() -> None:
        told: Told = {}
        manager = await start()
        await gen_event.add_handler(manager, Ear, "old", told)

        async def swap() -> None:
            await checkpoint()
            await gen_event.swap_handler(manager, Ear, "why", OtherEar, "new", told)

        await together(partial(count, manager, sync=True), swap)
        assert numbers(told["old"]) + numbers(told["new"]) == [0, 1, 2, 3]
        # What the old one's terminate() returns, the new one is given.
        assert told["new"][0] == gen_event.Terminated(told["old"][-2])
        assert told["old"][-1] == Swapped.__name__
        splits.add(len(numbers(told["old"])))
        await gen_event.stop(manager)

    explore(world(body), runs=60)

    assert len(splits) > 2


def test_a_handler_that_fails_or_goes_is_nothing_to_the_others() -> None:
    async def body() -> None:
        told: Told = {}
        manager = await start()
        await gen_event.add_handler(manager, Ear, "old", told)

        class Weak(Ear):
            async def handle_event(self, event: object) -> Remove | None:
                return await super().handle_event("crash" if event == 1 else event)

        async def add_weak() -> None:
            await gen_event.add_handler(manager, Weak, "weak", told)
            with suppress(gen_event.NoHandlerError):
                await gen_event.delete_handler(manager, Weak)

        await together(partial(count, manager, sync=True), add_weak)
        await gen_event.stop(manager)
        assert told["old"] == ["begins", 0, 1, 2, 3, "ManagerStopped"]
        weak = told["weak"]
        assert weak[0] == "begins"
        assert weak[-1] == ("Failed" if "crash" in weak else "Deleted")
        assert not {"Failed", "Deleted"} & set(map(str, weak[:-1]))

    explore(world(body), runs=60)


def test_who_waits_for_an_event_hears_of_the_end_of_the_manager() -> None:
    seen: set[object] = set()

    async def body(how: str) -> None:
        told: Told = {}
        manager = await start()
        await gen_event.add_handler(manager, Ear, "old", told)

        async def tell() -> None:
            try:
                await count(manager, sync=True)
                seen.add("all")
            except otp.CallError as error:
                seen.add(type(error))

        async def end() -> None:
            if how == "stop":
                await gen_event.stop(manager)
            else:
                process.exit(manager, otp.Kill())

        await together(tell, tell, end)
        await all_exited(manager)
        ends = ["ManagerStopped"] if how == "stop" else []
        assert [what for what in told["old"] if isinstance(what, str)][1:] == ends

    explore(world(partial(body, "stop")), runs=60)
    explore(world(partial(body, "kill")), runs=60)

    assert seen == {"all", otp.ServerExitedError, otp.NoProcessError}


# --------------------------------------------------------------------------- owners


def exits() -> list[HandlerExit]:
    """Take the caller's mail, which tells of handlers that are gone."""
    came: list[HandlerExit] = []
    for message in mail():
        assert isinstance(message, HandlerExit), message
        came.append(message)
    return came


def test_an_owner_hears_once_whatever_ends_its_handler() -> None:
    seen: set[object] = set()

    async def body() -> None:
        told: Told = {}
        manager = await start()
        await gen_event.add_sup_handler(manager, Ear, "mine", told)

        async def delete() -> None:
            with suppress(gen_event.NoHandlerError, otp.CallError):
                await gen_event.delete_handler(manager, Ear)

        async def tell(event: str) -> None:
            gen_event.notify(manager, event)
            await checkpoint()

        async def stop() -> None:
            await gen_event.stop(manager)

        await together(delete, partial(tell, "crash"), partial(tell, "remove"), stop)
        (exit_,) = exits()
        assert exit_.handler == HandlerRef(Ear)
        assert exit_.manager is manager
        ends = {"Deleted", "Failed", "Removed", "ManagerStopped"}
        (end,) = [what for what in told["mine"] if what in ends]
        seen.add(end)

    explore(world(body), runs=60)

    assert seen == {"Deleted", "Failed", "Removed", "ManagerStopped"}


def test_a_handler_ends_once_with_its_owner() -> None:
    seen: set[object] = set()

    async def body() -> None:
        told: Told = {}
        manager = await start()

        async def own() -> None:
            await gen_event.add_sup_handler(manager, Ear, "mine", told)
            await checkpoint()
            raise otp.Exit(otp.Shutdown())

        async def delete() -> None:
            for _ in range(6):
                await checkpoint()
            with suppress(gen_event.NoHandlerError):
                await gen_event.delete_handler(manager, Ear)

        owner = process.spawn(own)
        await together(partial(count, manager, sync=True), delete)
        await all_exited(owner)
        await rest()
        assert await gen_event.which_handlers(manager) == []
        (end,) = [what for what in told["mine"] if what in ("Deleted", "OwnerDied")]
        assert told["mine"][-1] == end
        seen.add(end)
        await gen_event.stop(manager)

    explore(world(body), runs=60)

    assert seen == {"Deleted", "OwnerDied"}


def test_one_of_two_owners_at_a_time_has_a_handler_that_is_swapped() -> None:
    async def body() -> None:
        told: Told = {}
        manager = await start()
        heard: dict[str, list[HandlerExit]] = {}
        refs = {name: HandlerRef(Ear, name) for name in "ab"}

        async def own(name: str, other: str) -> None:
            await gen_event.swap_sup_handler(
                manager, refs[other], "why", refs[name], name, told
            )
            for _ in range(4):
                await checkpoint()
            heard[name] = exits()

        await together(partial(own, "a", "b"), partial(own, "b", "a"))
        # Whoever's owner lives has one; here both have ended.
        await rest()
        assert await gen_event.which_handlers(manager) == []
        ends = [told[name][-1] for name in "ab"]
        assert sorted(ends, key=str) in (["OwnerDied"] * 2, ["OwnerDied", "Swapped"])
        for name in "ab":
            for exit_ in heard[name]:
                assert exit_.handler == refs[name]
                assert isinstance(exit_.reason, Replaced)
        await gen_event.stop(manager)

    explore(world(body), runs=50)


# ------------------------------------------------------------------------ cancelled


@pytest.mark.parametrize("owned", [True, False])
def test_a_handler_is_whole_or_not_there_if_its_adding_is_cancelled(
    *, owned: bool
) -> None:
    add = gen_event.add_sup_handler if owned else gen_event.add_handler

    async def begin(cancelling: Cancelling) -> None:
        told: Told = {}
        manager = await start()
        with cancelling:
            await add(manager, Ear, "mine", told)
        await rest(1)
        there = await gen_event.which_handlers(manager)
        assert there == ([HandlerRef(Ear)] if told else [])
        await gen_event.stop(manager)
        assert len(exits()) == (1 if there and owned else 0)

    assert cancel_everywhere(cancelled_world(begin), schedules=5) > 5


def test_a_swap_that_is_cancelled_is_done_or_not_begun() -> None:
    async def swap(cancelling: Cancelling) -> None:
        told: Told = {}
        manager = await start()
        await gen_event.add_sup_handler(manager, Ear, "old", told)
        with cancelling:
            await gen_event.swap_sup_handler(manager, Ear, 0, OtherEar, "new", told)
        await gen_event.sync_notify(manager, 1)
        assert numbers(told["old"]) + numbers(told.get("new", [])) == [1]
        assert len(await gen_event.which_handlers(manager)) == 1
        await gen_event.stop(manager)
        assert len(exits()) == len(told)

    assert cancel_everywhere(cancelled_world(swap), schedules=5) > 5


def test_a_manager_that_is_told_to_stop_ends_although_that_is_cancelled() -> None:
    async def stop(cancelling: Cancelling) -> None:
        told: Told = {}
        manager = await start()
        await gen_event.add_handler(manager, Ear, "old", told)
        with cancelling:
            await gen_event.stop(manager)
        with suppress(otp.ServerExitedError, otp.NoProcessError):
            await gen_event.stop(manager)
        assert told["old"] == ["begins", "ManagerStopped"]

    assert cancel_everywhere(cancelled_world(stop), schedules=5) > 5
