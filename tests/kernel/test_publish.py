"""What a process publishes is found by its class, as long as it lives."""

from __future__ import annotations

import otp
from otp import process
from otp.kernel import current, find, publish, published
from tests.kernel.support import in_process


class Table:
    pass


@in_process
async def test_what_is_published_is_found_by_its_class() -> None:
    me, table = current(), Table()
    assert published(me, Table) is None

    publish(me, table)
    process.dictionary()["own"] = 1

    assert published(me, Table) is table
    assert published(me, int) is None
    assert process.dictionary() == {Table: table, "own": 1}


@in_process
async def test_an_entry_of_another_kind_is_nothing_published() -> None:
    process.dictionary()[Table] = "mine"

    assert published(current(), Table) is None


@in_process
async def test_who_is_not_there_has_published_nothing() -> None:
    assert published(find(otp.Name("nobody")), Table) is None
