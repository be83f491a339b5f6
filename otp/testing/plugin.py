"""The pytest plugin: a node for each test that asks for one.

It is found by its entry point where ``otp`` is installed; else say
``pytest_plugins = ["otp.testing.plugin"]`` in the topmost ``conftest.py``.

There are no assertions in it, so that pytest need not look: PYTEST_DONT_REWRITE
"""

from __future__ import annotations

from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, Final

import pytest
import trio
from trio.testing import MockClock

from ..kernel import Node
from ._capture import Captured
from ._ending import stop_started
from ._idle import wait_until_idle
from ._leaks import Leak, LeakError, leaks, snapshot
from ._probe import Probe
from ._settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence

__all__ = [
    "otp_capture",
    "otp_node",
    "otp_probe",
]

FIXTURES: Final = frozenset({"otp_node", "otp_probe"})
OPTIONS: Final = frozenset({"clock", "leaks"})
NODE_OPTIONS: Final = frozenset({"name", "scheduler", "seed", "shutdown_timeout"})

_WRONG = pytest.StashKey[str]()
_LEFT = pytest.StashKey[list[Leak]]()
_STARTED = pytest.StashKey[bool]()
_SETTINGS_BEFORE = pytest.StashKey[tuple[int | None, str | None]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("otp", "programs of processes")
    group.addoption(
        "--otp-runs",
        type=_runs,
        metavar="N",
        help="how many schedules a test that explores them tries",
    )
    group.addoption(
        "--otp-schedule",
        metavar="S",
        help="the one schedule that tests which explore them run, as a failure "
        "has shown it",
    )
    parser.addini(
        "otp_leaks",
        "whether a test with otp_node fails if it leaves something behind",
        type="bool",
        default=True,
    )


def _runs(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, and pass the options on."""
    config.addinivalue_line(
        "markers",
        "otp(*, clock='mock', leaks=True, name=..., scheduler=..., seed=..., "
        "shutdown_timeout=...): how the node of otp_node is to be",
    )
    config.stash[_SETTINGS_BEFORE] = (SETTINGS.runs, SETTINGS.schedule)
    SETTINGS.runs = config.getoption("otp_runs")
    SETTINGS.schedule = config.getoption("otp_schedule")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Forget the options."""
    SETTINGS.runs, SETTINGS.schedule = config.stash[_SETTINGS_BEFORE]


def pytest_collection_modifyitems(
    config: pytest.Config, items: Sequence[pytest.Item]
) -> None:
    """Let the tests that have a node run with a clock that jumps."""
    for item in items:
        if not _wants_node(item) or not isinstance(item, pytest.Function):
            continue
        if not config.pluginmanager.hasplugin("trio"):
            raise pytest.UsageError(
                f"{item.nodeid} uses a node, which needs pytest-trio: "
                f"pip install 'otp[testing]'"
            )
        clock = _options(item).get("clock", "mock")
        if clock not in {"mock", "real"}:
            raise pytest.UsageError(f"{item.nodeid}: the clock is mock or real")
        if hasattr(item.obj, "hypothesis"):
            item.stash[_WRONG] = (
                "it is run by Hypothesis many times, and has otp_node once: "
                "write 'async with otp.Node()' in the test"
            )
            continue
        if not iscoroutinefunction(item.obj):
            item.stash[_WRONG] = f"it uses a node: write 'async def {item.name}'"
            continue
        mark = pytest.mark.trio(run=_run_mocked if clock == "mock" else trio.run)
        item.add_marker(mark, append=False)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let a test that cannot have a node fail, unless it is skipped."""
    wrong = item.stash.get(_WRONG, None)
    if wrong is not None:
        pytest.fail(f"{item.nodeid}: {wrong}", pytrace=False)


def _wants_node(item: pytest.Item) -> bool:
    names = item.fixturenames if isinstance(item, pytest.Function) else ()
    return not FIXTURES.isdisjoint(names)


def _options(item: pytest.Item) -> dict[str, Any]:
    """Return what the markers of a test say, the closest one first."""
    options: dict[str, Any] = {}
    for marker in item.iter_markers("otp"):
        unknown = marker.kwargs.keys() - OPTIONS - NODE_OPTIONS
        if unknown or marker.args:
            wrong = ", ".join([*map(repr, marker.args), *sorted(unknown)])
            known = ", ".join(sorted(OPTIONS | NODE_OPTIONS))
            raise pytest.UsageError(
                f"{item.nodeid}: the marker otp takes {known}, not {wrong}"
            )
        options = {**marker.kwargs, **options}
    return options


def _run_mocked(
    fn: Callable[[], Awaitable[object]],
    *,
    clock: trio.abc.Clock | None = None,
    instruments: Sequence[trio.abc.Instrument] = (),
) -> object:
    """Run a test with its own clock, if it has one, or with one that jumps."""
    clock = clock or MockClock(autojump_threshold=0)
    return trio.run(fn, clock=clock, instruments=instruments)


@pytest.fixture
def otp_capture() -> Captured:
    """What the node of `otp_node` reports, and which of its messages reach nobody."""
    return Captured()


@pytest.fixture
async def otp_node(
    request: pytest.FixtureRequest, otp_capture: Captured
) -> AsyncGenerator[Node]:
    """A node in which the test runs, with a clock that jumps.

    At the end of the test what it has started is stopped, and if then anything is
    left over, the test fails and says what. Reports of crashes are shown with a test
    that fails.
    """
    options = _options(request.node)
    arguments = {key: options[key] for key in NODE_OPTIONS & options.keys()}
    try:
        async with Node(instruments=[otp_capture], **arguments) as node:
            before = snapshot(node)
            request.node.stash[_STARTED] = True
            yield node
            await stop_started(node)
            await wait_until_idle()
            if options.get("leaks", request.config.getini("otp_leaks")):
                request.node.stash[_LEFT] = leaks(before)
    finally:
        if otp_capture.text:
            request.node.add_report_section("call", "otp reports", otp_capture.text)


@pytest.fixture
async def otp_probe(otp_node: Node) -> AsyncGenerator[Probe]:
    """A probe on the node of `otp_node`."""
    del otp_node
    async with Probe() as probe:
        yield probe


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Let a test that has passed fail if it has left something behind.

    It fails as well if its node was never there.
    """
    item.stash[_LEFT] = []
    item.stash[_STARTED] = False
    result = yield
    if _wants_node(item) and not item.stash[_STARTED]:
        pytest.fail(
            "the node was not started: pytest-trio starts async fixtures only if the "
            "test, or a fixture that it takes, has them as arguments, and neither "
            "for usefixtures nor for autouse",
            pytrace=False,
        )
    left = item.stash[_LEFT]
    if left:
        pytest.fail(str(LeakError(left)), pytrace=False)
    return result
