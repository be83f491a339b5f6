from __future__ import annotations

from typing import TYPE_CHECKING

import otp
from otp import process
from otp.application._table import Table, name_of
from tests.application.tracing import Traced

if TYPE_CHECKING:
    from tests.application.tracing import Trace


def test_an_application_is_named_in_three_ways(trace: Trace) -> None:
    class Classy(otp.Application):
        name = "classy"

    assert name_of("a") == "a"
    assert name_of(Traced("b", trace)) == "b"
    assert name_of(Classy) == "classy"


def test_what_is_loaded_already_is_not_included_a_second_time(trace: Trace) -> None:
    table = Table()
    inner = Traced("inner", trace)
    entry = table.load(inner)
    app = Traced("a", trace)
    app.included_applications = ["inner"]

    table.load(app)

    assert table.entry("inner") is entry


async def test_an_application_is_found_by_its_master_while_it_has_one(
    trace: Trace,
) -> None:
    async with otp.Node():
        table = Table()
        table.load(Traced("a", trace))
        entry = table.load(Traced("b", trace))
        master = process.self()

        assert table.by_master(master) is None
        table.mark_starting(entry, "temporary", master)
        assert table.by_master(master) is entry
        table.mark_down(entry)
        assert table.by_master(master) is None
