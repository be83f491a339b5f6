"""The Python in the documents: found, and run as a reader would run it.

A block of ``python`` is run in the namespace of its page, one after the other. Three
conventions make more of a page than code that does not crash:

- a block of ``text`` right behind it is what it prints, letter by letter;
- a block whose first line is a comment with a file name, ``# room.py``, is a module
  of that name, which the blocks and pages after it can import;
- functions called ``test_...`` are tests, and are run.

Whatever calls ``trio.run()`` gets a clock that jumps, so that nobody waits.
"""

from __future__ import annotations

import inspect
import re
import sys
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, final
from unittest import mock

import attrs
import trio
from trio.testing import MockClock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator
    from pathlib import Path

# Real seconds where there is a real clock, a week of the other: a deadlock gets there
# at once.
PATIENCE: Final = {"real": 60.0, "mock": 7 * 86400.0}

_BLOCK: Final = re.compile(
    r"^```python\n(?P<code>.*?)^```$"
    r"(?:\n\n```text\n(?P<output>.*?)^```$)?",
    re.DOTALL | re.MULTILINE,
)
_FILE: Final = re.compile(r"# (?P<stem>\w+)\.py\n")


@final
@attrs.frozen
class Snippet:
    """One block: its code, from *line* of the page on, and what it prints.

    *module* is the module that it is; None means that it is a part of its page.
    """

    code: str
    line: int
    output: str | None
    module: str | None


def read_snippets(text: str) -> list[Snippet]:
    """Return the snippets of a page, in their order."""
    return [
        Snippet(
            code=found["code"],
            line=text.count("\n", 0, found.start("code")),
            output=found["output"],
            module=file["stem"] if (file := _FILE.match(found["code"])) else None,
        )
        for found in _BLOCK.finditer(text)
    ]


def run_pages(pages: list[Path], *, clock: str = "mock") -> None:
    """Run the snippets of *pages*, which may import what those before them are."""
    made: dict[str, ModuleType] = {}
    with _patched(made, clock):
        for page in pages:
            namespace = ModuleType(re.sub(r"\W", "_", page.stem))
            for snippet in read_snippets(page.read_text(encoding="utf-8")):
                _run(snippet, page, namespace, made)


@contextmanager
def _patched(made: dict[str, ModuleType], clock: str) -> Generator[None]:
    run = trio.run

    def run_soon(fn: Callable[..., Awaitable[Any]], *args: Any, **options: Any) -> Any:
        if options:
            # Who says so much knows about clocks.
            return run(fn, *args, **options)

        async def patiently() -> Any:
            with trio.fail_after(PATIENCE[clock]):
                return await fn(*args)

        mocked = MockClock(autojump_threshold=0) if clock == "mock" else None
        return run(patiently, clock=mocked)

    try:
        with mock.patch.object(trio, "run", run_soon):
            yield
    finally:
        for name in made:
            sys.modules.pop(name, None)


def _run(
    snippet: Snippet, page: Path, namespace: ModuleType, made: dict[str, ModuleType]
) -> None:
    module = namespace
    if snippet.module is not None:
        module = made[snippet.module] = ModuleType(snippet.module)
        sys.modules[snippet.module] = module
    # Tracebacks show the place in the page.
    code = compile("\n" * snippet.line + snippet.code, page, "exec", dont_inherit=True)
    known = set(vars(module))
    printed = StringIO()
    with redirect_stdout(printed):
        exec(code, vars(module))  # noqa: S102 - that is what this is for
        for name in vars(module).keys() - known:
            if name.startswith("test_"):
                _run_test(vars(module)[name])
    if snippet.output not in (None, printed.getvalue()):
        text = f"{page}:{snippet.line} prints\n{printed.getvalue()}"
        raise AssertionError(text)


def _run_test(test: Callable[..., Any]) -> None:
    # The one fixture that pages use is what every run here has anyway.
    args = [None for name in inspect.signature(test).parameters if _is_clock(name)]
    if inspect.iscoroutinefunction(test):
        trio.run(test, *args)
    else:
        test(*args)


def _is_clock(name: str) -> bool:
    if name != "autojump_clock":
        raise LookupError(f"no fixture {name!r} is known here")
    return True
