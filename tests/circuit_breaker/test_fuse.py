"""What Erlang's library fuse promises of its fuses holds for breakers as well.

Its words, and ours:

=============================== =====================================================
install, {standard, R, T}       start a `BreakerServer`, with a name and
                                ``window=TimeWindow(T), failure_count=R + 1``
{reset, Ms}                     ``open_for=Ms / 1000``
ask: ok, blown                  ``state``: closed or half-open, open or isolated
melt                            ``record("failure")``
run: {ok, X}, {melt, X}         ``call``, with a `bad_result` that sees the melt
reset                           ``close()``
remove                          the end of the process
circuit_disable, circuit_enable ``isolate()``, ``enable()``
{error, not_found}              `NoProcessError`
=============================== =====================================================

`REQUIREMENTS` says which test is about which of its requirements. What has no
counterpart, and why:

======================== ============================================================
heals to *ok*            a fuse whose time is over takes as many melts as a new one;
                         a breaker lets some calls try first, so its state is
                         half-open, melts do not count in it, and one run decides
disabled outlives        a new process has a new state, and is closed; what stands is
install                  everything but that: time, ``close()``, ``open()``
{fault_injection, ...}   faults come from `otp.testing`
ask in two contexts      a breaker of the program is asked without any process, and
                         one that is a process by calls, in order
alarms, with hysteresis  listeners are told of each change; what keeps them from
                         flapping is the trial
statistics plug-ins      ``statistics()`` and listeners
======================== ============================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

import attrs
import pytest
import trio
from hypothesis import given, settings, strategies as st

import otp
from otp import CircuitOpenError, InvalidSpecError, Name, gen_statem, process
from otp.circuit_breaker import BreakerServer, BreakerSpec, TimeWindow, shared
from otp.circuit_breaker._breaker import Breaker
from tests.circuit_breaker.nodes import in_node

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

Answer = Literal["ok", "blown", "not_found"]

REQUIREMENTS: Final = {
    "R01 heal of what is not installed": "test_what_was_removed_does_not_heal",
    "R02 heal of what is blown": "test_a_blown_one_heals_when_its_time_is_over",
    "R03 install with invalid options": "test_senseless_options_are_refused",
    "R04 install with valid options": "test_one_that_is_installed_is_ok",
    "R05 reset of what is not installed": "test_nothing_can_be_done_to_an_unknown_one",
    "R06 reset, blown or not": "test_a_reset_forgets_all_melts",
    "R07 run of one that is ok": "test_a_run_returns_what_the_function_returns",
    "R08 run of one that is blown": "test_a_run_of_a_blown_one_calls_nothing",
    "R09 run that melts": "test_a_run_that_melts_still_returns_its_value",
    "R10 run of what is not installed": "test_an_unknown_one_runs_nothing",
    "R11 melt of what is installed": "test_so_many_melts_are_tolerated_and_no_more",
    "R12 melt of what is not installed": "test_an_unknown_one_can_be_melted_in_vain",
    "R13 blowing": "test_so_many_melts_are_tolerated_and_no_more",
    "R14 melts that leave the window": "test_melts_that_are_too_old_do_not_count",
    "R15 ask of what is installed": "test_one_that_is_installed_is_ok",
    "R16 ask of what is not installed": "test_nothing_can_be_done_to_an_unknown_one",
    "R17 disabling": "test_one_that_is_disabled_stays_blown_until_it_is_enabled",
    "R18 disabling an unknown one": "test_nothing_can_be_done_to_an_unknown_one",
    "R19 enabling": "test_one_that_is_disabled_stays_blown_until_it_is_enabled",
    "R20 enabling an unknown one": "test_nothing_can_be_done_to_an_unknown_one",
    "R21 melting a disabled one": "test_melts_of_a_disabled_one_do_not_count",
    "R22 the command to heal": "test_a_blown_one_heals_when_its_time_is_over",
    "R23 the command to wait": "test_more_melts_do_not_put_the_healing_off",
}


@attrs.frozen
class Melt:
    """A result that melts the fuse that it was run by."""

    value: object


class Fuses:
    """Breakers, with the words of fuse."""

    async def install(self, name: str, intensity: int, period: float) -> None:
        """Install a fuse that is reset after a minute, in the place of any other."""
        spec = fuse_spec(intensity, period)
        if process.whereis(Name(name)) is not None:
            await self.remove(name)
        await gen_statem.start_named(Name[BreakerServer](name), BreakerServer, spec)

    async def remove(self, name: str) -> None:
        await gen_statem.stop(Name(name))

    async def ask(self, name: str) -> Answer:
        try:
            state = await shared(Name(name)).state()
        except otp.NoProcessError:
            return "not_found"
        return "blown" if state in {"open", "isolated"} else "ok"

    def melt(self, name: str, times: int = 1) -> None:
        for _ in range(times):
            shared(Name(name)).record()

    async def run(self, name: str, fn: Callable[[], T]) -> object:
        async def call() -> object:
            return fn()

        breaker = shared(Name(name), bad_result=lambda result: isinstance(result, Melt))
        try:
            return await breaker.call(call)
        except CircuitOpenError:
            return "blown"


def fuse_spec(intensity: int, period: float) -> BreakerSpec:
    """Return what fuse calls {{standard, intensity, period}, {reset, 60000}}."""
    return BreakerSpec(
        window=TimeWindow(period),
        failure_count=intensity + 1,
        failure_rate=None,
        open_for=60.0,
        half_open_calls=1,
    )


def test_there_is_a_test_for_each_of_the_23_requirements() -> None:
    numbers = [requirement.split()[0] for requirement in REQUIREMENTS]

    assert numbers == [f"R{n:02}" for n in range(1, 24)]
    assert [name for name in REQUIREMENTS.values() if name not in globals()] == []


# --------------------------------------------------------------- install, reset, remove


@pytest.mark.parametrize(
    "wrong",
    [
        {"failure_count": 0},
        {"failure_count": -3},
        {"failure_count": "many"},
        {"open_for": -1},
    ],
)
def test_senseless_options_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidSpecError):
        attrs.evolve(fuse_spec(2, 10), **wrong)


@in_node
async def test_one_that_is_installed_is_ok() -> None:
    fuses = Fuses()
    await fuses.install("db", 2, 10)

    assert await fuses.ask("db") == "ok"


@in_node
async def test_one_that_is_installed_again_is_as_new_and_has_its_new_options() -> None:
    fuses = Fuses()
    await fuses.install("db", 2, 10)
    fuses.melt("db", 3)
    assert await fuses.ask("db") == "blown"

    await fuses.install("db", 3, 10)
    assert await fuses.ask("db") == "ok"
    fuses.melt("db", 3)

    assert await fuses.ask("db") == "ok"


@in_node
async def test_a_reset_forgets_all_melts() -> None:
    fuses = Fuses()
    await fuses.install("db", 2, 10)
    for melts in (2, 3):
        fuses.melt("db", melts)
        await shared(Name("db")).close()

        assert await fuses.ask("db") == "ok"
        fuses.melt("db", 2)
        assert await fuses.ask("db") == "ok"
        await shared(Name("db")).close()


@in_node
async def test_nothing_can_be_done_to_an_unknown_one() -> None:
    assert await Fuses().ask("none") == "not_found"
    breaker = shared(Name("none"))
    for command in (breaker.close, breaker.isolate, breaker.enable, breaker.open):
        with pytest.raises(otp.NoProcessError):
            await command()


@in_node
async def test_what_was_removed_is_unknown() -> None:
    fuses = Fuses()
    await fuses.install("db", 2, 10)

    await fuses.remove("db")

    assert await fuses.ask("db") == "not_found"


# ----------------------------------------------------------------------------- melt


@in_node
async def test_so_many_melts_are_tolerated_and_no_more() -> None:
    fuses = Fuses()
    await fuses.install("db", 2, 10)
    answers: list[Answer] = []
    for _ in range(4):
        fuses.melt("db")
        answers.append(await fuses.ask("db"))

    assert answers == ["ok", "ok", "blown", "blown"]


@in_node
async def test_one_that_tolerates_none_is_ok_until_its_first_melt() -> None:
    fuses = Fuses()
    await fuses.install("db", 0, 10)
    assert await fuses.ask("db") == "ok"

    fuses.melt("db")

    assert await fuses.ask("db") == "blown"


@in_node
async def test_melts_that_are_too_old_do_not_count() -> None:
    fuses = Fuses()
    await fuses.install("db", 2, 10)
    fuses.melt("db", 2)
    await trio.sleep(10)

    fuses.melt("db")
    assert await fuses.ask("db") == "ok"
    await trio.sleep(9)
    fuses.melt("db", 2)

    assert await fuses.ask("db") == "blown"


@in_node
async def test_an_unknown_one_can_be_melted_in_vain() -> None:
    Fuses().melt("none")

    assert await Fuses().ask("none") == "not_found"


# ------------------------------------------------------------------------------ run


@in_node
async def test_a_run_returns_what_the_function_returns() -> None:
    fuses = Fuses()
    await fuses.install("db", 0, 10)

    assert await fuses.run("db", lambda: 7) == 7
    assert await fuses.ask("db") == "ok"


@in_node
async def test_a_run_that_melts_still_returns_its_value() -> None:
    fuses = Fuses()
    await fuses.install("db", 0, 10)

    assert await fuses.run("db", lambda: Melt(7)) == Melt(7)
    assert await fuses.ask("db") == "blown"


@in_node
async def test_a_run_of_a_blown_one_calls_nothing() -> None:
    fuses = Fuses()
    await fuses.install("db", 0, 10)
    fuses.melt("db")

    assert await fuses.run("db", lambda: pytest.fail("called")) == "blown"


@in_node
async def test_an_unknown_one_runs_nothing() -> None:
    with pytest.raises(otp.NoProcessError):
        await Fuses().run("none", lambda: pytest.fail("called"))


# ----------------------------------------------------------------------------- heal


@in_node
async def test_a_blown_one_heals_when_its_time_is_over() -> None:
    fuses = Fuses()
    await fuses.install("db", 0, 10)
    fuses.melt("db")

    await trio.sleep(59)
    assert await fuses.ask("db") == "blown"
    await trio.sleep(1)
    assert await fuses.ask("db") == "ok"
    assert await fuses.run("db", lambda: 7) == 7

    assert await shared(Name("db")).state() == "closed"


@in_node
async def test_more_melts_do_not_put_the_healing_off() -> None:
    fuses = Fuses()
    await fuses.install("db", 0, 10)
    fuses.melt("db")
    await trio.sleep(30)
    fuses.melt("db", 5)
    await shared(Name("db")).open()
    await trio.sleep(30)

    assert await fuses.ask("db") == "ok"


@in_node
async def test_what_was_removed_does_not_heal() -> None:
    fuses = Fuses()
    await fuses.install("db", 0, 10)
    fuses.melt("db")
    await fuses.remove("db")
    await fuses.install("db", 0, 10)
    await trio.sleep(59)
    fuses.melt("db")
    await trio.sleep(2)

    # That was when the first one would have healed.
    assert await fuses.ask("db") == "blown"


@in_node
async def test_one_that_was_reset_does_not_heal_by_its_old_time() -> None:
    fuses = Fuses()
    await fuses.install("db", 0, 10)
    fuses.melt("db")
    await trio.sleep(50)
    await shared(Name("db")).close()
    fuses.melt("db")
    await trio.sleep(20)

    assert await fuses.ask("db") == "blown"


# -------------------------------------------------------------------------- circuitry


@in_node
async def test_one_that_is_disabled_stays_blown_until_it_is_enabled() -> None:
    fuses, breaker = Fuses(), shared(Name("db"))
    await fuses.install("db", 2, 10)
    await breaker.isolate()
    answers = [await fuses.ask("db")]
    await breaker.close()
    answers.append(await fuses.ask("db"))
    await trio.sleep(600)
    answers.append(await fuses.ask("db"))
    await breaker.enable()
    answers.append(await fuses.ask("db"))

    assert answers == ["blown", "blown", "blown", "ok"]


@in_node
async def test_melts_of_a_disabled_one_do_not_count() -> None:
    fuses, breaker = Fuses(), shared(Name("db"))
    await fuses.install("db", 2, 10)
    fuses.melt("db", 2)
    await breaker.isolate()
    fuses.melt("db", 9)
    await breaker.enable()

    fuses.melt("db", 2)
    assert await fuses.ask("db") == "ok"
    fuses.melt("db")
    assert await fuses.ask("db") == "blown"


@in_node
async def test_one_that_blew_before_it_was_disabled_does_not_heal_meanwhile() -> None:
    fuses, breaker = Fuses(), shared(Name("db"))
    await fuses.install("db", 0, 10)
    fuses.melt("db")
    await breaker.isolate()
    await trio.sleep(61)

    assert await breaker.state() == "isolated"


# ---------------------------------------------------------------------- all together


class FuseModel:
    """A fuse as its requirements say, but for the trial after it has healed."""

    def __init__(self, intensity: int, period: float) -> None:
        self.intensity = intensity
        self.period = period
        self.enabled = True
        self.melts: list[float] = []
        self.heals: float | None = None
        self.healed = False

    def pass_time(self, now: float) -> None:
        if self.heals is not None and now >= self.heals:
            self.heals, self.healed, self.melts = None, True, []

    def ask(self) -> Answer:
        return "ok" if self.enabled and self.heals is None else "blown"

    def melt(self, now: float) -> None:
        if self.ask() == "blown" or self.healed:
            return
        self.melts = [at for at in self.melts if now - at < self.period] + [now]
        if len(self.melts) > self.intensity:
            self.heals = now + 60

    def run(self, now: float, *, melts: bool) -> Answer:
        if self.ask() == "blown":
            return "blown"
        if self.healed:
            self.healed = False
            self.heals = now + 60 if melts else None
        elif melts:
            self.melt(now)
        return "ok"

    def reset(self) -> None:
        if self.enabled:
            self.melts, self.heals, self.healed = [], None, False

    def disable(self) -> None:
        self.reset()
        self.enabled = False

    def enable(self) -> None:
        if not self.enabled:
            self.enabled = True
            self.reset()


COMMANDS = st.sampled_from(
    ["melt"] * 6 + ["ok", "bad"] * 2 + ["reset", "disable", "enable", "enable"]
)
STORIES = st.lists(
    st.tuples(st.sampled_from([0, 0, 1, 5, 10, 30, 60]), COMMANDS), max_size=40
)


@settings(max_examples=400)
@given(st.integers(0, 3), STORIES)
def test_whatever_is_done_a_breaker_answers_as_a_fuse(
    intensity: int, story: list[tuple[float, str]]
) -> None:
    breaker = Breaker(fuse_spec(intensity, 10))
    model = FuseModel(intensity, 10)
    now = 0.0
    for passed, command in story:
        now += passed
        model.pass_time(now)
        match command:
            case "melt":
                breaker.record_seen("failure", now, 0)
                model.melt(now)
            case "ok" | "bad":
                melts = command == "bad"
                admission = breaker.admit(now)
                answer = model.run(now, melts=melts)
                assert (admission is None) == (answer == "blown")
                if admission is not None:
                    outcome: Any = "failure" if melts else "success"
                    breaker.record(admission, outcome, now, 0)
            case "reset":
                breaker.steer("close", now)
                model.reset()
            case "disable":
                breaker.steer("isolate", now)
                model.disable()
            case _:
                breaker.steer("enable", now)
                model.enable()

        blown = breaker.state in {"open", "isolated"}
        assert blown == (model.ask() == "blown")
        assert (breaker.state == "half_open") == (model.healed and model.enabled)
