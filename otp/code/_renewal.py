"""Which class has become which: what is exchanged after modules were loaded again.

A class or function is found again by the name under which it stands in its module
or, inside of a class, in that class. One that has no successor of the same sort stays
what it is.
"""

from __future__ import annotations

from types import FunctionType, GenericAlias, MethodType
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast, final, get_args, get_origin

import attrs

from ..dynamic_supervisor import DynamicSpec
from ..gen import StartWith
from ..proc_lib import ChildSpec, Start
from ..supervisor import SupervisorSpec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

T = TypeVar("T")

# What is looked into; an id or a name is what others know a child by, and stays.
_FIELDS: Final[dict[type, tuple[str, ...]]] = {
    ChildSpec: ("start", "modules"),
    SupervisorSpec: ("children",),
    Start: ("target", "args", "kwargs"),
    StartWith: ("cls",),
    DynamicSpec: ("extra_arguments",),
}


@final
class Renewal:
    """Knows the successors of the classes and functions of modules."""

    def __init__(self) -> None:
        self._modules: dict[str, Mapping[str, object]] = {}
        # By identity: a class may have an __eq__ or __hash__ of its metaclass's.
        self._successors: dict[int, tuple[object, object]] = {}

    def add_module(
        self, name: str, old: Mapping[str, object], new: Mapping[str, object]
    ) -> None:
        """Note what has become of everything that module *name* defines."""
        self._modules[name] = new
        for key, value in old.items():
            self._add(name, value, new.get(key))

    def _add(self, module: str, old: object, new: object) -> None:
        if old is new or id(old) in self._successors or not is_of(module, old):
            return
        if not _is_same_sort(old, new):
            return
        self._successors[id(old)] = (old, new)
        if isinstance(old, type):
            for key, value in list(vars(old).items()):
                if isinstance(value, type):
                    self._add(module, value, vars(new).get(key))

    def of(self, value: T) -> T:
        """Return the successor of *value*, itself if there is none."""
        pair = self._successors.get(id(value))
        return value if pair is None else cast("T", pair[1])

    def find(self, cls: type[object]) -> type[object] | None:
        """Return the successor of a class, None if there is none.

        Also of one that is older than the last state of its module.
        """
        new = self.of(cls)
        if new is not cls:
            return new
        found: object = None
        inside: Mapping[str, object] = self._modules.get(cls.__module__, {})
        for part in cls.__qualname__.split("."):
            found = inside.get(part)
            inside = vars(found) if isinstance(found, type) else {}
        return found if isinstance(found, type) and found is not cls else None

    def __call__(self, value: T, /) -> T:
        """Return *value* with the successors of all that is named in it.

        Looked into are specifications, generic classes, class methods and tuples;
        not what can be changed, as others may hold it, too. What has nothing old in it
        is returned itself.
        """
        return cast("T", self._renew(value))

    def _renew(self, value: object) -> object:
        found = self.of(value)
        if found is not value:
            return found
        match value:
            case _ if type(value) in _FIELDS:
                return self._renew_fields(value)
            case MethodType():
                return self._renew_method(value)
            case tuple():
                return self._renew_tuple(cast("tuple[object, ...]", value))
            case _:
                return self._renew_generic(value)

    def _renew_fields(self, value: Any) -> object:
        changes: dict[str, object] = {}
        for name in _FIELDS[type(value)]:
            old = getattr(value, name)
            # The keywords of a Start are shown by a proxy, which is no dict.
            new = self._renew_mapping(old) if name == "kwargs" else self._renew(old)
            if new is not old:
                changes[name] = new
        return attrs.evolve(value, **changes) if changes else value

    def _renew_mapping(self, value: Mapping[object, object]) -> object:
        new = {key: self._renew(item) for key, item in value.items()}
        return value if all(new[key] is value[key] for key in new) else new

    def _renew_tuple(self, value: tuple[object, ...]) -> object:
        renewed = tuple(map(self._renew, value))
        same = all(a is b for a, b in zip(value, renewed, strict=True))
        return value if same or type(value) is not tuple else renewed

    def _renew_method(self, value: MethodType) -> object:
        """Renew a class method, a start function for example."""
        owner = value.__self__
        new = self.of(owner)
        return value if new is owner else getattr(new, value.__name__, value)

    def _renew_generic(self, value: object) -> object:
        """Renew ``Table[str, int]``, whose class or arguments may have successors."""
        origin = get_origin(value)
        if not isinstance(origin, type) or not hasattr(value, "__args__"):
            return value
        args = get_args(value)
        new, new_args = self.of(origin), self._renew(args)
        if new is origin and new_args is args:
            return value
        return cast("Any", new)[new_args]


def is_of(module: str, value: object) -> bool:
    """Tell whether *value* is a class or function that *module* has defined."""
    if not isinstance(value, (type, FunctionType)) or isinstance(value, GenericAlias):
        return False
    return value.__module__ == module


def _is_same_sort(old: object, new: object) -> bool:
    if isinstance(old, type):
        return isinstance(new, type)
    return isinstance(new, FunctionType)


def classes_of(module: str, namespace: Mapping[str, object]) -> Iterable[type[object]]:
    """Return the classes that *module* has defined and that have a name in it."""
    for value in namespace.values():
        if isinstance(value, type) and is_of(module, value):
            yield value
