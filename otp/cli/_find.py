"""From what stands on the command line to an application."""

from __future__ import annotations

import os
import sys
import traceback
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ..application import Application
from ._errors import CommandError

if TYPE_CHECKING:
    from types import ModuleType

    App = Application | type[Application]


def find_application(target: str) -> App:
    """Return the application that *target* names.

    Raises:
        CommandError: it names none, or cannot be imported.
    """
    place, name = split_target(target)
    module = _load(place)
    return _pick(module, place, name) if name else _choose(module, place)


def split_target(target: str) -> tuple[str, str | None]:
    """Return the file or module, and the name of the application if there is one."""
    place, colon, name = target.rpartition(":")
    # In C:\shop.py the colon does not stand before a name.
    if colon and place and name.isidentifier():
        return place, name
    return target, None


# --------------------------------------------------------------- from name to module


def _load(place: str) -> ModuleType:
    try:
        if place.endswith(".py") or os.sep in place:
            return _load_file(Path(place))
        return _load_module(place)
    except CommandError:
        raise
    except SystemExit as error:
        raise CommandError(
            f"{place} ended the program while it was imported: put what it does as a "
            f"script under 'if __name__ == \"__main__\":'"
        ) from error
    except Exception as error:
        text = f"{place} cannot be imported\n{_own_lines(error)}"
        raise CommandError(text) from error


def _load_file(path: Path) -> ModuleType:
    if path.is_dir():
        raise CommandError(
            f"{path} is a folder: name a file in it, or the module, as in a.b"
        )
    if not path.is_file():
        raise CommandError(f"there is no file {path}")
    # As Python does for a script: it finds the modules beside it.
    sys.path.insert(0, str(path.parent.resolve()))
    name = path.stem if path.stem not in sys.modules else f"{path.stem}_program"
    spec = spec_from_file_location(name, path.resolve())
    if spec is None or spec.loader is None:
        raise CommandError(f"{path} is no Python file")
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _load_module(name: str) -> ModuleType:
    if not all(part.isidentifier() for part in name.split(".")):
        raise CommandError(f"{name!r} is neither a file.py nor the name of a module")
    sys.path.insert(0, str(Path.cwd()))
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if name == missing or name.startswith(f"{missing}."):
            raise CommandError(
                f"there is no module {name}, neither in this folder nor installed"
            ) from error
        raise


def _own_lines(error: Exception) -> str:
    """Return the traceback without the frames that are not the user's."""
    shown = traceback.TracebackException.from_exception(error)
    for one in _with_causes(shown):
        frames = [f for f in one.stack if not _is_machinery(f.filename)]
        one.stack = traceback.StackSummary.from_list(frames)
    return "".join(shown.format()).rstrip()


def _with_causes(
    shown: traceback.TracebackException | None,
) -> list[traceback.TracebackException]:
    if shown is None:
        return []
    return [shown, *_with_causes(shown.__cause__), *_with_causes(shown.__context__)]


def _is_machinery(filename: str) -> bool:
    return filename.startswith("<frozen importlib") or filename in (
        __file__,
        import_module.__code__.co_filename,
    )


# ---------------------------------------------------------- from module to application


def _pick(module: ModuleType, place: str, name: str) -> App:
    found = vars(module).get(name)
    if _is_application(found):
        return cast("App", found)
    others = ", ".join(_candidates(module)) or "none"
    if found is None:
        raise CommandError(f"there is no {name} in {place}; its applications: {others}")
    raise CommandError(
        f"{name} in {place} is no application but of type {type(found).__name__}; "
        f"its applications: {others}"
    )


def _choose(module: ModuleType, place: str) -> App:
    found = _candidates(module)
    if not found:
        raise CommandError(
            f"there is no application in {place}: derive a class from otp.Application"
        )
    if len(found) > 1:
        *most, last = found
        raise CommandError(
            f"there are several applications in {place}, {', '.join(most)} and {last}: "
            f"choose one, as in {place}:{last}"
        )
    return next(iter(found.values()))


def _candidates(module: ModuleType) -> dict[str, App]:
    """Return the applications that *module* seems to be about, by name.

    Its own come before what it imports, and an instance before its class. A class
    without a name is a base for others, unless there is nothing else.
    """
    found: dict[str, App] = {}
    for name, value in vars(module).items():
        if not name.startswith("_") and _is_application(value):
            app = cast("App", value)
            if not any(known is app for known in found.values()):
                found[name] = app
    made = {type(app) for app in found.values() if isinstance(app, Application)}
    found = {n: app for n, app in found.items() if app not in made}
    own = {n: app for n, app in found.items() if _is_own(app, module)} or found
    return {n: app for n, app in own.items() if app.name} or own


def _is_application(value: object) -> bool:
    if isinstance(value, type):
        return issubclass(value, Application) and value is not Application
    return isinstance(value, Application)


def _is_own(app: App, module: ModuleType) -> bool:
    if isinstance(app, Application):
        return True
    home, name = app.__module__, module.__name__
    return home == name or home.startswith(f"{name}.")
