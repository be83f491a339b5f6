"""``otp run --reload``: whenever a file is saved, its processes go on with new code."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast, final

import attrs

from .. import code, proc_lib, process
from ..application import Application
from ..kernel import OTPError, Report, emit
from ..proc_lib import Backoff, ChildSpec, child_spec
from ..supervisor import Supervisor, SwapResult, one_for_one
from ._watch import Watch, sleep

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from ..kernel import Pid


@final
@attrs.frozen
class CodeReloaded(Report):
    """Modules were loaded again, because their files were saved."""

    level = "INFO"

    result: code.ReloadResult

    def text(self) -> str:
        moved = len(self.result.moved)
        what = "process goes" if moved == 1 else "processes go"
        text = f"reloaded {', '.join(self.result.modules)}: {moved} {what} on with it"
        left = len(self.result.left)
        return f"{text}, {left} with the old code" if left else text


@final
@attrs.frozen
class NotReloaded(Report):
    """A file was saved that the program cannot go on with; all is as it was."""

    level = "ERROR"

    modules: tuple[str, ...]
    exception: Exception

    def text(self) -> str:
        return " ".join(f"not reloaded: {self.exception}".split())


@final
@attrs.frozen
class ChildNotSwapped(Report):
    """A child of a supervisor could not become what it is in the new code."""

    level = "ERROR"

    supervisor: Pid
    id: object
    exception: BaseException | None

    def text(self) -> str:
        why = f"child {self.id!r} of {self.supervisor!r} is not swapped: "
        return " ".join((why + str(self.exception)).split())


@final
@attrs.frozen
class NotWatched(Report):
    """The operating system does not tell of changes; the files are looked at."""

    level = "WARNING"

    exception: Exception

    def text(self) -> str:
        why = f"watchfiles does not work, and is not used: {self.exception!r}"
        return " ".join(why.split())


@final
class Reloading(Application):
    """Starts a program, and behind it what watches its files.

    *watch* says when they were changed.
    """

    description = "loads the modules of a program again when their files are saved"

    def __init__(
        self, program: Application | type[Application], watch: Watch | None = None
    ) -> None:
        self.name = f"{program.name}.reload"
        self.applications = (program,)
        self._watch = watch

    def start(self) -> ChildSpec[Supervisor]:
        """Return the supervisor of the watcher."""
        watch = self._watch or Watch(pause=Pause())
        watcher = ChildSpec.of("watcher", start_watcher, watch)
        # What goes wrong here must not end the program.
        patient = watcher.override(backoff=Backoff(initial=1.0))
        return child_spec(Supervisor, one_for_one(patient, max_restarts=10))


@final
class Pause:
    """Waits until there may be changes to be seen, in the best way that there is."""

    def __init__(self) -> None:
        self._wait: Callable[[Collection[Path]], Awaitable[None]] = sleep
        try:
            # Only now, as it is not always there.
            from ._notify import notifier  # noqa: PLC0415

            self._wait = notifier()
        except ImportError:
            pass

    async def __call__(self, files: Collection[Path]) -> None:
        """Wait; if that goes wrong, wait in the simplest way from now on."""
        try:
            await self._wait(files)
        except Exception as error:  # noqa: BLE001 - the program has to go on
            emit(NotWatched(error))
            self._wait = sleep


async def start_watcher(watch: Watch) -> Pid[object]:
    """Start the process that waits for changes."""
    return cast("Pid", await proc_lib.start_link(_reload_for_ever, watch))


async def _reload_for_ever(watch: Watch) -> None:
    process.set_label("watcher of files")
    proc_lib.init_ack(process.self())
    left: Collection[str] = ()
    while True:
        # What could not be loaded was saved all the same, and is not saved again.
        saved = await watch.wait_changed()
        changed = dict.fromkeys([*filter(_is_there, left), *saved])
        left = () if await reload_changed(changed) else changed


def _is_there(module: str) -> bool:
    file: object = getattr(sys.modules.get(module), "__file__", None)
    return isinstance(file, str) and Path(file).exists()


async def reload_changed(modules: Collection[str]) -> bool:
    """Load modules again, and report what has come of it in a line each.

    Returns:
        whether they were loaded.
    """
    try:
        result = await code.reload(*modules, swap_children=True)
    except OTPError as error:
        emit(NotReloaded(tuple(modules), error))
        return False
    emit(CodeReloaded(result))
    for pid, swap in result.swaps.items():
        _report_failures(pid, swap)
    return True


def _report_failures(supervisor: Pid, swap: SwapResult) -> None:
    for child in swap.children:
        if child.inside is not None and isinstance(child.pid, type(supervisor)):
            _report_failures(child.pid, child.inside)
        elif not child.ok:
            emit(ChildNotSwapped(supervisor, child.id, child.error))
