"""What a registry tells its listeners."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import attrs

if TYPE_CHECKING:
    from collections.abc import Hashable

    from ..kernel import Pid, ServerRef


@final
@attrs.frozen
class Registered:
    """A process has registered a key; sent to the listeners of a registry.

    *registry* is its name, or its pid if it has none.
    """

    registry: ServerRef
    key: Hashable
    pid: Pid
    value: object


@final
@attrs.frozen
class Unregistered:
    """A process has given up a key; sent to the listeners of a registry.

    It is one message for each call, however many entries that took out. For a process
    that dies there is none: monitor it.
    """

    registry: ServerRef
    key: Hashable
    pid: Pid
