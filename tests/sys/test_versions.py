"""Which way a change of code goes, and who says that it can take over."""

from __future__ import annotations

from typing import Any

import pytest

from otp import GenServer, Supervisor
from otp.sys import Downgrade, can_convert
from otp.sys._versions import converts, old_version, version_of


def versioned(version: object, *, converting: bool = False) -> type[GenServer]:
    async def code_change(self: object, old_version: object, extra: object) -> None:
        raise AssertionError((self, old_version, extra))

    namespace: dict[str, Any] = {"__version__": version}
    if converting:
        namespace["code_change"] = code_change
    return type("Server", (GenServer,), namespace)


@pytest.mark.parametrize(
    ("old", "new", "given"),
    [
        (1, 2, 1),
        (2, 2, 2),
        (3, 2, Downgrade(2)),
        ((1, 9), (1, 10), (1, 9)),
        ((1, 10), (1, 9), Downgrade((1, 9))),
        (None, 2, None),
        (2, None, 2),
        (2, "1", 2),
        (0, -1, Downgrade(-1)),
    ],
)
def test_a_lower_version_is_a_downgrade(
    old: object, new: object, given: object
) -> None:
    assert old_version(versioned(old), versioned(new)) == given


def test_a_class_without_a_version_has_none() -> None:
    assert version_of(GenServer) is None
    assert version_of(Supervisor) is None
    assert version_of(object) is None
    assert version_of(versioned(3)) == 3


def test_a_version_is_inherited() -> None:
    class Derived(versioned(3)):  # type: ignore[misc]
        pass

    assert version_of(Derived) == 3


def test_only_a_code_change_of_its_own_is_a_promise() -> None:
    own = versioned(1, converting=True)

    class Derived(own):  # type: ignore[valid-type, misc]
        pass

    class Replaced(Derived):
        async def __start__(self) -> None:
            """Whoever writes this is a behaviour itself."""

        async def code_change(self, old_version: object, extra: object) -> None:
            pass

    class Linked(Derived):
        async def __start_link__(self) -> None:
            """Or this."""

        async def code_change(self, old_version: object, extra: object) -> None:
            pass

    assert not converts(Linked)
    assert converts(own)
    assert converts(Derived)
    assert not converts(GenServer)
    assert not converts(versioned(1))
    assert not converts(object)
    assert not converts(Supervisor)
    assert not converts(Replaced)


@pytest.mark.parametrize("converting", [True, False])
def test_the_newer_of_two_classes_has_to_convert(*, converting: bool) -> None:
    older, newer = versioned(1), versioned(2, converting=converting)

    assert can_convert(older, newer) == converting
    assert can_convert(newer, older) == converting
