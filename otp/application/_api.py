"""What is done with applications from outside, and from within."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ..kernel import current, current_node
from ._controller import StartRequest, StopRequest, controller, find_controller
from ._errors import ApplicationAlreadyStartedError, NotStartedError
from ._order import start_order
from ._rules import check_start_type
from ._spec import Application
from ._table import Table, name_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..kernel import Pid
    from ..supervisor import Supervisor
    from ._rules import StartType
    from ._spec import ApplicationSpec, Dependency
    from ._table import ApplicationInfo


def _table() -> Table:
    """Return the table of this node, to look things up in."""
    found = find_controller(current_node())
    return Table() if found is None else found.table


# --------------------------------------------------------------------------- loading


def load(app: Application | type[Application]) -> None:
    """Make an application known to this node, with its environment. Never waits.

    The applications that it includes are loaded with it. To start an application
    loads it, too, so this is for what comes in between: to change the environment,
    or to put another one in the place of a dependency.

    Raises:
        AlreadyLoadedError: one of its name is loaded.
        InvalidSpecError: it is described wrongly.
        MissingDependencyError: it includes one that nobody knows.
    """
    controller().table.load(app)


def unload(app: Dependency) -> None:
    """Forget an application, its environment and what it includes. Never waits.

    Raises:
        NotLoadedError: it is not loaded.
        StillRunningError: it is running.
    """
    _table().unload(name_of(app))


def loaded_applications() -> list[ApplicationInfo]:
    """Return the applications that are loaded, in the order of their loading."""
    return [entry.info for entry in _table().entries.values()]


def get_spec(app: Dependency) -> ApplicationSpec:
    """Return what a loaded application says of itself.

    Raises:
        NotLoadedError: it is not loaded.
    """
    return _table().entry(name_of(app)).spec


# ----------------------------------------------------------------- starting, stopping


async def start(app: Dependency, type: StartType = "temporary") -> None:
    """Start an application and wait until it is up.

    It is loaded if it is not, and stays loaded if the start fails. What it needs
    must be started already; `ensure_all_started` sees to that.

    Args:
        app: the application, its class, or its name if it is loaded.
        type: what it means for the node if the application ends by itself:
            ``"permanent"``, the node ends, too; ``"transient"``, the same unless it
            ends with `Normal`; ``"temporary"``, a report and nothing else. That holds
            for a failure to start as well.

    Raises:
        ApplicationStartError: it could not be started. Nothing of it is left.
        BadStartError: its ``start`` raised or returned nonsense.
        ApplicationAlreadyStartedError: it is running.
        NotStartedError: something that it needs is not running.
        UnknownApplicationError: it is a name that is not loaded.
        AlreadyLoadedError: another instance of that name is loaded.
        InvalidSpecError: it is described wrongly, or *type* is no start type.
    """
    check_start_type(type)
    found = controller()
    entry = found.table.ensure_loaded(app)
    await found.ask(StartRequest(entry.spec.name, type))


async def ensure_started(app: Dependency, type: StartType = "temporary") -> None:
    """Start an application like `start`, if it is not running already."""
    with suppress(ApplicationAlreadyStartedError):
        await start(app, type)


async def ensure_all_started(
    app: Dependency | Sequence[Dependency], type: StartType = "temporary"
) -> list[str]:
    """Start an application, or several, and before them all that they need.

    If one cannot be started, those that were started here are stopped again, the
    last one first.

    Returns:
        The names of those that were started, in the order in which they were.

    Raises:
        MissingDependencyError: a name is needed that nobody knows.
        CircularDependencyError: applications need each other.
        ApplicationError: one of them could not be started, as for `start`.
    """
    check_start_type(type)
    begun: list[str] = []
    for name in _plan(app):
        try:
            await start(name, type)
        except ApplicationAlreadyStartedError:
            continue  # by somebody else, meanwhile
        except Exception:
            await _stop_all(begun)
            raise
        begun.append(name)
    return begun


def _plan(app: Dependency | Sequence[Dependency]) -> list[str]:
    wanted = [app] if isinstance(app, (str, Application, type)) else app
    table = controller().table
    plan = start_order(wanted, loaded=table.apps, started=table.running)
    # Loaded all at once, so that somebody else with the same plan finds the same
    # instances.
    return [table.ensure_loaded(one).spec.name for one in plan]


async def _stop_all(names: Sequence[str]) -> None:
    for name in reversed(names):
        with suppress(NotStartedError):
            await stop(name)


async def stop(app: Dependency) -> None:
    """Stop an application and wait until nothing of it runs any more.

    First its ``prep_stop`` is called, then its tree is shut down from the top, as
    long as that takes, then ``stop`` is called, and then what is left of its
    processes is killed. The node goes on, whatever the start type. What depends on
    the application is not stopped with it.

    Raises:
        NotStartedError: it is not running.
    """
    name = name_of(app)
    found = find_controller(current_node())
    if found is None:
        raise NotStartedError(name)
    await found.ask(StopRequest(name))


def which_applications() -> list[ApplicationInfo]:
    """Return the applications that run, the one that was started last first."""
    table = _table()
    return [table.entry(name).info for name in reversed(table.running)]


def get_supervisor(app: Dependency) -> Pid[Supervisor] | None:
    """Return the top supervisor of an application, None if it does not run.

    Raises:
        NotLoadedError: it is not loaded.
    """
    return _table().entry(name_of(app)).top


def get_application(pid: Pid | None = None) -> str | None:
    """Return the name of the application that a process belongs to.

    A process belongs to the application of the process that spawned it. None means
    that it belongs to none, or is dead.

    Args:
        pid: the process; the caller by default.
    """
    process = current() if pid is None else pid.process
    if process is None or process.leader is None:
        return None
    entry = _table().by_master(process.leader)
    return None if entry is None else entry.spec.name


# ------------------------------------------------------------------------ environment


def get_env(app: Dependency, key: str, default: object = None) -> object:
    """Return one value of the environment of an application, or *default*.

    Any code on the node may ask, before, while and after the application runs; if
    it is not even loaded there are usually no values.
    """
    return _table().env.get(name_of(app), key, default)


def get_own_env(key: str, default: object = None) -> object:
    """Return one value of the environment of the application of the caller."""
    name = get_application()
    return default if name is None else get_env(name, key, default)


def get_all_env(app: Dependency) -> dict[str, object]:
    """Return a copy of the environment of an application."""
    return _table().env.all(name_of(app))


def set_env(
    app: Dependency, key: str, value: object, *, persistent: bool = False
) -> None:
    """Set one value in the environment of an application, from now on.

    Nobody is told; `replace_env` does that.

    Args:
        app: the application, which need not be loaded.
        key: what the value is called.
        value: anything.
        persistent: keep the value if the application is loaded later or once more,
            even if its own ``env`` says otherwise.
    """
    controller().table.env.set(name_of(app), key, value, persistent=persistent)


def unset_env(app: Dependency, key: str, *, persistent: bool = False) -> None:
    """Remove one value from the environment of an application, if it is there.

    Args:
        app: the application.
        key: what the value is called.
        persistent: forget a persistent value as well.
    """
    controller().table.env.unset(name_of(app), key, persistent=persistent)


def replace_env(app: Dependency, env: Mapping[str, object]) -> None:
    """Put *env* in the place of the environment of an application, and tell it.

    If that changes anything and the application runs, its `Application.config_change`
    is called, in the task of the caller; what it raises comes out here, and the
    environment is the new one all the same.

    Raises:
        NotLoadedError: it is not loaded.
    """
    table = controller().table
    entry = table.entry(name_of(app))
    changes = table.env.replace(entry.spec.name, env)
    if changes and entry.status == "running":
        entry.app.config_change(changes.changed, changes.new, changes.removed)
