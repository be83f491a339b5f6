"""How a gen_server obeys system messages: what `otp.sys` finds of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from ..kernel import Process
    from ..sys import ChangeCode, Debug
    from ._server import GenServer


class Host:
    """One gen_server, seen from `otp.sys`."""

    def __init__(self, process: Process, server: GenServer) -> None:
        self.process = process
        self.server = server
        self.suspended = False
        self.debug: Debug | None = None

    @property
    def module(self) -> type[object]:
        """The server's class."""
        return type(self.server)

    def get_state(self) -> object:
        """Return a copy of the server's attributes."""
        return state_of(self.server)

    def replace_state(self, state: object) -> None:
        """Give the server the attributes in *state*, and no others.

        Raises:
            TypeError: *state* is no dict.
        """
        if not isinstance(state, dict):
            raise TypeError(f"the state of a gen_server is a dict, not {state!r}")
        set_state(self.server, cast("dict[str, Any]", state))

    def format_state(self) -> object:
        """Return the state as the server wants it seen."""
        return formatted(self.server)["state"]

    async def change_code(self, change: ChangeCode) -> None:
        """Let the server go on as an instance of another class."""
        old_class, old_state = type(self.server), state_of(self.server)
        try:
            if change.new is not None:
                # Refused by Python itself where the layouts do not match.
                self.server.__class__ = change.new  # type: ignore[assignment]
            await self.server.code_change(change.old_version, change.extra)
        except BaseException:
            self.server.__class__ = old_class
            set_state(self.server, old_state)
            raise


def state_of(server: GenServer) -> dict[str, Any]:
    """Return a copy of the attributes of *server*."""
    return {name: getattr(server, name) for name in _attributes(server)}


def set_state(server: GenServer, state: dict[str, Any]) -> None:
    """Make the attributes of *server* those in *state*."""
    for name in _attributes(server):
        if name not in state:
            delattr(server, name)
    for name, value in state.items():
        setattr(server, name, value)


def _attributes(server: GenServer) -> list[str]:
    names = list(getattr(server, "__dict__", {}))
    for base in type(server).__mro__:
        slots = base.__dict__.get("__slots__", ())
        names += [slots] if isinstance(slots, str) else slots
    return [n for n in dict.fromkeys(names) if hasattr(server, n) and n != "__dict__"]


def formatted(
    server: GenServer, message: object = None, reason: object = None
) -> dict[str, Any]:
    """Return status, last message and reason as the server wants them seen.

    A ``format_status`` that fails hides everything: what it was to hide must not
    get out because of a mistake in it.
    """
    status = {"state": state_of(server), "message": message, "reason": reason}
    try:
        shown = server.format_status(dict(status))
        return {key: shown[key] for key in status}
    except Exception as error:  # noqa: BLE001 - contained, as in Erlang
        return dict.fromkeys(status, f"<format_status failed: {error!r}>")
