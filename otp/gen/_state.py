"""The state of a process that is an instance: how it is read, replaced and shown."""

from __future__ import annotations

from typing import Any, Protocol

from ..kernel import Exit


class Shown(Protocol):
    """Something that has a say in how it is shown."""

    def format_status(self, status: dict[str, Any], /) -> dict[str, Any]:
        """Return *status* as reports and tools may see it."""
        ...


def state_of(instance: object) -> dict[str, Any]:
    """Return a copy of the attributes of *instance*."""
    return {name: getattr(instance, name) for name in _attributes(instance)}


def visible_state(instance: object) -> object:
    """Return what is shown as the state: the attribute that is it, or all of them.

    Which one that is, the class says as ``__state__``.
    """
    name = getattr(type(instance), "__state__", None)
    return state_of(instance) if name is None else getattr(instance, name)


def set_state(instance: object, state: dict[str, Any]) -> None:
    """Make the attributes of *instance* those in *state*, or leave it as it is.

    Whatever an attribute raises that cannot be set goes on.
    """
    old = state_of(instance)
    try:
        _assign(instance, state)
    except BaseException:
        _assign(instance, old)
        raise


def _assign(instance: object, state: dict[str, Any]) -> None:
    for name in _attributes(instance):
        if name not in state:
            delattr(instance, name)
    for name, value in state.items():
        setattr(instance, name, value)


def _attributes(instance: object) -> list[str]:
    names = list(getattr(instance, "__dict__", {}))
    for base in type(instance).__mro__:
        slots = base.__dict__.get("__slots__", ())
        names += [slots] if isinstance(slots, str) else slots
    return [n for n in dict.fromkeys(names) if hasattr(instance, n) and n != "__dict__"]


def formatted(
    instance: Shown,
    message: object = None,
    reason: object = None,
    log: tuple[object, ...] = (),
) -> dict[str, Any]:
    """Return state, last message, reason and log as the instance wants them seen."""
    state = visible_state(instance)
    status = {"state": state, "message": message, "reason": reason, "log": log}
    return shown(instance, status)


def shown(instance: Shown, status: dict[str, Any]) -> dict[str, Any]:
    """Return *status*, one key of which is ``"log"``, as the instance wants it seen.

    A ``format_status`` that fails hides everything: what it was to hide must not
    get out because of a mistake in it.
    """
    try:
        # Older than the log, or not interested in it: then it is not shown.
        wanted = {"log": (), **instance.format_status(dict(status))}
        return {key: wanted[key] for key in status}
    except (Exception, Exit) as error:  # noqa: BLE001 - contained, as in Erlang
        text = f"<format_status failed: {type(error).__name__}>"
        return {**dict.fromkeys(status, text), "log": ()}
