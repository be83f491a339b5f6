"""The environments of the applications of one node: values by application and key.

A value can come from four places. When an application is loaded, a later one of
these wins:

1. what was set by `Environments.set` before, if nobody below says otherwise;
2. the ``env`` of the application;
3. the configuration: what `otp.run` was given, or was set as *persistent*.

After that, whatever is set counts at once. Unloading forgets all but the
configuration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping


@final
@attrs.frozen
class Changes:
    """What is different between two environments."""

    changed: dict[str, object]
    new: dict[str, object]
    removed: list[str]

    def __bool__(self) -> bool:
        return bool(self.changed or self.new or self.removed)


def compare(before: Mapping[str, object], after: Mapping[str, object]) -> Changes:
    """Return how to get from *before* to *after*."""
    return Changes(
        changed={k: v for k, v in after.items() if k in before and before[k] != v},
        new={k: v for k, v in after.items() if k not in before},
        removed=[k for k in before if k not in after],
    )


@final
class Environments:
    """The environments of all applications of a node, loaded or not."""

    def __init__(self) -> None:
        self._values: dict[str, dict[str, object]] = {}
        self._configured: dict[str, dict[str, object]] = {}

    def configure(self, config: Mapping[str, Mapping[str, object]]) -> None:
        """Add a configuration, which counts for what is loaded from now on."""
        for name, env in config.items():
            self._configured.setdefault(name, {}).update(env)

    def load(self, name: str, env: Mapping[str, object]) -> None:
        """Put in the values of an application that is being loaded."""
        values = self._values.setdefault(name, {})
        values.update(env)
        values.update(self._configured.get(name, {}))

    def unload(self, name: str) -> None:
        """Forget the values of an application that is being unloaded."""
        self._values.pop(name, None)

    def get(self, name: str, key: str, default: object) -> object:
        """Return one value, or *default*."""
        return self._values.get(name, {}).get(key, default)

    def all(self, name: str) -> dict[str, object]:
        """Return a copy of the whole environment of an application."""
        return dict(self._values.get(name, {}))

    def set(self, name: str, key: str, value: object, *, persistent: bool) -> None:
        """Set one value, also in the configuration if it is to be *persistent*."""
        self._values.setdefault(name, {})[key] = value
        if persistent:
            self._configured.setdefault(name, {})[key] = value

    def unset(self, name: str, key: str, *, persistent: bool) -> None:
        """Remove one value if it is there, like `set`."""
        self._values.get(name, {}).pop(key, None)
        if persistent:
            self._configured.get(name, {}).pop(key, None)

    def replace(self, name: str, env: Mapping[str, object]) -> Changes:
        """Put *env* in the place of an environment, and return what is different."""
        changes = compare(self._values.get(name, {}), env)
        self._values[name] = dict(env)
        return changes
