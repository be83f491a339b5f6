"""Every recorded probe is tested, or there is a reason why it cannot be."""

from __future__ import annotations

from . import (
    test_gen_server,
    test_proc_lib,
    test_process,
    test_requests,
    test_timer,
)
from .erlang import read_records

MODULES = [test_gen_server, test_proc_lib, test_process, test_requests, test_timer]

NO_THROW = "Python has no throw: a callback returns its result"
ONE_ANSWER = (
    "an answer goes into a slot and not into a mailbox, so that a second one finds "
    "no place; see tests/gen_server/test_calls.py"
)

CANNOT_APPLY = {
    "throw reason shape": NO_THROW,
    "throw in handle_call = return": NO_THROW,
    "start init throw value = return": NO_THROW,
    "throw from terminate ignored": NO_THROW,
    "reply twice: 2nd is dropped?": ONE_ANSWER,
    "reply twice with infinity (local)": ONE_ANSWER,
    "cancel_timer async": "cancelling never waits, so it needs no other form",
    "timer:cancel bad": "what is no timer is found by the type checker",
    "message before exit signal (same sender)": (
        "its record says only that both sides waited for the same time; the order is "
        "tested in tests/test_process.py"
    ),
    "alias default: survives replies": (
        "a message is in the mailbox as soon as it is sent, so that none is on its "
        "way when the alias ends; see tests/kernel/test_aliases.py"
    ),
}


def probes_with_tests() -> dict[str, str]:
    """Return the names of the tests by the names of their probes."""
    return {
        test.probe: name
        for module in MODULES
        for name, test in vars(module).items()
        if name.startswith("test_") and hasattr(test, "probe")
    }


def test_every_recorded_probe_is_tested_or_cannot_apply() -> None:
    assert probes_with_tests().keys() | CANNOT_APPLY.keys() == read_records().keys()


def test_no_tested_probe_is_said_not_to_apply() -> None:
    assert not probes_with_tests().keys() & CANNOT_APPLY.keys()


def test_no_probe_is_tested_twice() -> None:
    tests = [
        name
        for module in MODULES
        for name, test in vars(module).items()
        if hasattr(test, "probe")
    ]

    assert len(tests) == len(probes_with_tests())


def test_every_test_of_these_modules_is_a_probe() -> None:
    tests = [
        test
        for module in MODULES
        for name, test in vars(module).items()
        if name.startswith("test_")
    ]

    assert all(hasattr(test, "probe") for test in tests)
