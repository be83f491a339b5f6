"""The files beside this one are read by mypy and pyright, and never run.

They say with ``assert_type`` what the types of the public names are, and with lines
that both checkers must refuse what the types are not: there an ignore that is not
needed is an error. All of it stands in functions that nobody calls.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

FILES = sorted(
    path.name
    for path in Path(__file__).parent.glob("*.py")
    if not path.name.startswith(("test_", "_"))
)

DECLARATIONS = (
    ast.AnnAssign,
    ast.Assign,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.FunctionDef,
    ast.Import,
    ast.ImportFrom,
)


def runs_something(statement: ast.stmt) -> bool:
    """Tell whether a statement is more than a declaration or a docstring."""
    match statement:
        case ast.Expr(value=ast.Constant()):
            return False
        case ast.If(test=ast.Name(id="TYPE_CHECKING"), body=body, orelse=orelse):
            return any(runs_something(inner) for inner in body + orelse)
        case _:
            return not isinstance(statement, DECLARATIONS)


@pytest.mark.parametrize("file", FILES)
def test_a_file_for_the_checkers_declares_and_runs_nothing(file: str) -> None:
    source = (Path(__file__).parent / file).read_text(encoding="utf-8")

    assert [
        statement.lineno
        for statement in ast.parse(source).body
        if runs_something(statement)
    ] == []


def test_a_call_is_something_that_runs() -> None:
    assert [runs_something(s) for s in ast.parse("import x\nx.f()\nC = 1").body] == [
        False,
        True,
        False,
    ]
