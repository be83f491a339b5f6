"""Where a supervisor has its specification from: the user's class."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast, final

import attrs

from ..proc_lib import Start, as_startable
from ..sys import LayoutError
from ._spec import SupervisorSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..gen import Ignore
    from ._spec import AnySpec
    from ._supervisor import AnySupervisor

    Wanted = AnySpec | type[object] | Start | None


class Answer(NamedTuple):
    """What a class says is to run, and which instance has said so."""

    source: Source
    behaviour: AnySupervisor
    spec: AnySpec | Ignore


@final
@attrs.frozen
class Source:
    """A class of supervisors with its arguments; *base* is what all derive from."""

    base: type[object]
    start: Start

    def make(self) -> AnySupervisor:
        """Make an instance, as at the start of a supervisor.

        Raises:
            LayoutError: the class is not one of supervisors.
        """
        if kind_of(self.start) is not self.base:
            kind = self.base.__name__
            text = f"a {kind} cannot become {self.start.target!r}, which is none"
            raise LayoutError(text)
        make = cast("Callable[..., AnySupervisor]", self.start.target)
        return make(*(self.start.args or ()), **self.start.kwargs)

    def ask(self) -> Answer:
        """Make an instance and ask it for the children."""
        return self.ask_again(self.make())

    def ask_again(self, behaviour: AnySupervisor) -> Answer:
        """Ask an instance for the children.

        Raises:
            BadReturnError: it returns neither a specification nor `Ignore`.
        """
        return Answer(self, behaviour, behaviour.__specify__())

    def consult(self, behaviour: AnySupervisor, wanted: Wanted) -> Answer:
        """Return what is to run from now on, where *behaviour* has said so until now.

        What is *wanted* is a specification, another class, another class with other
        arguments, or None: that the class is asked again. Nothing is changed here.
        """
        match wanted:
            case None:
                start = self.start
            case Start():
                start = wanted
            case type():
                start = attrs.evolve(self.start, target=wanted)
            case _:
                if type(behaviour) is not self.base or not self._was_given_children():
                    return Answer(self, behaviour, wanted)
                # The base class says what it was given.
                start = attrs.evolve(self.start, args=(wanted,), kwargs={})
        return attrs.evolve(self, start=start).ask()

    def _was_given_children(self) -> bool:
        given = (*(self.start.args or ()), *self.start.kwargs.values())
        return any(isinstance(value, SupervisorSpec) for value in given)


def kind_of(start: Start) -> type[object] | None:
    """Return of which kind a supervisor is that is started so; None if it is none."""
    kind: type[object] | None = getattr(as_startable(start.target), "__kind__", None)
    return kind
