"""Where a supervisor has its specification from: the user's class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast, final

import attrs

from ..proc_lib import Start, as_startable
from ..sys import LayoutError


class Behaviour(Protocol):
    """An instance of the user's class."""

    def __specify__(self) -> AnySpec | Ignore: ...

    def __family__(self, spec: Any, reporter: Reporter, /) -> Family: ...


if TYPE_CHECKING:
    from collections.abc import Callable

    from ..gen import Ignore
    from ._family import Family
    from ._reports import Reporter
    from ._spec import AnySpec

    Wanted = AnySpec | type[object] | Start | None


class Answer(NamedTuple):
    """What a class says is to run, and which instance has said so."""

    source: Source
    behaviour: Behaviour
    spec: AnySpec | Ignore


@final
@attrs.frozen
class Source:
    """A class of supervisors with its arguments; *base* is what all derive from."""

    base: type[object]
    start: Start

    def make(self) -> Behaviour:
        """Make an instance, as at the start of a supervisor.

        Raises:
            LayoutError: the class is not one of supervisors.
        """
        cls = as_startable(self.start.target)
        if cls is None or not issubclass(cls, self.base):
            text = f"a supervisor cannot become {self.start.target!r}, which is none"
            raise LayoutError(text)
        make = cast("Callable[..., Behaviour]", self.start.target)
        return make(*(self.start.args or ()), **self.start.kwargs)

    def ask(self) -> Answer:
        """Make an instance and ask it for the children."""
        return self.ask_again(self.make())

    def ask_again(self, behaviour: Behaviour) -> Answer:
        """Ask an instance for the children.

        Raises:
            BadReturnError: it returns neither a specification nor `Ignore`.
        """
        return Answer(self, behaviour, behaviour.__specify__())

    def consult(self, behaviour: Behaviour, wanted: Wanted) -> Answer:
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
                if type(behaviour) is not self.base:
                    return Answer(self, behaviour, wanted)
                # The base class says what it was given.
                start = attrs.evolve(self.start, args=(wanted,), kwargs={})
        return attrs.evolve(self, start=start).ask()

    def is_like(self, start: Start) -> bool:
        """Tell whether a child that is started so is a supervisor like this one."""
        cls = as_startable(start.target)
        return cls is not None and issubclass(cls, self.base)
