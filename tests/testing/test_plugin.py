"""The pytest plugin, in runs of pytest of its own."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

# Loaded here, lest each of the runs below load it anew.
import otp.testing.plugin as _plugin  # noqa: F401
from otp.testing import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., pytest.RunResult]

pytest_plugins = ["pytester"]

COUNTER = """
    import pytest
    import trio
    import otp
    from otp import gen_server, process, supervisor, timer
    from otp.testing import *


    class Counter(otp.GenServer):
        def __init__(self):
            self.value = 0

        @otp.call
        async def add(self, n):
            self.value += n
            return self.value

        @otp.cast
        async def crash(self):
            raise ValueError("oh no")

    COUNTER = otp.Name("counter")
    ROOT = otp.one_for_one(otp.child_spec(Counter).named(COUNTER))


    async def orphan():
        await trio.sleep_forever()


    class Mother(otp.GenServer):
        async def init(self):
            process.spawn(orphan)
"""


@pytest.fixture
def run(pytester: pytest.Pytester) -> Run:
    """Run tests that are given as text, after what all of them share."""
    pytester.makeconftest('pytest_plugins = ["otp.testing.plugin"]')

    def run_tests(
        tests: str, *args: str, ini: str = "trio_mode = true"
    ) -> pytest.RunResult:
        pytester.makeini(f"[pytest]\n{ini}\nfilterwarnings = error\n")
        source = dedent(COUNTER) + dedent(tests)
        pytester.makepyfile(source)
        return pytester.runpytest_inprocess("-p", "no:cacheprovider", *args)

    return run_tests


def test_a_test_of_a_supervised_server_is_three_lines(run: Run) -> None:
    result = run(
        """
        async def test_counter(otp_node):
            await supervisor.start_link(otp.Supervisor, ROOT)
            assert await Counter.add(COUNTER, 2) == 2
        """
    )

    result.assert_outcomes(passed=1)


@pytest.mark.parametrize("ini", ["trio_mode = true", ""])
def test_the_clock_jumps_with_and_without_trio_mode(run: Run, ini: str) -> None:
    result = run(
        """
        async def test_patience(otp_node):
            assert isinstance(trio.lowlevel.current_clock(), trio.testing.MockClock)
            await trio.sleep(3600)
        """,
        ini=ini,
    )

    result.assert_outcomes(passed=1)


def test_a_test_may_have_a_clock_of_its_own_or_a_real_one(run: Run) -> None:
    result = run(
        """
        async def test_own(otp_node, mock_clock):
            assert trio.lowlevel.current_clock() is mock_clock

        @pytest.mark.otp(clock="real")
        async def test_real(otp_node):
            clock = trio.lowlevel.current_clock()
            assert not isinstance(clock, trio.testing.MockClock)
        """
    )

    result.assert_outcomes(passed=2)


def test_the_marker_says_how_the_node_is_to_be(run: Run) -> None:
    result = run(
        """
        @pytest.mark.otp(name="west", seed=3, scheduler="trio")
        class TestWest:
            @pytest.mark.otp(name="east", shutdown_timeout=1)
            async def test_options(self, otp_node):
                assert otp_node.name == "east"
                assert otp_node.shutdown_timeout == 1
                assert otp_node.scheduler.name == "trio"
        """
    )

    result.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("marker", "text"),
    [
        ("leeks=False", "*the marker otp takes clock, leaks, *, not leeks*"),
        ("'west'", "*the marker otp takes *, not 'west'*"),
        ("clock='fast'", "*the clock is mock or real*"),
    ],
)
def test_a_marker_that_makes_no_sense_is_refused(
    run: Run, marker: str, text: str
) -> None:
    result = run(
        f"""
        @pytest.mark.otp({marker})
        async def test_it(otp_node):
            pass
        """
    )

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([text])


def test_a_test_that_leaves_an_orphan_behind_fails_and_names_it(run: Run) -> None:
    result = run(
        """
        async def test_orphan(otp_node):
            await gen_server.start_link(Mother)
        """
    )

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["left over:", "  process <nonode.2> (orphan), started by <nonode.1>, which *"]
    )
    result.stdout.no_fnmatch_line("*plugin.py*")


def test_a_timer_that_is_left_over_is_named(run: Run) -> None:
    result = run(
        """
        async def test_timer(otp_node):
            timer.apply_interval(60, orphan)
        """
    )

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["  timer that runs orphan every 60 s, due in 60 s"])


def test_code_that_cannot_be_killed_is_named(run: Run) -> None:
    result = run(
        """
        async def test_ghost(otp_node):
            process.spawn(shielded)
        """
    )

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["  ghost <nonode.1> (shielded), which is dead, in *"])


def test_the_check_can_be_turned_off_for_one_test_or_for_all(run: Run) -> None:
    tests = """
        @pytest.mark.otp(leaks=False)
        async def test_without(otp_node):
            await gen_server.start_link(Mother)

        async def test_with(otp_node):
            await gen_server.start_link(Mother)
        """

    run(tests).assert_outcomes(passed=1, failed=1)
    ini = "trio_mode = true\notp_leaks = false"
    run(tests, ini=ini).assert_outcomes(passed=2)


def test_a_test_that_fails_fails_with_its_own_failure(run: Run) -> None:
    result = run(
        """
        async def test_orphan(otp_node):
            await gen_server.start_link(Mother)
            assert 1 == 2
        """
    )

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*assert 1 == 2*"])
    result.stdout.no_fnmatch_line("*left over*")


def test_crash_reports_are_shown_with_a_test_that_fails(run: Run) -> None:
    result = run(
        """
        async def test_crash(otp_node):
            await supervisor.start_link(otp.Supervisor, ROOT)
            Counter.crash(COUNTER)
            assert await Counter.add(COUNTER, 2) == 3
        """
    )

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*- Captured otp reports call -*",
            "ERROR gen_server counter <nonode.2> terminates: Crash*",
            "*last message: cast crash()",
            "*ValueError: oh no",
        ]
    )


def test_a_test_that_passes_shows_no_reports(run: Run) -> None:
    result = run(
        """
        async def test_crash(otp_node, otp_capture):
            await supervisor.start_link(otp.Supervisor, ROOT)
            Counter.crash(COUNTER)
            await wait_until_idle()
            assert len(otp_capture.of(otp.reports.CrashReport)) == 1
            assert await Counter.add(COUNTER, 2) == 2
        """
    )

    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*oh no*")


def test_a_probe_is_there_for_the_asking(run: Run) -> None:
    result = run(
        """
        async def test_probe(otp_probe, otp_node):
            timer.send_after(10, otp_probe.pid, "ring")
            await otp_probe.expect("ring", within=10)
        """
    )

    result.assert_outcomes(passed=1)


def test_other_fixtures_may_start_things_on_the_node(run: Run) -> None:
    result = run(
        """
        @pytest.fixture
        async def counter(otp_node):
            return await gen_server.start_link(Counter)

        @pytest.fixture
        async def other(otp_node):
            pid = await gen_server.start_link(Counter)
            yield pid
            assert process.is_alive(pid)

        async def test_two(counter, other):
            assert await Counter.add(counter, 1) == 1
            assert await Counter.add(other, 2) == 2
        """
    )

    result.assert_outcomes(passed=1)


def test_a_node_that_pytest_trio_does_not_start_is_missed(run: Run) -> None:
    result = run(
        """
        @pytest.mark.usefixtures("otp_node")
        async def test_used():
            pass

        class TestAll:
            @pytest.fixture(autouse=True)
            async def start(self, otp_node):
                await gen_server.start_link(Counter)

            async def test_auto(self):
                pass

            async def test_taken(self, start):
                pass

            async def test_skipped(self):
                pytest.skip("not now")
        """
    )

    result.assert_outcomes(failed=2, passed=1, skipped=1)
    result.stdout.fnmatch_lines(["the node was not started: *"])


def test_applications_end_in_order_before_the_check(run: Run) -> None:
    result = run(
        """
        class App(otp.Application):
            name = "app"

            def start(self):
                return otp.child_spec(otp.Supervisor, ROOT)

        async def test_application(otp_node):
            await otp.application.start(App)
            assert await Counter.add(COUNTER, 1) == 1
        """
    )

    result.assert_outcomes(passed=1)


def test_a_node_that_fails_fails_the_test(run: Run) -> None:
    result = run(
        """
        async def interrupt():
            raise KeyboardInterrupt

        async def test_interrupted(otp_node):
            process.spawn(interrupt)
            await trio.sleep(1)
        """
    )

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*KeyboardInterrupt*"])


def test_the_plugin_is_not_in_the_way_of_other_tests(run: Run) -> None:
    result = run(
        """
        def test_plain():
            assert 1

        async def test_own_node():
            async with otp.Node():
                process.spawn(orphan)

        def test_capture(otp_capture):
            assert otp_capture.reports == []
        """
    )

    result.assert_outcomes(passed=3)


def test_without_pytest_trio_it_is_said_what_is_missing(run: Run) -> None:
    result = run(
        """
        async def test_it(otp_node):
            pass
        """,
        "-p",
        "no:trio",
        ini="",
    )

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*uses a node, which needs pytest-trio*"])


def test_a_test_with_a_node_is_async(run: Run) -> None:
    result = run(
        """
        @pytest.mark.skip
        def test_skipped(otp_node):
            pass

        def test_it(otp_node):
            pass

        async def test_other(otp_node):
            pass
        """
    )

    result.assert_outcomes(passed=1, errors=1, skipped=1)
    result.stdout.fnmatch_lines(["*uses a node: write 'async def test_it'*"])


def test_a_test_of_hypothesis_has_a_node_of_its_own_for_each_example(run: Run) -> None:
    result = run(
        """
        from hypothesis import given, strategies

        @given(strategies.integers())
        async def test_it(otp_node, n):
            pass
        """
    )

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*write 'async with otp.Node()' in the test*"])


def test_the_marker_is_known(run: Run) -> None:
    result = run("", "--markers", "--strict-markers")

    result.stdout.fnmatch_lines(["@pytest.mark.otp(*clock='mock', leaks=True, *"])


def test_the_options_of_exploration_are_passed_on(run: Run) -> None:
    before = (SETTINGS.runs, SETTINGS.schedule)
    result = run(
        """
        def test_settings():
            assert SETTINGS.runs == 7
            assert SETTINGS.schedule == "3x1"
        """,
        "--otp-runs=7",
        "--otp-schedule=3x1",
    )

    result.assert_outcomes(passed=1)
    assert (SETTINGS.runs, SETTINGS.schedule) == before


@pytest.mark.parametrize("runs", ["0", "-1", "many"])
def test_runs_are_a_number_from_one(run: Run, runs: str) -> None:
    result = run("", f"--otp-runs={runs}")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--otp-runs: invalid*"])
