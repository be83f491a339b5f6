"""`EventManager`: the class of the processes that hold handlers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ..gen import Behaviour
from ..proc_lib import start_process
from ._loop import serve

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from typing_extensions import TypeVar as TypeVarWithDefault

    from ..kernel import Process
    from ..proc_lib import StartOptions

    EventT = TypeVarWithDefault("EventT", default=Any)
else:
    EventT = TypeVar("EventT")


class EventManager(Behaviour, Generic[EventT]):
    """A process that holds handlers and tells all of them of every event.

    It has no handlers when it starts, and no work of its own. The parameter is the
    type of the events, and is there for type checkers alone: ``EventManager[Alarm]``
    is the class itself.

    A manager traps exits, always: only the end of its own parent, if that is linked to
    it, ends it as well.
    """

    if not TYPE_CHECKING:

        def __class_getitem__(cls, _: object) -> type[EventManager]:
            return cls

    @classmethod
    def __start__(
        cls,
        options: StartOptions,
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
    ) -> Awaitable[tuple[Process, object]]:
        return start_process(options, serve, cls, args, kwargs)
