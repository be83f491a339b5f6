"""What `fix_module_metadata` changes, and what it leaves alone."""

from __future__ import annotations

import sys
from types import ModuleType

from otp._util import fix_module_metadata


def made_in(module: str, name: str) -> type:
    """Make a class with one method, both of which say they are from *module*."""

    def method() -> None:
        return None

    method.__module__ = module
    return type(name, (), {"__module__": module, "method": method})


def test_a_class_from_a_private_file_gets_the_path_of_the_face() -> None:
    cls = made_in("pkg.face._private", "Thing")

    fix_module_metadata("pkg.face", {"Thing": cls})

    assert cls.__module__ == "pkg.face"


def test_a_function_gets_the_path_of_the_face() -> None:
    def thing() -> None:
        return None

    thing.__module__ = "pkg.face._private"

    fix_module_metadata("pkg.face", {"thing": thing})

    assert thing.__module__ == "pkg.face"


def test_methods_stay_as_they_are() -> None:
    cls = made_in("pkg.face._private", "Thing")

    fix_module_metadata("pkg.face", {"Thing": cls})

    assert vars(cls)["method"].__module__ == "pkg.face._private"


def test_private_names_stay_as_they_are() -> None:
    private = made_in("pkg.face._private", "_Thing")
    public = made_in("pkg.face._private", "Thing")

    fix_module_metadata("pkg.face", {"_Thing": private, "Thing": public})

    assert private.__module__ == "pkg.face._private"
    assert public.__module__ == "pkg.face"


def test_names_borrowed_from_elsewhere_keep_their_path() -> None:
    neighbour = made_in("pkg.face2._private", "Neighbour")
    stranger = made_in("collections", "Stranger")

    fix_module_metadata("pkg.face", {"Neighbour": neighbour, "Stranger": stranger})

    assert neighbour.__module__ == "pkg.face2._private"
    assert stranger.__module__ == "collections"


def test_the_topmost_face_gives_its_names_the_shortest_path() -> None:
    cls = made_in("pkg.face", "Thing")

    fix_module_metadata("pkg", {"Thing": cls})

    assert cls.__module__ == "pkg"


def test_modules_and_values_are_left_alone() -> None:
    module = ModuleType("pkg.face._private")
    namespace: dict[str, object] = {"module": module, "NUMBER": 5, "sys": sys}

    fix_module_metadata("pkg.face", namespace)

    assert namespace == {"module": module, "NUMBER": 5, "sys": sys}


def test_what_is_exported_under_another_name_gets_that_name() -> None:
    cls = made_in("pkg.face._private", "Thing")

    fix_module_metadata("pkg.face", {"Gadget": cls})

    assert (cls.__name__, cls.__qualname__) == ("Gadget", "Gadget")


def test_a_borrowed_name_keeps_its_name() -> None:
    cls = made_in("pkg.face2._private", "Thing")

    fix_module_metadata("pkg.face", {"Gadget": cls})

    assert cls.__name__ == "Thing"
