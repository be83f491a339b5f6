"""`Scope`: the process to which groups belong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, final

from .. import gen_server
from ..kernel import Name, current_process, publish
from ._hub import Hub

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from ..kernel import Pid, Process, Via
    from ..proc_lib import StartOptions


@final
class Scope(gen_server.GenServer):
    """A set of groups, and the process that they last as long as.

    A scope always has a name, ``pg`` if nothing else is said, by which those of
    several nodes find each other. Groups of different scopes have nothing to do with
    each other.

    ::

        otp.child_spec(pg.Scope)
        otp.child_spec(pg.Scope).named(CHAT)
    """

    def __init__(self) -> None:
        me = current_process("a scope")
        hub = Hub(me)
        publish(me, hub)
        self.groups = hub.groups

    @classmethod
    def __start__(
        cls,
        options: StartOptions,
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
    ) -> Awaitable[tuple[Process, object]]:
        if options.name is None:
            options = options._replace(name=SCOPE)
        return super().__start__(options, args, kwargs)

    def format_status(self, status: dict[str, Any]) -> dict[str, Any]:
        """Show the groups themselves."""
        groups = {group: self.groups.members(group) for group in self.groups.groups()}
        return status | {"state": {"groups": groups}}


SCOPE: Final = Name[Scope]("pg")
"""The scope that is meant if none is named."""


async def start(name: Name[Scope] | Via[Scope] = SCOPE) -> Pid[Scope]:
    """Start a scope called *name*.

    Raises:
        AlreadyStartedError: somebody has the name.
    """
    return await gen_server.Options(name=name).start(Scope)


async def start_link(name: Name[Scope] | Via[Scope] = SCOPE) -> Pid[Scope]:
    """Start a scope like `start`, linked to the caller."""
    return await gen_server.Options(name=name).start_link(Scope)
