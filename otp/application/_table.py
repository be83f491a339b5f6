"""The applications that one node knows: loaded, and what has become of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, final

import attrs

from ._env import Environments
from ._errors import (
    AlreadyLoadedError,
    NotLoadedError,
    NotStartedError,
    StillRunningError,
    UnknownApplicationError,
)
from ._order import with_included
from ._spec import Application, ApplicationSpec, describe, make

if TYPE_CHECKING:
    from ..kernel import Pid, Waiter
    from ..supervisor import Supervisor
    from ._errors import ApplicationStartError
    from ._rules import StartType
    from ._spec import Dependency

Status = Literal["loaded", "starting", "running", "stopping"]
"""Where an application is in its life."""


@final
@attrs.frozen
class ApplicationInfo:
    """One line in the list of applications."""

    name: str
    description: str
    version: str


@final
@attrs.define(eq=False)
class Entry:
    """One loaded application.

    Invariants: *master* is there exactly if *status* is not ``"loaded"``, and *top*,
    its top supervisor, from ``"running"`` on. *callers* wait for the end of the
    ``"starting"`` or ``"stopping"`` that goes on, *queued* for that of a stopping, to
    have their turn.
    """

    app: Application
    spec: ApplicationSpec
    status: Status = "loaded"
    type: StartType = "temporary"
    master: Pid | None = None
    top: Pid[Supervisor] | None = None
    failure: ApplicationStartError | None = None
    callers: list[Waiter] = attrs.field(factory=list["Waiter"])
    queued: list[Waiter] = attrs.field(factory=list["Waiter"])

    @property
    def info(self) -> ApplicationInfo:
        """The line of this application in lists."""
        spec = self.spec
        return ApplicationInfo(spec.name, spec.description, spec.version)


@final
class Table:
    """The loaded applications of a node and their environments."""

    def __init__(self) -> None:
        self.env = Environments()
        # In the order in which they were loaded.
        self.entries: dict[str, Entry] = {}
        # The names of those that run, in the order in which they were started.
        self.running: list[str] = []

    # --------------------------------------------------------------- loading

    @property
    def apps(self) -> dict[str, Application]:
        """The loaded applications by name."""
        return {name: entry.app for name, entry in self.entries.items()}

    def load(self, dependency: Application | type[Application]) -> Entry:
        """Load an application, and with it those that it includes.

        Raises:
            AlreadyLoadedError: one of its name is loaded.
            InvalidSpecError: it is described wrongly.
            MissingDependencyError: it includes one that nobody knows.
        """
        app = make(dependency)
        spec = describe(app)
        if spec.name in self.entries:
            raise AlreadyLoadedError(spec.name)
        for one in with_included(app, loaded=self.apps):
            if one.name not in self.entries:
                self._add(one)
        return self.entries[spec.name]

    def _add(self, app: Application) -> None:
        spec = describe(app)
        self.entries[spec.name] = Entry(app, spec)
        self.env.load(spec.name, spec.env)

    def unload(self, name: str) -> None:
        """Forget an application, its environment and the applications it includes.

        Raises:
            NotLoadedError: it is not loaded.
            StillRunningError: it is running.
        """
        entry = self.entry(name)
        if entry.status != "loaded":
            raise StillRunningError(name)
        del self.entries[name]
        self.env.unload(name)
        for included in map(name_of, entry.spec.included_applications):
            if included in self.entries and self.entries[included].status == "loaded":
                self.unload(included)

    def ensure_loaded(self, dependency: Dependency) -> Entry:
        """Return the entry of an application, which is loaded if it is not.

        Raises:
            AlreadyLoadedError: another instance of that name is loaded.
            UnknownApplicationError: it is a name that is not loaded.
            InvalidSpecError: it is described wrongly.
        """
        if isinstance(dependency, str):
            entry = self.entries.get(dependency)
            if entry is None:
                raise UnknownApplicationError(dependency)
            return entry
        entry = self.entries.get(name_of(dependency))
        if entry is None:
            return self.load(dependency)
        if isinstance(dependency, Application) and entry.app is not dependency:
            raise AlreadyLoadedError(entry.spec.name)
        return entry

    def entry(self, name: str) -> Entry:
        """Return the entry of an application.

        Raises:
            NotLoadedError: it is not loaded.
        """
        entry = self.entries.get(name)
        if entry is None:
            raise NotLoadedError(name)
        return entry

    # --------------------------------------------------------- starting, stopping

    def check_dependencies(self, entry: Entry) -> None:
        """Say whether everything that an application needs is running.

        Optional applications are not looked at.

        Raises:
            NotStartedError: one is not; the first in the list.
        """
        for dependency in entry.spec.applications:
            needed = name_of(dependency)
            if needed not in self.running:
                raise NotStartedError(needed, needed_by=entry.spec.name)

    def mark_starting(self, entry: Entry, type_: StartType, master: Pid) -> None:
        """Note that an application is being started by *master*."""
        entry.status, entry.type, entry.master = "starting", type_, master

    def mark_running(self, entry: Entry, top: Pid[Supervisor]) -> None:
        """Note that an application is up."""
        entry.status, entry.top = "running", top
        self.running.append(entry.spec.name)

    def mark_stopping(self, entry: Entry) -> None:
        """Note that an application is on its way down."""
        entry.status = "stopping"
        self.running.remove(entry.spec.name)

    def mark_down(self, entry: Entry) -> None:
        """Note that nothing of an application runs any more."""
        if entry.status == "running":
            self.running.remove(entry.spec.name)
        entry.status = "loaded"
        entry.master = entry.top = entry.failure = None

    def by_master(self, master: Pid) -> Entry | None:
        """Return the application that *master* is in charge of."""
        for entry in self.entries.values():
            if entry.master is master:
                return entry
        return None


def name_of(dependency: Dependency) -> str:
    """Return the name of an application that is given in any way."""
    return dependency if isinstance(dependency, str) else dependency.name
