"""Loading modules again, in such a way that it can be taken back.

A module is loaded in place, as `importlib.reload` does it: the module stays the same
object, and its code runs once more in the same dict. So whoever has imported the
*module* sees what is new. For those who have taken names *from* it, their names are
exchanged, too, and so are the specifications that they have put together of these.
The source is read and compiled here, and never taken from a cache:
a file that is saved twice within a second would else be old.
"""

from __future__ import annotations

import importlib
import linecache
import sys
from graphlib import CycleError, TopologicalSorter
from importlib.abc import InspectLoader
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, cast, final

from ..proc_lib import ChildSpec
from ..supervisor import SupervisorSpec
from ._errors import ReloadError
from ._renewal import Renewal, classes_of, is_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import CodeType


def find_module(module: ModuleType | str) -> ModuleType:
    """Return a module that is loaded.

    Raises:
        ReloadError: it is not loaded.
        TypeError: it is no module.
    """
    if not _is_module(module):
        raise TypeError(f"what is loaded again is a module or its name, not {module!r}")
    name = module if isinstance(module, str) else module.__name__
    found = sys.modules.get(name)
    if found is None or (found is not module and not isinstance(module, str)):
        raise ReloadError(name, f"module {name} is not loaded: import it first")
    return found


def _is_module(value: object) -> bool:
    return isinstance(value, (ModuleType, str))


def with_derived(modules: Iterable[ModuleType]) -> list[ModuleType]:
    """Return *modules* and those that derive classes from theirs.

    What a module uses of another one comes before it, unless they use each other.
    """
    found: dict[str, ModuleType] = {}
    waiting = list(modules)
    while waiting:
        module = waiting.pop(0)
        if module.__name__ not in found:
            found[module.__name__] = module
            waiting += _derived(module)
    needs = {name: _used_by(module, found) for name, module in found.items()}
    try:
        order = list(TopologicalSorter(needs).static_order())
    except CycleError:
        order = list(found)
    return [found[name] for name in order]


def _used_by(module: ModuleType, others: Iterable[str]) -> set[str]:
    """Return the names of those of *others* that something in *module* is from."""
    used = {_home(value) for value in list(vars(module).values())}
    return {name for name in others if name in used and name != module.__name__}


def _home(value: object) -> str | None:
    if isinstance(value, ModuleType):
        return value.__name__
    return value.__module__ if isinstance(value, (type, FunctionType)) else None


def _derived(module: ModuleType) -> Iterable[ModuleType]:
    """Return other modules with classes that are derived from those of *module*."""
    name = module.__name__
    waiting = list(classes_of(name, vars(module)))
    seen: set[type[object]] = set()
    while waiting:
        for cls in type.__subclasses__(waiting.pop()):
            if cls in seen:
                continue
            seen.add(cls)
            waiting.append(cls)
            home = sys.modules.get(cls.__module__)
            # One that is not there by its name is of an earlier state, or made by a
            # function.
            if home is not None and cls.__module__ != name and _is_there(cls, home):
                yield home


def _is_there(cls: type[object], module: ModuleType) -> bool:
    return vars(module).get(cls.__qualname__) is cls


@final
class Loading:
    """Modules that are loaded again: first compiled, then run, then taken back or not.

    Raises:
        ReloadError: one has no source, or does not compile.
    """

    def __init__(self, modules: Iterable[ModuleType]) -> None:
        self._codes = [(module, _compile(module)) for module in modules]
        self._before = [(module, dict(vars(module))) for module, _ in self._codes]
        # What has been exchanged in other modules, to be taken back.
        self._exchanged: list[tuple[dict[str, object], str, object]] = []

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the modules, in the order in which they are loaded."""
        return tuple(module.__name__ for module, _ in self._codes)

    def defines(self, cls: type[object]) -> bool:
        """Tell whether a class is of one of the modules."""
        return any(is_of(module.__name__, cls) for module, _ in self._codes)

    def run(self) -> Renewal:
        """Run the modules, and return what has become of what.

        Raises:
            ReloadError: one of them raised; all of them are as they were.
        """
        importlib.invalidate_caches()
        try:
            for module, code in self._codes:
                _run(module, code)
        except BaseException:
            self.take_back()
            raise
        renewal = Renewal()
        for module, before in self._before:
            renewal.add_module(module.__name__, before, vars(module))
        self._exchange(renewal)
        return renewal

    def _exchange(self, renewal: Renewal) -> None:
        """Let other modules have the successors of what they have taken from these."""
        for module in list(sys.modules.values()):
            names = getattr(module, "__dict__", None)
            if not isinstance(names, dict):
                continue
            namespace = cast("dict[str, object]", names)
            for name, old in list(namespace.items()):
                new = renewal(old) if _may_name_classes(old) else old
                if new is not old:
                    self._exchanged.append((namespace, name, old))
                    namespace[name] = new

    def take_back(self) -> None:
        """Make all modules what they were."""
        for namespace, name, old in reversed(self._exchanged):
            namespace[name] = old
        self._exchanged.clear()
        for module, before in self._before:
            namespace = vars(module)
            for name in namespace.keys() - before.keys():
                del namespace[name]
            namespace.update(before)


def _may_name_classes(value: object) -> bool:
    return isinstance(value, (type, FunctionType, ChildSpec, SupervisorSpec))


def _compile(module: ModuleType) -> CodeType:
    name = module.__name__
    spec = module.__spec__
    loader = None if spec is None else spec.loader
    if not isinstance(loader, InspectLoader) or name == "__main__":
        text = f"module {name} cannot be loaded again: it was not imported from a file"
        raise ReloadError(name, text)
    try:
        source = loader.get_source(name)
    except (ImportError, OSError, SyntaxError) as error:
        text = f"module {name} cannot be read: {_in_a_line(error.__cause__ or error)}"
        raise ReloadError(name, text) from error
    if source is None:
        raise ReloadError(name, f"module {name} has no source")
    file = getattr(module, "__file__", None) or f"<{name}>"
    try:
        return compile(source, file, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        raise ReloadError(name, _where(error, file)) from error


def _where(error: SyntaxError | ValueError, file: str) -> str:
    line = getattr(error, "lineno", None)
    place = file if line is None else f"{file}, line {line}"
    return f"{place}: {getattr(error, 'msg', error)}"


def _in_a_line(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())


def _run(module: ModuleType, code: CodeType) -> None:
    file = getattr(module, "__file__", None)
    try:
        exec(code, vars(module))  # noqa: S102 - it is what loading a module is
    except (Exception, SystemExit) as error:
        name = module.__name__
        text = f"module {name} could not be run: {_in_a_line(error)}"
        raise ReloadError(name, text) from error
    finally:
        # Tracebacks show the lines that stand there now.
        linecache.checkcache(file)
