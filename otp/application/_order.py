"""In which order applications are started: what is needed comes first.

The order is depth first, and within one application that of its list: first the
first dependency with everything that it needs, then the second, at last the
application. The required ones come before the optional ones. They are stopped in
the reverse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from ..kernel import InvalidSpecError
from ._errors import (
    CircularDependencyError,
    MissingDependencyError,
    UnknownApplicationError,
)
from ._spec import Application, describe, make

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from ._spec import Dependency


def start_order(
    wanted: Sequence[Dependency],
    *,
    loaded: Mapping[str, Application],
    started: Collection[str] = (),
) -> list[Application]:
    """Return the applications to start, in order, so that *wanted* can run.

    What is *started* already is left out, together with what only it needs. A
    dependency for which an application of the same name is *loaded* is that one.

    Raises:
        UnknownApplicationError: one of *wanted* is a name that is not loaded.
        MissingDependencyError: a dependency is a name that is neither loaded nor
            that of another application in the plan.
        CircularDependencyError: applications need each other.
        InvalidSpecError: an application is described wrongly, or two different ones
            have the same name.
    """
    walk = _Walk(loaded, started)
    walk.visit(wanted)
    return walk.order


def with_included(
    app: Application, *, loaded: Mapping[str, Application]
) -> list[Application]:
    """Return *app* and all that it includes, which includes what those include.

    Raises:
        MissingDependencyError: one of them is a name that is not loaded.
        CircularDependencyError: an application includes itself.
        InvalidSpecError: an application is described wrongly.
    """
    walk = _Walk(loaded, (), follow_included=True)
    walk.visit([app])
    # The walk gives the included ones first.
    return walk.order[::-1]


@final
class _Walk:
    """One walk through the dependencies; *order* grows as applications are left."""

    def __init__(
        self,
        loaded: Mapping[str, Application],
        started: Collection[str],
        *,
        follow_included: bool = False,
    ) -> None:
        self.order: list[Application] = []
        self._loaded = loaded
        self._started = started
        self._follow_included = follow_included
        self._known: dict[str, Application] = dict(loaded)
        self._done: set[str] = set()
        # The applications that were entered and not left yet, outermost first.
        self._path: list[str] = []

    def visit(
        self, dependencies: Sequence[Dependency], *, optional: bool = False
    ) -> None:
        # All are known before the first is entered, which may call another by name.
        found = [self._resolve(d, optional=optional) for d in dependencies]
        for app in found:
            if app is not None and app.name not in self._done:
                self._enter(app)

    def _enter(self, app: Application) -> None:
        name = app.name
        if name in self._started:
            return
        if name in self._path:
            start = self._path.index(name)
            raise CircularDependencyError([*self._path[start:], name])
        spec = describe(app)
        self._path.append(name)
        if self._follow_included:
            self.visit(spec.included_applications[::-1])
        else:
            self.visit(spec.applications)
            self.visit(spec.optional_applications, optional=True)
        self._path.pop()
        self._done.add(name)
        self.order.append(app)

    def _resolve(self, dependency: Dependency, *, optional: bool) -> Application | None:
        if isinstance(dependency, str):
            return self._by_name(dependency, optional=optional)
        if not isinstance(dependency, Application):
            known = self._known.get(dependency.name)
            if known is not None and (
                isinstance(known, dependency) or known.name in self._loaded
            ):
                return known
        app = make(dependency)
        name = describe(app).name
        known = self._known.setdefault(name, app)
        if known is app or name in self._loaded:
            return known
        raise _two_of_one_name(name, known, dependency)

    def _by_name(self, name: str, *, optional: bool) -> Application | None:
        known = self._known.get(name)
        if known is None and not optional:
            if not self._path:
                raise UnknownApplicationError(name)
            raise MissingDependencyError([*self._path, name])
        return known


def _two_of_one_name(
    name: str, known: Application, other: Dependency
) -> InvalidSpecError:
    text = f"two different applications are called {name!r}, {known!r} and {other!r}"
    if isinstance(other, type(known)):
        # A class that came first was made into an instance of its own.
        text += ": name the instance before whatever needs its class, or load it first"
    else:
        text += ": rename one of them"
    return InvalidSpecError("duplicate_application", other, text)
