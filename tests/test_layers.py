"""The shape of the house: floors, privacy, purity and the size of files."""

from __future__ import annotations

import ast
import re
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

# Lowest first; on one floor, those named earlier are lower. A package that comes to
# be is put here and into the comment at the head of otp/__init__.py.
FLOORS = {
    0: ["_util"],
    1: ["kernel", "process", "timer", "global_", "abc"],
    3: ["proc_lib"],
    4: ["gen"],
    5: ["sys"],
    6: ["gen_server", "gen_statem", "gen_event", "agent", "task"],
    7: ["supervisor", "dynamic_supervisor", "partition_supervisor", "task_supervisor"],
    8: ["registry", "pg", "code"],
    9: ["application"],
    10: [
        "protection",
        "retry",
        "rate_limiter",
        "bulkhead",
        "circuit_breaker",
        "pipeline",
    ],
    11: ["failure_detector", "pool", "task_executor"],
    14: ["reports", "testing", "cli"],
}

# The behaviours themselves do not know each other; what is made of one of them, on
# the same floor, does.
BEHAVIOURS = {"gen_server", "gen_statem", "gen_event"}

# Any package may name the types of a seam: so the kernel can say what it expects of
# others without knowing who they are.
SEAMS = {"abc"}

# The modules of the roof may import everything, and nothing may import them.
ROOF = {"__init__", "__main__"}

# Decisions: what they say depends on their arguments alone.
PURE = [
    "_util/_window.py",
    "_util/_heap.py",
    "_util/_cast.py",
    "_util/_format.py",
    "_util/_seconds.py",
    "kernel/_ids.py",
    "kernel/_reasons.py",
    "kernel/_checks.py",
    "kernel/_errors.py",
    "kernel/_messages.py",
    "kernel/_exit_rules.py",
    "kernel/_relations.py",
    "proc_lib/_spec.py",
    "proc_lib/_child_start.py",
    "proc_lib/_backoff.py",
    "sys/_versions.py",
    "gen_server/_results.py",
    "gen_statem/_actions.py",
    "gen_statem/_engine.py",
    "gen_statem/_errors.py",
    "gen_statem/_events.py",
    "gen_statem/_results.py",
    "gen_statem/_states.py",
    "gen_statem/_timeouts.py",
    "gen_event/_endings.py",
    "gen_event/_handler.py",
    "gen_event/_handlers.py",
    "gen_event/_results.py",
    "gen_event/_requests.py",
    "gen_event/_errors.py",
    "task/_errors.py",
    "task/_outcome.py",
    "supervisor/_spec.py",
    "supervisor/_decide.py",
    "supervisor/_auto_shutdown.py",
    "supervisor/_children.py",
    "supervisor/_errors.py",
    "supervisor/_requests.py",
    "dynamic_supervisor/_errors.py",
    "dynamic_supervisor/_spec.py",
    "partition_supervisor/_route.py",
    "registry/_table.py",
    "registry/_spread.py",
    "registry/_messages.py",
    "registry/_errors.py",
    "supervisor/_swap.py",
    "supervisor/_swap_result.py",
    "code/_renewal.py",
    "pg/_groups.py",
    "pg/_messages.py",
    "pg/_errors.py",
    "application/_spec.py",
    "application/_order.py",
    "application/_rules.py",
    "application/_env.py",
    "application/_table.py",
    "application/_errors.py",
    "protection/_errors.py",
    "protection/_failures.py",
    "protection/_recovery.py",
    "retry/_budget.py",
    "retry/_decide.py",
    "retry/_events.py",
    "retry/_reading.py",
    "rate_limiter/_errors.py",
    "rate_limiter/_gcra.py",
    "rate_limiter/_rule.py",
    "rate_limiter/_sliding_log.py",
    "bulkhead/_errors.py",
    "bulkhead/_queue.py",
    "circuit_breaker/_spec.py",
    "circuit_breaker/_events.py",
    "circuit_breaker/_window.py",
    "circuit_breaker/_transitions.py",
    "circuit_breaker/_trial.py",
    "circuit_breaker/_breaker.py",
    "circuit_breaker/_errors.py",
    "pipeline/_errors.py",
    "pipeline/_memory.py",
    "pipeline/_order.py",
    "failure_detector/_phi.py",
    "failure_detector/_intervals.py",
    "failure_detector/_judgement.py",
    "failure_detector/_detector.py",
    "failure_detector/_accrual.py",
    "failure_detector/_deadline.py",
    "failure_detector/_policy.py",
    "failure_detector/_subject.py",
    "failure_detector/_health.py",
    "failure_detector/_guard.py",
    "failure_detector/_suspicion.py",
    "pool/_spec.py",
    "pool/_slots.py",
    "pool/_steps.py",
    "pool/_errors.py",
    "task_executor/_spec.py",
    "task_executor/_queue.py",
    "task_executor/_board.py",
    "task_executor/_errors.py",
    "testing/_exploration/_schedule.py",
    "testing/_exploration/_shrink.py",
    "testing/_exploration/_depth_first.py",
    "testing/_supervision/_events.py",
    "testing/_supervision/_laws.py",
    "testing/_supervision/_model.py",
    "testing/_supervision/_plan.py",
    "testing/_supervision/_rules.py",
    "testing/_supervision/_story.py",
    "testing/_supervision/_waits.py",
]
IMPURE = {
    *("trio", "trio_util", "outcome", "asyncio", "threading", "contextvars"),
    *("time", "datetime", "random", "secrets", "uuid", "loguru", "logging"),
    *("os", "io", "pathlib", "socket", "signal", "subprocess"),
}

