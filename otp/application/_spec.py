"""Applications: a part of a program that is started and stopped as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast, final

import attrs

from ..kernel import InvalidSpecError

if TYPE_CHECKING:
    from ..proc_lib import ChildSpec
    from ..supervisor import Supervisor


class Application:
    """A part of a program with a supervision tree: derive from it.

    ::

        class Shop(otp.Application):
            name = "shop"
            applications = (Database,)
            env = {"currency": "EUR"}

            def start(self) -> otp.ChildSpec[otp.Supervisor]:
                return otp.child_spec(Root)

    The attributes describe the application, and `start` returns its top supervisor.
    A node keeps the instance for as long as the application is loaded, so that what
    `start_phase` leaves in an attribute is there for `prep_stop` and `stop`, and
    still there if it is started a second time. The methods run in a process of the
    application that is no part of its tree, except for `config_change`.

    Attributes:
        name: what the application is called; there is one of a name on a node.
        description: a few words for lists.
        version: of the application.
        applications: what has to be started before it: classes, instances, or the
            names of applications that somebody else loads. A class is made into an
            instance without arguments.
        optional_applications: what is started before it if it is there. Only a name
            can be missing: one that nobody has loaded.
        included_applications: what is loaded with it and not started. To run one,
            put what its `start` returns among your own children.
        env: the environment: values by key, which can be set from outside before
            the start. They are read with `get_env`.
        start_phases: names and arguments for `start_phase`.
    """

    name: str = ""
    description: str = ""
    version: str = "0.0.0"
    applications: Sequence[Dependency] = ()
    optional_applications: Sequence[Dependency] = ()
    included_applications: Sequence[Dependency] = ()
    env: Mapping[str, object] = {}
    start_phases: Sequence[tuple[str, object]] = ()

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        for key, check in _CHECKS.items():
            if key in vars(cls):
                check(cls.__qualname__, vars(cls)[key])

    def start(self) -> ChildSpec[Supervisor]:
        """Return the child specification of the top supervisor.

        It may raise `otp.StartError` with a reason; anything else that it raises is
        taken for a mistake in it.
        """
        raise NotImplementedError(
            f"{type(self).__qualname__} needs a start() that returns the child "
            f"specification of its top supervisor"
        )

    async def start_phase(self, phase: str, argument: object) -> None:
        """Do one step of a start in several steps, when the tree is up.

        Called for each of `start_phases` in their order. The application counts as
        started when the last has returned. If one raises the start has failed, and all
        that is up of the application is killed.
        """

    async def prep_stop(self) -> None:
        """Get ready to be stopped: the tree is still up, unless that is the cause."""

    async def stop(self) -> None:
        """Clean up: the tree is down."""

    def config_change(
        self,
        changed: Mapping[str, object],
        new: Mapping[str, object],
        removed: Sequence[str],
    ) -> None:
        """Hear that `replace_env` has changed the environment of the running one."""


Dependency = Application | type[Application] | str
"""How an application names another one: by instance, class or name."""


@final
@attrs.frozen
class ApplicationSpec:
    """What an application says of itself, checked: see `Application`."""

    name: str
    description: str
    version: str
    applications: tuple[Dependency, ...]
    optional_applications: tuple[Dependency, ...]
    included_applications: tuple[Dependency, ...]
    env: Mapping[str, object]
    start_phases: tuple[tuple[str, object], ...]


def describe(app: Application) -> ApplicationSpec:
    """Return what *app* says of itself.

    Raises:
        InvalidSpecError: a value is wrong, or there is no name.
    """
    owner = type(app).__qualname__
    for key, check in _CHECKS.items():
        check(owner, getattr(app, key))
    return ApplicationSpec(
        name=app.name,
        description=app.description,
        version=app.version,
        applications=tuple(app.applications),
        optional_applications=tuple(app.optional_applications),
        included_applications=tuple(app.included_applications),
        env=dict(app.env),
        start_phases=tuple(app.start_phases),
    )


def make(dependency: Application | type[Application]) -> Application:
    """Return the application, which is made if *dependency* is its class.

    Raises:
        InvalidSpecError: it is neither, or its class needs arguments.
    """
    if isinstance(dependency, Application):
        return dependency
    if not is_application_class(dependency):
        raise InvalidSpecError(
            "invalid_application",
            dependency,
            f"an application is a subclass of Application or an instance of one, "
            f"not {dependency!r}",
        )
    try:
        return dependency()
    except TypeError as error:
        # Only what the call itself says; a mistake inside of __init__ is the user's.
        if error.__traceback__ is None or error.__traceback__.tb_next is not None:
            raise
        raise InvalidSpecError(
            "invalid_application",
            dependency,
            f"{dependency.__qualname__} needs arguments: give an instance of it "
            f"instead of the class ({error})",
        ) from error


def is_application_class(value: object) -> bool:
    """Tell whether *value* is a class of applications."""
    return isinstance(value, type) and issubclass(value, Application)


# ------------------------------------------------------------------- what may be wrong


def _wrong(kind: str, owner: str, value: object, wanted: str) -> InvalidSpecError:
    key = kind.removeprefix("invalid_")
    return InvalidSpecError(
        kind, value, f"the {key} of application {owner} is {wanted}, not {value!r}"
    )


def _check_name(owner: str, value: object) -> None:
    if not isinstance(value, str):
        raise _wrong("invalid_name", owner, value, "a string")
    if not value:
        raise InvalidSpecError(
            "missing_name",
            value,
            f"application {owner} has no name: write 'name = {owner.lower()!r}' "
            f"in the class",
        )


def _check_description(owner: str, value: object) -> None:
    if not isinstance(value, str):
        raise _wrong("invalid_description", owner, value, "a string")


def _check_version(owner: str, value: object) -> None:
    if not isinstance(value, str):
        raise _wrong("invalid_version", owner, value, "a string")


def _items(kind: str, owner: str, value: object, wanted: str) -> Sequence[object]:
    # A string is a sequence too, of names of one letter.
    if not isinstance(value, Sequence) or isinstance(value, (str, bytes)):
        raise _wrong(kind, owner, value, wanted)
    return cast("Sequence[object]", value)


def _check_dependencies(kind: str, owner: str, value: object) -> None:
    wanted = "a sequence of applications, their classes or their names"
    for item in _items(kind, owner, value, wanted):
        named = isinstance(item, str) and bool(item)
        if not (named or isinstance(item, Application) or is_application_class(item)):
            raise _wrong(kind, owner, item, wanted)


def _check_applications(owner: str, value: object) -> None:
    _check_dependencies("invalid_applications", owner, value)


def _check_optional(owner: str, value: object) -> None:
    _check_dependencies("invalid_optional_applications", owner, value)


def _check_included(owner: str, value: object) -> None:
    _check_dependencies("invalid_included_applications", owner, value)


def _check_env(owner: str, value: object) -> None:
    if not isinstance(value, Mapping):
        raise _wrong("invalid_env", owner, value, "a mapping")
    for key in cast("Mapping[object, object]", value):
        if not isinstance(key, str):
            raise _wrong("invalid_env", owner, key, "a mapping whose keys are strings")


def _check_phases(owner: str, value: object) -> None:
    wanted = "a sequence of pairs of a name and an argument"
    for item in _items("invalid_start_phases", owner, value, wanted):
        if not _is_phase(item):
            raise _wrong("invalid_start_phases", owner, item, wanted)


def _is_phase(value: object) -> bool:
    if not isinstance(value, tuple):
        return False
    pair = cast("tuple[object, ...]", value)
    return len(pair) == 2 and isinstance(pair[0], str)  # noqa: PLR2004


_CHECKS = {
    "name": _check_name,
    "description": _check_description,
    "version": _check_version,
    "applications": _check_applications,
    "optional_applications": _check_optional,
    "included_applications": _check_included,
    "env": _check_env,
    "start_phases": _check_phases,
}
