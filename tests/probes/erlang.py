"""Probes: small programs whose outcome on Erlang/OTP 27 is recorded beside this file.

A test marked with `probe` is the same program; what it returns, written as an Erlang
term, must be what was recorded. Where Erlang raises and a Python function does, too,
the test says which exception stands for which Erlang one.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from otp import (
    CallError,
    CallingSelfError,
    CallTimeoutError,
    Crash,
    Down,
    Exited,
    Ignore,
    Kill,
    Killed,
    Name,
    NoConnection,
    Node,
    NodeDownError,
    NoProc,
    NoProcessError,
    Normal,
    Pid,
    Reason,
    Ref,
    ServerExitedError,
    Shutdown,
    StartError,
    Timeout,
)
from otp.gen_server import BadReturnError
from tests.kernel.support import assert_nothing_left, outcome_in_process, with_clock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from otp import ExitReason

NODE = "nonode@nohost"


def read_records(
    name: str = "process_gen_server.otp27.txt", width: int = 46
) -> dict[str, str]:
    """Return the recorded outcomes by the names of the probes.

    In the file called *name*, the first *width* columns have the names.
    """
    file = Path(__file__).with_name(name)
    rows = file.read_text(encoding="utf-8").splitlines()[1:]
    return {
        row[:width].strip(): row[width + 1 :]
        for row in rows
        if not row.startswith("==")
    }


class Raised(Exception):  # noqa: N818
    """Erlang's ``error(Value)``."""

    def __init__(self, value: object) -> None:
        super().__init__(value)
        self.value = value


class Died:
    """What a probe gives whose process died before it could say anything."""

    def __init__(self, reason: ExitReason) -> None:
        self.reason = reason


def probe(
    name: str, records: Mapping[str, str] | None = None
) -> Callable[[Callable[[], Awaitable[object]]], Callable[[], Awaitable[None]]]:
    """Mark the test of the probe *name*, which returns the outcome."""
    recorded = (read_records() if records is None else records)[name]

    def decorate(
        body: Callable[[], Awaitable[object]],
    ) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            results: list[object] = []

            async def keep() -> None:
                results.append(await body())

            async with Node(NODE) as node:
                outcome = await outcome_in_process(node, keep)
            if isinstance(outcome, BaseException):
                raise outcome
            assert_nothing_left(node)
            got = results[0] if outcome is None else Died(outcome)
            assert term(got) == recorded

        test = with_clock(body, run)
        test.probe = name  # type: ignore[attr-defined]
        return test

    return decorate


def term(value: object) -> str:  # noqa: PLR0911
    """Write *value* as the Erlang term that stands for it."""
    match value:
        case bool():
            return str(value).lower()
        case int() | str():
            return str(value)
        case None:
            return "undefined"
        case tuple():
            return "{" + ",".join(map(term, cast("tuple[object, ...]", value))) + "}"
        case list():
            return "[" + ",".join(map(term, cast("list[object]", value))) + "]"
        case Pid():
            return "'$pid'"
        case Ref():
            return "'$ref'"
        case Name():
            return term((value.name, value.node)) if value.node else value.name
        case Died(reason=reason):
            return term(("died", reason))
        case _:
            return term(_parts(value))


def _parts(value: object) -> object:  # noqa: PLR0911
    match value:
        case Exited(pid, reason):
            return ("'EXIT'", pid, reason)
        case Down(ref, shown, reason, tag):
            who = (shown.name, NODE) if isinstance(shown, Name) else shown
            return (tag or "'DOWN'", ref, "process", who, reason)
        case Timeout(ref, message):
            return ("timeout", ref, message)
        case Crash(error=Raised(value=inner)):
            return (inner, "'$st'")
        case Crash(error=BadReturnError(value=inner)):
            return ("bad_return_value", inner)
        case Ignore():
            # What no call may return; any plain value is an answer.
            return "garbage"
        case Reason(inner):
            return inner
        case Normal() | Shutdown(None) | Kill() | Killed() | NoProc() | NoConnection():
            return type(value).__name__.lower()
        case _:
            raise AssertionError(f"there is no Erlang term for {value!r}")


def error(why: str) -> tuple[str, str]:
    """Return what a probe gives that raises ``error(Why)``."""
    return ("error", why)


def started(failure: StartError) -> tuple[str, ExitReason]:
    """Return the result of a start that failed."""
    return ("error", failure.reason)


def call_failed(
    failure: CallError, request: object, *more: object, called: str = "exit"
) -> object:
    """Return what a probe gives whose call exits, or is caught with ``catch``."""
    mfa = ("gen_server", "call", [failure.server, request, *more])
    return (called, (why(failure), mfa))


def why(failure: CallError) -> object:
    """Return the Erlang reason for the failure of a call."""
    match failure:
        case NoProcessError():
            return "noproc"
        case CallTimeoutError():
            return "timeout"
        case CallingSelfError():
            return "calling_self"
        case NodeDownError():
            return ("nodedown", failure.node)
        case ServerExitedError():
            return failure.reason
        case _:
            raise AssertionError(f"no Erlang reason for {failure!r}")
