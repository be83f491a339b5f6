"""Changing the class of a process that runs, and taking that back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest
import trio

import otp
from otp import (
    CallingSelfError,
    CallTimeoutError,
    Exit,
    GenServer,
    Kill,
    NoProcessError,
    Pid,
    Reason,
    ServerExitedError,
    code,
    gen_server,
    process,
    sys,
)
from otp.sys import (
    CallbackFailedError,
    ChangeCode,
    Changed,
    Downgrade,
    GetModules,
    Inside,
    LayoutError,
    RenewSpecs,
    Undo,
    ask,
    migrate,
)
from tests.gen_server.servers import Counter
from tests.kernel.support import on_node
from tests.supervisor.support import settled

if TYPE_CHECKING:
    from collections.abc import Callable

    from otp.kernel import Process


class Versioned(Counter):
    """A counter that does at a change of code what it is told to."""

    __version__ = 2

    async def code_change(self, old_version: object, extra: Any) -> None:
        self.value += 100
        self.asked = old_version
        if isinstance(extra, BaseException):
            raise extra
        if extra is not None:
            await extra.wait()


class Foreign:
    """Is laid out like a server, and is none."""


class Slotted(GenServer):
    __slots__ = ("value",)


async def module_of(pid: Pid[Any]) -> type[object]:
    return (await sys.get_status(pid)).module


@on_node
async def test_a_running_process_goes_on_as_another_class() -> None:
    pid = await gen_server.start(Counter, 3)

    await migrate(pid, Versioned)

    assert await module_of(pid) is Versioned
    assert await Counter.get(pid) == 103
    assert await sys.get_state(pid) == {"value": 103, "asked": None}
    info = process.info(pid)
    assert info is not None
    assert info.origin is Versioned


@on_node
async def test_a_suspended_process_stays_suspended() -> None:
    pid = await gen_server.start(Counter, 3)
    await sys.suspend(pid)

    await migrate(pid, Versioned)

    assert (await sys.get_status(pid)).suspended


@on_node
async def test_the_older_class_is_asked_for_by_the_newer_one() -> None:
    pid = await gen_server.start(Versioned, 3)

    class Older(Counter):
        __version__ = 1

        async def code_change(self, old_version: object, extra: object) -> None:
            raise AssertionError((old_version, extra))

    await migrate(pid, Older)

    assert await sys.get_state(pid) == {"value": 103, "asked": Downgrade(1)}
    assert await module_of(pid) is Older


@on_node
async def test_a_version_that_is_said_counts() -> None:
    pid = await gen_server.start(Counter, 3)

    await migrate(pid, Versioned, old_version="said")
    assert await sys.get_state(pid) == {"value": 103, "asked": "said"}
    await migrate(pid, Counter, old_version=Downgrade("so"))
    assert await sys.get_state(pid) == {"value": 203, "asked": Downgrade("so")}


@pytest.mark.parametrize("goes_down", [True, False])
@on_node
async def test_a_conversion_that_raises_changes_nothing(*, goes_down: bool) -> None:
    old, new = (Versioned, Counter) if goes_down else (Counter, Versioned)
    pid = await gen_server.start(old, 3)
    version = Downgrade(1) if goes_down else None

    with pytest.raises(CallbackFailedError, match="code_change failed: ValueError"):
        await migrate(pid, new, old_version=version, extra=ValueError("no"))

    assert await module_of(pid) is old
    assert await sys.get_state(pid) == {"value": 3}


@on_node
async def test_a_conversion_that_wants_to_end_the_process_fails() -> None:
    pid = await gen_server.start(Counter, 3)
    group = BaseExceptionGroup("from a nursery", [Exit(Reason("x"))])
    for end in (Exit(Reason("enough")), group):
        with pytest.raises(CallbackFailedError) as caught:
            await migrate(pid, Versioned, extra=end)
        assert caught.value.__cause__ is end

    assert await module_of(pid) is Counter
    assert await sys.get_state(pid) == {"value": 3}


@on_node
async def test_what_is_no_class_is_refused_at_once() -> None:
    pid = await gen_server.start(Counter, 3)
    for change in (code.change, sys.change_code):
        with pytest.raises(TypeError, match="an instance of a class, not of 3"):
            await change(pid, cast("Any", 3))


@pytest.mark.parametrize("new", [Foreign, Slotted, int])
@on_node
async def test_a_class_that_does_not_fit_changes_nothing(new: type[object]) -> None:
    pid = await gen_server.start(Counter, 3)

    with pytest.raises(CallbackFailedError) as caught:
        await migrate(pid, new)

    assert isinstance(caught.value.__cause__, LayoutError)
    assert await Counter.get(pid) == 3


@on_node
async def test_a_conversion_that_takes_too_long_changes_nothing() -> None:
    pid = await gen_server.start(Counter, 3)
    before = trio.current_time()

    with pytest.raises(CallTimeoutError):
        await migrate(pid, Versioned, extra=trio.Event(), timeout=2.0)

    assert trio.current_time() == before + 2.0
    assert await Counter.get(pid) == 3
    assert await module_of(pid) is Counter


@on_node
async def test_a_conversion_that_does_not_listen_is_taken_back_at_its_end() -> None:
    class Deaf(Versioned):
        async def code_change(self, old_version: object, extra: Any) -> None:
            del old_version, extra
            self.value = 0
            with trio.CancelScope(shield=True):
                await trio.sleep(10)

    pid = await gen_server.start(Counter, 3)
    with pytest.raises(CallTimeoutError):
        await migrate(pid, Deaf, timeout=2.0)

    assert await Counter.get.within(60)(pid) == 3
    assert await module_of(pid) is Counter


@on_node
async def test_who_gives_up_before_the_process_has_come_to_it_changes_nothing() -> None:
    class Busy(Counter):
        @otp.call
        async def sleep(self) -> None:
            await trio.sleep(10)

    pid = await gen_server.start(Busy, 3)
    Busy.sleep.send_request(pid)
    await settled()
    with pytest.raises(CallTimeoutError):
        await migrate(pid, Versioned, timeout=1.0)
    with trio.move_on_after(1.0):
        await sys.suspend(pid)

    await trio.sleep(20)
    status = await sys.get_status(pid)
    assert (status.module, status.suspended) == (Busy, False)


@on_node
async def test_who_gives_up_in_the_middle_changes_nothing() -> None:
    pid = await gen_server.start(Counter, 3)
    before = trio.current_time()

    with trio.move_on_after(1.0):
        await migrate(pid, Versioned, extra=trio.Event(), timeout=60)

    assert await Counter.get(pid) == 3
    assert trio.current_time() == before + 1.0
    assert await module_of(pid) is Counter


@on_node
async def test_who_asked_hears_of_a_process_that_dies_of_it() -> None:
    pid = await gen_server.start(Counter, 3)
    extra = trio.Event()

    async with trio.open_nursery() as nursery:

        async def do() -> None:
            with pytest.raises(ServerExitedError):
                await migrate(pid, Versioned, extra=extra, timeout=float("inf"))

        nursery.start_soon(do)
        await settled()
        process.exit(pid, Kill())


@on_node
async def test_the_dead_and_oneself_cannot_be_changed() -> None:
    class Narcissus(Counter):
        @otp.call
        async def change(self) -> None:
            await migrate(process.self(), Versioned)

    pid = await gen_server.start(Narcissus, 3)
    with pytest.raises(ServerExitedError) as caught:
        await Narcissus.change(pid)
    reason = cast("otp.Crash", caught.value.reason)
    assert isinstance(reason.error, CallingSelfError)

    with pytest.raises(NoProcessError):
        await migrate(pid, Versioned)
    with pytest.raises(ValueError, match="0 seconds or more"):
        await migrate(await gen_server.start(Counter), Versioned, timeout=-1)


# ------------------------------------------------------------------------ taken back


async def changed(pid: Pid[Any], new: type[object]) -> Changed:
    change = ChangeCode(new, None, None, at_once=True)
    answer = await ask(pid, change, 5.0)
    assert isinstance(answer, Changed)
    return answer


@on_node
async def test_a_change_can_be_taken_back() -> None:
    pid = await gen_server.start(Counter, 3)

    done = await changed(pid, Versioned)
    assert (done.old, done.new) == (Counter, Versioned)
    await ask(pid, Undo(done), 5.0)

    assert await module_of(pid) is Counter
    assert await sys.get_state(pid) == {"value": 3}
    assert process.info(pid).origin is Counter  # type: ignore[union-attr]


@on_node
async def test_a_server_has_one_class_and_no_specifications() -> None:
    pid = await gen_server.start(Counter, 3)

    assert await ask(pid, GetModules(), 5.0) == Inside((Counter,), keeps_specs=False)
    assert await ask(pid, RenewSpecs(lambda value: value), 5.0) is None


class Simple:
    """The least that a behaviour can offer to system messages."""

    def __init__(self, process: Process, server: Peculiar) -> None:
        self.process = process
        self.suspended = False
        self.debug: sys.Debug | None = None
        self.server = server

    @property
    def module(self) -> type[object]:
        return self.server.module

    def get_state(self) -> object:
        return self.server.state

    def replace_state(self, state: object) -> None:
        self.server.state = state

    def format_state(self) -> object:
        return self.server.state

    async def change_code(self, change: ChangeCode) -> None:
        self.server.changes.append(change)
        if change.new is not None:
            self.server.module = change.new
        self.server.state = "converted"


class Rich(Simple):
    """A host in whose process several classes run, and that keeps specifications."""

    @property
    def modules(self) -> tuple[type[object], ...]:
        return (int, str)

    def renew_specs(self, renew: sys.Renew) -> Callable[[], None]:
        before, self.server.state = self.server.state, renew(self.server.state)
        if self.server.state == "bad":
            self.server.state = before
            raise ValueError("bad")

        def restore() -> None:
            self.server.state = before

        return restore


class Peculiar(GenServer):
    """Has a host that knows nothing of what is not necessary."""

    host: type[Simple] = Simple

    def __init__(self) -> None:
        self.module: type[object] = Peculiar
        self.state: object = "state"
        self.changes: list[ChangeCode] = []
        self.__class__.last = self  # type: ignore[attr-defined]

    def __host__(self, process: Process) -> sys.SystemHost:
        return self.host(process, self)


class RichPeculiar(Peculiar):
    host = Rich


@on_node
async def test_a_host_without_a_snapshot_is_changed_back() -> None:
    class Higher:
        __version__ = 2

    class Lower:
        __version__ = 1

    pid = await gen_server.start(Peculiar)
    await migrate(pid, Lower)
    await ask(pid, Undo(await changed(pid, Higher)), 5.0)

    assert await module_of(pid) is Lower
    assert await sys.get_state(pid) == "converted"
    changes = cast("Any", Peculiar).last.changes
    assert [(c.new, c.old, c.old_version) for c in changes] == [
        (Lower, None, None),
        (Higher, None, 1),
        (Lower, Higher, Downgrade(1)),
    ]


@on_node
async def test_a_host_may_have_several_classes_and_keep_specifications() -> None:
    pid = await gen_server.start(RichPeculiar)

    assert await ask(pid, GetModules(), 5.0) == Inside((int, str), keeps_specs=True)
    done = await ask(pid, RenewSpecs(cast("Any", lambda _: "renewed")), 5.0)
    assert await sys.get_state(pid) == "renewed"
    with pytest.raises(CallbackFailedError, match="cannot be renewed"):
        await ask(pid, RenewSpecs(cast("Any", lambda _: "bad")), 5.0)
    assert isinstance(done, Changed)
    await ask(pid, Undo(done), 5.0)
    assert await sys.get_state(pid) == "state"


@on_node
async def test_which_of_several_classes_changes_is_said_by_the_change() -> None:
    class Old:
        __version__ = 7

    class New:
        __version__ = 9

    pid = await gen_server.start(RichPeculiar)
    done = await ask(pid, ChangeCode(New, None, "x", old=Old, at_once=True), 5.0)

    assert isinstance(done, Changed)
    assert (done.old, done.new) == (Old, New)
    (change,) = cast("Any", RichPeculiar).last.changes
    assert change == ChangeCode(New, 7, "x", old=Old, at_once=True)
