"""What runs the documents notices when they are wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio

from otp.testing import LeakError
from tests.docs.snippets import read_snippets, run_pages

if TYPE_CHECKING:
    from pathlib import Path


def page(folder: Path, *blocks: str, name: str = "page.md") -> Path:
    """Write a page of blocks, each with its language in the first line."""
    file = folder / name
    text = "\n\n".join(f"```{block}\n```" for block in blocks)
    file.write_text(f"# A page\n\n{text}\n", encoding="utf-8")
    return file


def test_only_blocks_of_python_are_snippets(tmp_path: Path) -> None:
    file = page(tmp_path, "sh\nls", "python\na = 1", "text\n1", "console\n$ ls")

    [found] = read_snippets(file.read_text(encoding="utf-8"))

    assert found.code == "a = 1\n"
    assert found.output == "1\n"


def test_blocks_share_the_namespace_of_their_page(tmp_path: Path) -> None:
    run_pages([page(tmp_path, "python\na = 1", "python\nprint(a)", "text\n1")])


def test_pages_do_not_share_it(tmp_path: Path) -> None:
    first = page(tmp_path, "python\na = 1", name="first.md")
    second = page(tmp_path, "python\na", name="second.md")

    with pytest.raises(NameError):
        run_pages([first, second])


def test_a_block_with_a_file_name_can_be_imported_on_a_later_page(
    tmp_path: Path,
) -> None:
    first = page(tmp_path, "python\n# shoe.py\nsize = 43", name="first.md")
    second = page(tmp_path, "python\nimport shoe\nprint(shoe.size)", "text\n43")

    run_pages([first, second])


def test_what_is_printed_must_be_what_stands_there(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        run_pages([page(tmp_path, "python\nprint(1)", "text\n2")])


def test_a_test_in_a_page_is_run(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        run_pages([page(tmp_path, "python\nasync def test_a():\n    1 / 0")])


def test_nobody_waits(tmp_path: Path) -> None:
    run_pages([page(tmp_path, "python\nimport trio\ntrio.run(trio.sleep, 3600)")])


def test_a_deadlock_is_noticed(tmp_path: Path) -> None:
    code = "import trio\ntrio.run(trio.sleep_forever)"

    with pytest.raises(trio.TooSlowError):
        run_pages([page(tmp_path, f"python\n{code}")])


def test_an_error_says_where_in_the_page_it_is(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        run_pages([page(tmp_path, "python\na = 1\n1 / 0")])

    place = caught.traceback[-1]
    assert str(place.path).endswith("page.md")
    assert place.lineno + 1 == 5


def test_a_test_has_the_fixtures_of_the_plugin(tmp_path: Path) -> None:
    code = (
        "from otp import process\n"
        "async def test_a(otp_node, otp_probe, otp_capture, autojump_clock):\n"
        "    process.send(otp_probe.pid, 1)\n"
        "    await otp_probe.expect(1)\n"
        "    assert otp_capture in otp_node.instruments"
    )

    run_pages([page(tmp_path, f"python\n{code}")])


def test_a_test_that_leaves_something_behind_is_noticed(tmp_path: Path) -> None:
    code = (
        "import trio\n"
        "from otp import timer\n"
        "async def test_a(otp_node):\n"
        "    timer.apply_after(1, trio.sleep, 1)"
    )

    with pytest.raises(LeakError):
        run_pages([page(tmp_path, f"python\n{code}")])


def test_a_fixture_that_nobody_knows_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="tmp_path"):
        run_pages([page(tmp_path, "python\ndef test_a(tmp_path):\n    pass")])
