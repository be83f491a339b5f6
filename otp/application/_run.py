"""A whole program: a node with an application, from its start to its exit status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypedDict, final

import attrs
import trio

from ..kernel import (
    KILLED,
    Crash,
    InvalidSpecError,
    Node,
    Report,
    Shutdown,
    current_node,
    emit,
)
from ..supervisor import FailedToStartChild
from ._api import ensure_all_started
from ._controller import controller, find_controller
from ._errors import (
    ApplicationError,
    ApplicationStartError,
    ApplicationTerminatedError,
    DependencyError,
    NoProgramError,
    UnknownApplicationError,
)
from ._logs import show_logs
from ._signals import on_signals
from ._table import name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Unpack

    from ..abc import Instrument
    from ..kernel import ExitReason
    from ._logs import LogLevel
    from ._spec import Application

    _Failure = ApplicationError | InvalidSpecError

STOPPED: Final = 0
FAILED: Final = 1
MISCONFIGURED: Final = 2


class RunOptions(TypedDict, total=False):
    """How a program is run: the options of `run` and `serve`."""

    name: str | None
    env: Mapping[str, Mapping[str, object]]
    shutdown_timeout: float
    thread_limit: int | None
    seed: int
    instruments: Iterable[Instrument]


def run(
    app: Application | type[Application],
    *,
    log_level: LogLevel | None = "INFO",
    **options: Unpack[RunOptions],
) -> int:
    """Run a program: a node with *app* and all that it needs, until it is to end.

    ::

        if __name__ == "__main__":
            sys.exit(otp.run(Shop()))

    The applications are permanent: if one ends by itself the program ends. SIGINT
    (Ctrl-C) and SIGTERM stop them, the last one first. A second signal kills every
    process at once; a third does what it does to any program. Outside of the main
    thread there are no signals, and the rest is the same.

    Args:
        app: the application, or its class.
        log_level: show the reports on stderr from this level on; None leaves loguru
            as it is, and then nothing is seen without ``logger.enable("otp")``.
        options: *name* is what the node is called, and *seed* for its randomness;
            *env* is the configuration, values by application and key, which win over
            the ``env`` of the applications. The end may take *shutdown_timeout*
            seconds, 30 by default; what is left then is killed. *thread_limit* is
            how many threads `trio.to_thread.run_sync` may use at a time, 40 by
            default. *instruments* watch the node.

    Returns:
        The exit status: 0 for an end that was asked for, by a signal or `stop_run`;
        1 if an application failed, or had to be killed by a second signal; 2 if the
        program could not begin, because applications, specifications or
        dependencies are wrong.

    Raises:
        InvalidSpecError: an option is wrong.
    """
    program = _Program(app, Settings(**options))
    if log_level is not None:
        show_logs(log_level)
    return trio.run(program.run)


async def serve(
    app: Application | type[Application], **options: Unpack[RunOptions]
) -> int:
    """Run a program like `run`, inside of a Trio program.

    A cancellation from outside ends it in order, too, and goes on afterwards.

    Raises:
        InvalidSpecError: an option is wrong.
    """
    return await _Program(app, Settings(**options)).run()


def stop_run(status: int = STOPPED) -> None:
    """End the program that the caller is part of, in order. Never waits.

    Args:
        status: the exit status that `run` or `serve` returns.

    Raises:
        NoProgramError: the node of the caller was not made by `run` or `serve`.
    """
    found = find_controller(current_node())
    if found is None or found.stop_program is None:
        raise NoProgramError
    found.stop_program(status)


@final
@attrs.frozen(kw_only=True)
class Settings:
    """The options of a run, with what is left out filled in."""

    name: str | None = None
    env: Mapping[str, Mapping[str, object]] = {}
    shutdown_timeout: float = 30.0
    thread_limit: int | None = None
    seed: int = 0
    instruments: Iterable[Instrument] = ()

    def __attrs_post_init__(self) -> None:
        limit = self.thread_limit
        if limit is not None and (type(limit) is not int or limit < 1):
            raise InvalidSpecError(
                "invalid_thread_limit",
                limit,
                f"the limit of threads is a whole number from 1, not {limit!r}",
            )


@final
@attrs.frozen
class ProgramFailed(Report):
    """A program ends because of an application, or could not begin."""

    level = "CRITICAL"

    application: str
    exception: _Failure

    def text(self) -> str:
        return f"the program {self.application} ends: {self.exception}"


@final
class _Program:
    """One run."""

    def __init__(
        self, app: Application | type[Application], settings: Settings
    ) -> None:
        self._app = app
        self._settings = settings
        self._status = STOPPED
        self._body = trio.CancelScope()
        self._node = Node(
            settings.name,
            shutdown_timeout=settings.shutdown_timeout,
            seed=settings.seed,
            instruments=settings.instruments,
        )

    async def run(self) -> int:
        """Begin, go on until the end, and return the exit status."""
        try:
            with on_signals(self.stop, self.force):
                await self._live()
        except* (ApplicationError, InvalidSpecError) as group:
            self._failed(group)
        return self._status

    async def _live(self) -> None:
        if self._settings.thread_limit is not None:
            limiter = trio.to_thread.current_default_thread_limiter()
            limiter.total_tokens = self._settings.thread_limit
        async with self._node:
            found = controller()
            found.stop_program = self.stop
            found.table.env.configure(self._settings.env)
            with self._body:
                await ensure_all_started(self._app, "permanent")
                await trio.sleep_forever()

    def stop(self, status: int = STOPPED) -> None:
        """End in order."""
        self._status = status
        self._body.cancel()

    def force(self) -> None:
        """End at once: kill every process, the youngest first."""
        self.stop(FAILED)
        for process in reversed(list(self._node.processes.values())):
            process.kill(KILLED)

    def _failed(self, group: ExceptionGroup[_Failure]) -> None:
        if self._body.cancel_called:
            return
        failures = list(leaves(group))
        # What went wrong says more than that the node ended of it.
        failures.sort(key=lambda one: isinstance(one, ApplicationTerminatedError))
        misconfigured = any(_is_configuration(one) for one in failures)
        self._status = MISCONFIGURED if misconfigured else FAILED
        emit(ProgramFailed(name_of(self._app), failures[0]))


def leaves(group: ExceptionGroup[_Failure]) -> Iterable[_Failure]:
    """Return the errors in *group*, wherever in it they are."""
    for inner in group.exceptions:
        if isinstance(inner, ExceptionGroup):
            yield from leaves(inner)
        else:
            yield inner


def _is_configuration(error: BaseException | None) -> bool:
    """Tell whether the program is written or configured wrongly."""
    match error:
        case InvalidSpecError() | DependencyError() | UnknownApplicationError():
            return True
        case ApplicationStartError():
            return _is_configuration(_crash_behind(error.reason))
        case ApplicationTerminatedError():
            return _is_configuration(error.__cause__)
        case _:
            return False


def _crash_behind(reason: ExitReason) -> BaseException | None:
    """Return the exception at the bottom of a start that failed, if there is one."""
    while isinstance(reason, Shutdown) and isinstance(
        reason.detail, FailedToStartChild
    ):
        reason = reason.detail.reason
    return reason.error if isinstance(reason, Crash) else None