MAX_LINES = 400

FLOOR_LINE = re.compile(r"^# {1,2}(\d{1,2}) (\w+(?:, \w+)*)$", re.MULTILINE)


class Import(NamedTuple):
    """One thing that a file imports, as an absolute path."""

    path: tuple[str, ...]
    line: int
    types_only: bool


def root() -> Path:
    """Return the folder of the package that is under test, installed or not."""
    spec = find_spec("otp")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(next(iter(spec.submodule_search_locations)))


OTP = root()
FILES = sorted(path.relative_to(OTP).as_posix() for path in OTP.rglob("*.py"))
PLACES = {
    package: (floor, place)
    for floor, packages in FLOORS.items()
    for place, package in enumerate(packages)
}


def package_of(file: str) -> str:
    """Return the package or top-level module that *file* belongs to."""
    return Path(file).parts[0].removesuffix(".py")


def existing_packages() -> set[str]:
    """Return the packages and top-level modules that are there."""
    return {package_of(file) for file in FILES} - ROOF


def imports_of(file: str, source: str) -> list[Import]:
    """Return everything that *file* imports, wherever in the file that stands."""
    tree = ast.parse(source)
    guarded = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.dump(block.test)
        for statement in block.body
        for node in ast.walk(statement)
    }
    package = ("otp", *Path(file).parts[:-1])
    found: list[Import] = []
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                paths = [tuple(alias.name.split(".")) for alias in names]
            case ast.ImportFrom(module=module, names=names, level=level):
                base = package[: len(package) + 1 - level] if level else ()
                base += tuple(module.split(".")) if module else ()
                paths = [(*base, alias.name) for alias in names]
            case _:
                continue
        types_only = id(node) in guarded
        found += [Import(path, node.lineno, types_only) for path in paths]
    return found


def floor_violations(file: str, source: str) -> list[str]:
    """Return the imports of *file* that go upwards or sideways."""
    here = package_of(file)
    if here in ROOF:
        return []
    return [
        f"line {line}: {here} must not import {'.'.join(path)}"
        for path, line, types_only in imports_of(file, source)
        if path[0] == "otp"
        if path[1] != here and not is_below(path[1], here, types_only=types_only)
    ]


def is_below(target: str, here: str, *, types_only: bool) -> bool:
    """Tell whether *here* may import *target*."""
    if target not in PLACES:
        return False
    if target in SEAMS and types_only:
        return PLACES[target][0] <= PLACES[here][0]
    if {target, here} <= BEHAVIOURS:
        return False
    return PLACES[target] < PLACES[here]


def privacy_violations(file: str, source: str) -> list[str]:
    """Return the imports of *file* that reach into the private parts of others."""
    return [
        f"line {line}: {'.'.join(path)} is private"
        for path, line, _ in imports_of(file, source)
        if path[0] == "otp" and path[1] != package_of(file)
        if any(part.startswith("_") and part != "_util" for part in path[1:])
    ]


def purity_violations(file: str, source: str) -> list[str]:
    """Return the imports by which a pure *file* could depend on the world."""
    return [
        f"{file}, line {line}: {'.'.join(path)} is not pure"
        for path, line, types_only in imports_of(file, source)
        if path[0] in IMPURE and not types_only
    ]


def with_neighbours(file: str) -> set[str]:
    """Return *file* and all of its own package that it imports, directly or not."""
    found: set[str] = set()
    waiting = {file}
    while waiting:
        found.add(current := waiting.pop())
        waiting |= {
            file_of(path)
            for path, _, types_only in imports_of(current, read(current))
            if not types_only and path[:2] == ("otp", package_of(file))
        } - found
    return found


def file_of(path: tuple[str, ...]) -> str:
    """Return the file of the module that *path* is, or is in."""
    for end in range(len(path), 1, -1):
        stem = "/".join(path[1:end])
        for file in (f"{stem}.py", f"{stem}/__init__.py"):
            if file in FILES:
                return file
    raise LookupError(path)


def absolute_violations(source: str) -> list[str]:
    """Return the imports that spell out the name of the package."""
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                modules = [alias.name for alias in names]
            case ast.ImportFrom(module=str(module), level=0):
                modules = [module]
            case _:
                continue
        if any(module.split(".")[0] == "otp" for module in modules):
            found.append(f"line {node.lineno}: import from the package by dots")
    return found


