"""Public names are where they say they are, and the reference knows them."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import FunctionType

import pytest

# Faces for the floors above, not for users: what users need of these, the topmost
# face, `otp.process` and the behaviours export again.
INNER = {"otp.kernel", "otp.gen"}

REFERENCE = Path(__file__).parent.parent / "docs" / "reference"
PAGES = [page for page in sorted(REFERENCE.glob("*.md")) if page.stem != "index"]


def find_faces() -> dict[str, Path]:
    """Return the public modules and packages of `otp` with their files."""
    spec = find_spec("otp")
    if spec is None or spec.origin is None:
        return {}
    root = Path(spec.origin).parent
    faces: dict[str, Path] = {}
    for file in sorted(root.rglob("*.py")):
        parts = file.relative_to(root).with_suffix("").parts
        if parts[-1] == "__init__":
            parts = parts[:-1]
        if not any(part.startswith("_") for part in parts):
            faces[".".join(("otp", *parts))] = file
    return faces


def exported_names(source: str) -> set[str]:
    """Return what a face exports: its ``__all__``, else what it imports ``as``.

    What a face names anew (``call = call_clause``) counts, and of a module that is a
    face by itself what it defines.
    """
    names: set[str] = set()
    for statement in ast.parse(source).body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="__all__")], value=value):
                return set(ast.literal_eval(value))
            case ast.ImportFrom(names=aliases):
                names |= {alias.asname for alias in aliases if alias.asname}
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Name()):
                names.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                names.add(name)
            case ast.ClassDef(name=name):
                names.add(name)
            case _:
                pass
    return {name for name in names if not name.startswith("_")}


FACES = find_faces()
EXPORTS = {
    face: sorted(exported_names(file.read_text(encoding="utf-8")))
    for face, file in FACES.items()
}


def is_documented(face: str, name: str, reference: str) -> bool:
    """Tell whether *reference* names the export, by itself or with all of the face."""
    whole_face = rf"automodule[:}}]* +{re.escape(face)}\s*\n(.*\n)*?.*:members: *\n"
    return bool(
        re.search(rf"\b{re.escape(name)}\b", reference)
        or re.search(whole_face, reference)
    )


@pytest.mark.parametrize("face", FACES)
def test_what_is_started_with_a_link_can_be_stopped(face: str) -> None:
    # A task ends by itself, or by `shutdown`, and proc_lib starts anything.
    if "start_link" in EXPORTS[face] and face not in {"otp.task", "otp.proc_lib"}:
        assert "stop" in EXPORTS[face]


@pytest.mark.parametrize("face", FACES)
def test_a_face_has_every_name_that_it_exports(face: str) -> None:
    module = import_module(face)

    assert [name for name in EXPORTS[face] if not hasattr(module, name)] == []


@pytest.mark.parametrize("face", FACES)
def test_an_exported_name_is_found_where_it_says_it_is(face: str) -> None:
    lost: list[str] = []
    for name in EXPORTS[face]:
        value = getattr(import_module(face), name)
        if not isinstance(value, (type, FunctionType)):
            continue
        home = value.__module__
        if home.split(".")[0] == "otp" and "._" in home:
            lost.append(f"{name} says it is from the private {home}")
        elif getattr(import_module(home), value.__qualname__, None) is not value:
            lost.append(f"{name} is not {home}.{value.__qualname__}")

    assert lost == []


@pytest.mark.skipif(not PAGES, reason="there are no pages of reference here")
@pytest.mark.parametrize("face", sorted(FACES.keys() - INNER))
def test_the_reference_mentions_every_exported_name(face: str) -> None:
    reference = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)

    assert [n for n in EXPORTS[face] if not is_documented(face, n, reference)] == []


def test_names_are_read_from_both_ways_of_writing_a_face() -> None:
    by_alias = "from ._a import B as B, c\nfrom . import f as f, _g as _g\nd = c"
    by_list = "from ._a import B, c\n__all__ = ['B']"
    by_hand = "def a(): ...\nasync def b(): ...\nclass C: ...\ndef _d(): ..."

    assert exported_names(by_alias) == {"B", "d", "f"}
    assert exported_names(by_list) == {"B"}
    assert exported_names(by_hand) == {"a", "b", "C"}


def test_the_reference_may_name_an_export_alone_or_with_its_face() -> None:
    page = "```{eval-rst}\n.. automodule:: otp.x\n   :members:\n```\n`y.call()`\n"

    assert is_documented("otp.x", "anything", page)
    assert is_documented("otp.y", "call", page)
    assert not is_documented("otp.y", "cast", page)
