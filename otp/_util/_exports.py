"""Public names say where the public finds them."""

from __future__ import annotations

from types import FunctionType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def fix_module_metadata(module_name: str, namespace: Mapping[str, object]) -> None:
    """Set ``__module__`` of the face's own classes and functions to the face.

    Tracebacks, pickles and the documentation read that attribute, and whoever reads
    them should find ``otp.gen_server.GenServer`` and no private file. What a face
    exports under another name than its own is renamed, for the same readers. A face
    calls this last, as ``fix_module_metadata(__name__, globals())``.

    Own is what is defined inside *module_name*: a name that a face borrows from
    another package keeps the path of that package, so that the outcome does not depend
    on which face is imported first. What is everyday enough to be in the topmost face
    is inside that one too, and so gets the shortest path. Methods stay as they are.
    """
    inside = f"{module_name}."
    for name, value in namespace.items():
        if name.startswith("_") or not isinstance(value, (type, FunctionType)):
            continue
        if value.__module__.startswith(inside):
            value.__module__ = module_name
            value.__name__ = value.__qualname__ = name