def read(file: str) -> str:
    """Return the text of a file of the package."""
    return (OTP / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("file", FILES)
def test_a_file_imports_only_from_its_own_package_and_lower_floors(file: str) -> None:
    assert floor_violations(file, read(file)) == []


@pytest.mark.parametrize("file", FILES)
def test_a_file_imports_only_what_is_public_in_other_packages(file: str) -> None:
    assert privacy_violations(file, read(file)) == []


@pytest.mark.parametrize("file", FILES)
def test_a_file_imports_its_neighbours_by_dots(file: str) -> None:
    assert absolute_violations(read(file)) == []


@pytest.mark.parametrize("file", PURE)
def test_a_pure_file_is_there_and_imports_nothing_of_the_world(file: str) -> None:
    if package_of(file) not in existing_packages():
        pytest.skip(f"there is no {package_of(file)} yet")

    neighbours = with_neighbours(file)

    assert [v for n in neighbours for v in purity_violations(n, read(n))] == []


@pytest.mark.parametrize("file", FILES)
def test_a_file_is_short_enough_to_be_read(file: str) -> None:
    assert len(read(file).splitlines()) <= MAX_LINES


def test_every_package_stands_on_a_floor() -> None:
    assert existing_packages() <= set(PLACES)


def test_the_face_lists_the_same_floors() -> None:
    if "__init__.py" not in FILES:
        pytest.skip("there is no face yet")
    listed = FLOOR_LINE.findall(read("__init__.py"))

    assert {int(floor): names.split(", ") for floor, names in listed} == FLOORS


BAD_FLOORS = [
    ("kernel/_a.py", "from ..gen import reply"),
    ("kernel/_a.py", "from ..gen._request import reply"),
    ("kernel/_a.py", "def f():\n    from .. import supervisor"),
    ("kernel/_a.py", "if TYPE_CHECKING:\n    from ..gen import From"),
    ("kernel/_a.py", "from ..abc import Instrument"),
    ("kernel/_a.py", "from .. import Node"),
    ("kernel/_a.py", "import otp.gen"),
    ("timer.py", "from .abc import Instrument"),
    ("gen_server/_a.py", "from ..nowhere import thing"),
]
GOOD_FLOORS = [
    ("kernel/_a.py", "from ._b import thing"),
    ("kernel/_a.py", "from . import _b"),
    ("kernel/_a.py", "from .._util import short\nimport trio"),
    ("kernel/_a.py", "if TYPE_CHECKING:\n    from ..abc import Instrument"),
    ("timer.py", "from .kernel import Pid\nfrom . import process"),
    ("gen_server/_a.py", "from .. import process as processes"),
    ("__init__.py", "from .supervisor import Supervisor"),
]


@pytest.mark.parametrize(("file", "source"), BAD_FLOORS)
def test_the_check_of_floors_finds(file: str, source: str) -> None:
    assert len(floor_violations(file, source)) == 1


@pytest.mark.parametrize(("file", "source"), GOOD_FLOORS)
def test_the_check_of_floors_allows(file: str, source: str) -> None:
    assert floor_violations(file, source) == []


def test_behaviours_do_not_know_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PLACES, "gen_statem", (PLACES["gen_server"][0], 9))

    assert floor_violations("gen_statem/_a.py", "from ..gen_server import Reply")


@pytest.mark.parametrize(
    "source",
    [
        "from ..kernel._ids import Pid",
        "from ..kernel import _ids",
        "from .._util._heap import DeadlineHeap",
    ],
)
def test_the_check_of_privacy_finds(source: str) -> None:
    assert len(privacy_violations("gen/_a.py", source)) == 1


@pytest.mark.parametrize(
    "source",
    ["from .._util import short", "from ..kernel import Pid", "from ._b import _c"],
)
def test_the_check_of_privacy_allows(source: str) -> None:
    assert privacy_violations("gen/_a.py", source) == []


@pytest.mark.parametrize("source", ["import trio", "from time import time"])
def test_the_check_of_purity_finds(source: str) -> None:
    assert len(purity_violations("kernel/_ids.py", source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "import attrs\nfrom .._util import short\nfrom ._reasons import Kill",
        "if TYPE_CHECKING:\n    import trio",
    ],
)
def test_the_check_of_purity_allows(source: str) -> None:
    assert purity_violations("kernel/_ids.py", source) == []


def test_what_a_pure_file_imports_from_its_package_is_looked_at_as_well() -> None:
    assert with_neighbours("_util/__init__.py") >= {
        "_util/__init__.py",
        "_util/_heap.py",
    }


@pytest.mark.parametrize("source", ["import otp", "from otp.kernel import Pid"])
def test_the_check_of_dots_finds(source: str) -> None:
    assert len(absolute_violations(source)) == 1
