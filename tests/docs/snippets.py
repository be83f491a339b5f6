"""The Python in the documents: found, and run as a reader would run it.

A block of ``python`` is run in the namespace of its page, one after the other. Three
conventions make more of a page than code that does not crash:

- a block of ``text`` right behind it is what it prints, letter by letter;
- a block whose first line is a comment with a file name, ``# room.py``, is a module
  of that name, which the blocks and pages after it can import;
- functions called ``test_...`` are tests, and are run, with the fixtures of the pytest
  plugin if they want them.

Whatever calls ``trio.run()`` gets a clock that jumps, so that nobody waits.
"""

from __future__ import annotations

import inspect
import re
import sys
from contextlib import AsyncExitStack, contextmanager, redirect_stdout
from functools import partial
from io import StringIO
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, final
from unittest import mock

import attrs
import trio
from trio.testing import MockClock

import otp
from otp.testing import Captured, LeakError, Probe, leaks, snapshot, wait_until_idle
from otp.testing._ending import stop_started

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Generator
    from pathlib import Path

# Real seconds where there is a real clock, a week of the other: a deadlock gets there
# at once.
PATIENCE: Final = {"real": 60.0, "mock": 7 * 86400.0}

# Those of the pytest plugin, and the clock of pytest-trio.
FIXTURES: Final = {"autojump_clock", "otp_node", "otp_probe", "otp_capture"}

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
    wanted = inspect.signature(test).parameters.keys()
    for name in wanted - FIXTURES:
        raise LookupError(f"no fixture {name!r} is known here")
    if not inspect.iscoroutinefunction(test):
        test()
    elif wanted & {"otp_node", "otp_probe", "otp_capture"}:
        trio.run(_with_node, test, wanted)
    else:
        # The clock is what every run here has anyway.
        trio.run(partial(test, **dict.fromkeys(wanted)))


async def _with_node(test: Callable[..., Any], wanted: Collection[str]) -> None:
    """Run *test* as the pytest plugin would."""
    captured = Captured()
    async with otp.Node(instruments=[captured]) as node:
        before = snapshot()
        values: dict[str, object] = {"otp_node": node, "otp_capture": captured}
        async with AsyncExitStack() as stack:
            if "otp_probe" in wanted:
                values["otp_probe"] = await stack.enter_async_context(Probe())
            await test(**{name: values.get(name) for name in wanted})
        await wait_until_idle()
        await stop_started(node)
        await wait_until_idle()
        found = leaks(before)
    if found:
        raise LeakError(found)
