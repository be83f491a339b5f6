"""The errors: one root, and each tells how bad it is and what to try."""

from __future__ import annotations

import importlib
import pkgutil
from typing import get_args

import pytest

import otp
from otp import Name, NoProc, Normal, OTPError, Reason, process
from otp.kernel import (
    AlreadyStartedError,
    CallError,
    CallingSelfError,
    CallTimeoutError,
    InvalidSpecError,
    MailboxFullError,
    NameTakenError,
    NodeDownError,
    NodeError,
    NoNodeError,
    NoProcessError,
    NotAProcessError,
    ReceiveTimeoutError,
    Recovery,
    ServerExitedError,
    Severity,
    StartError,
    StartIgnored,
    StartTimeoutError,
)

from .support import idle, on_node

COUNTER = Name[object]("counter")


def every_error() -> list[type[OTPError]]:
    """Return all errors of the package, also those that are not public."""
    for module in pkgutil.walk_packages(otp.__path__, "otp."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found = [OTPError]
    for error in found:
        found += [c for c in error.__subclasses__() if c.__module__.startswith("otp")]
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("error", every_error())
def test_every_error_tells_how_bad_it_is_and_what_to_try(
    error: type[OTPError],
) -> None:
    assert error.severity in get_args(Severity)
    assert error.recovery in get_args(Recovery)


@pytest.mark.parametrize("error", every_error())
def test_every_error_says_when_it_comes(error: type[OTPError]) -> None:
    assert error.__doc__


@pytest.mark.parametrize("error", [e for e in every_error() if e is not OTPError])
def test_an_error_is_named_as_one(error: type[OTPError]) -> None:
    assert error.__name__.endswith("Error") or error is StartIgnored


def test_the_severities_and_recoveries_are_these() -> None:
    assert get_args(Severity) == ("low", "medium", "high", "critical")
    assert set(get_args(Recovery)) == {
        *("retry", "restart", "escalate", "reload"),
        *("circuit_breaker", "failover", "ignore"),
    }


def test_an_instance_may_judge_for_itself() -> None:
    error = OTPError("x")
    error.severity = "critical"  # type: ignore[misc]

    assert (error.severity, OTPError.severity) == ("critical", "medium")


@pytest.mark.parametrize(
    ("error", "severity", "recovery"),
    [
        (OTPError, "medium", "escalate"),
        (NodeError, "high", "escalate"),
        (NoNodeError, "high", "escalate"),
        (NotAProcessError, "high", "escalate"),
        (NameTakenError, "low", "ignore"),
        (CallError, "medium", "retry"),
        (NoProcessError, "medium", "retry"),
        (CallTimeoutError, "medium", "circuit_breaker"),
        (ServerExitedError, "medium", "retry"),
        (CallingSelfError, "high", "escalate"),
        (NodeDownError, "medium", "failover"),
        (MailboxFullError, "medium", "circuit_breaker"),
        (ReceiveTimeoutError, "low", "retry"),
        (StartError, "high", "restart"),
        (StartTimeoutError, "high", "restart"),
        (StartIgnored, "low", "ignore"),
        (AlreadyStartedError, "low", "ignore"),
        (InvalidSpecError, "critical", "escalate"),
    ],
)
def test_what_is_said_about_the_errors_of_the_kernel(
    error: type[OTPError], severity: str, recovery: str
) -> None:
    assert (error.severity, error.recovery) == (severity, recovery)


@pytest.mark.parametrize(
    ("error", "family"),
    [
        (NoNodeError, RuntimeError),
        (NotAProcessError, RuntimeError),
        (NameTakenError, ValueError),
        (NoProcessError, LookupError),
        (CallTimeoutError, TimeoutError),
        (CallingSelfError, RuntimeError),
        (NodeDownError, ConnectionError),
        (ReceiveTimeoutError, TimeoutError),
        (StartTimeoutError, TimeoutError),
        (InvalidSpecError, ValueError),
    ],
)
def test_errors_are_also_of_the_family_that_python_has_for_them(
    error: type[OTPError], family: type[Exception]
) -> None:
    assert issubclass(error, family)


@pytest.mark.parametrize(
    "error",
    [
        NoProcessError,
        CallTimeoutError,
        ServerExitedError,
        CallingSelfError,
        NodeDownError,
        MailboxFullError,
    ],
)
def test_what_can_go_wrong_with_a_call_is_one_family(error: type[OTPError]) -> None:
    assert issubclass(error, CallError)


def test_the_errors_of_calls_name_the_server() -> None:
    texts = [
        str(NoProcessError(COUNTER)),
        str(CallTimeoutError(COUNTER, 5.0)),
        str(ServerExitedError(COUNTER, Normal())),
        str(CallingSelfError(COUNTER)),
        str(NodeDownError(COUNTER.at("east"), "east")),
        str(MailboxFullError(COUNTER, 3)),
    ]

    assert texts == [
        "there is no process counter",
        "counter did not answer in 5 s",
        "counter ended during the call: Normal()",
        (
            "counter calls itself: it would wait for its own answer; "
            "call the method on self instead"
        ),
        "no node 'east' is known here",
        "the mailbox of counter is full: it holds 3",
    ]


def test_the_errors_of_calls_carry_what_they_are_about() -> None:
    assert NoProcessError(COUNTER).server is COUNTER
    assert CallTimeoutError(COUNTER, 0.5).timeout == 0.5
    assert ServerExitedError(COUNTER, NoProc()).reason == NoProc()
    assert NodeDownError(COUNTER, "east").node == "east"
    assert MailboxFullError(COUNTER, 3).limit == 3


@on_node
async def test_a_server_that_has_no_name_is_shown_by_its_pid() -> None:
    pid = process.spawn(idle)

    assert str(NoProcessError(pid)) == f"there is no process {pid!r}"


def test_the_other_errors_say_what_to_do() -> None:
    assert "use 'async with otp.Node():'" in str(NoNodeError())
    assert str(NotAProcessError("receive()")).startswith("receive() is for processes:")
    assert str(ReceiveTimeoutError(0.5)) == "no fitting message came in 0.5 s"


@on_node
async def test_the_errors_of_starts_carry_what_they_are_about() -> None:
    pid = process.spawn(idle)
    failed = StartError("Counter", Reason("x"))
    taken = AlreadyStartedError("Counter", pid, Reason("x"))
    name = NameTakenError("counter", pid)

    assert (failed.what, failed.reason) == ("Counter", Reason("x"))
    assert str(failed) == "Counter could not start: Reason(value='x')"
    assert str(StartError("Counter", Reason("x"), "other")) == "other"
    assert (taken.pid, taken.reason) == (pid, Reason("x"))
    assert str(taken) == f"Counter is already started: {pid!r}"
    assert (name.name, name.pid) == ("counter", pid)
    assert str(name) == f"the name 'counter' is taken, by {pid!r}"


def test_an_invalid_specification_names_erlangs_word_and_the_value() -> None:
    error = InvalidSpecError("invalid_shutdown", -1, "a time is not negative")

    assert (error.kind, error.value) == ("invalid_shutdown", -1)
    assert str(error) == "a time is not negative"
