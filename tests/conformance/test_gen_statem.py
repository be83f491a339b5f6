"""What Erlang/OTP 27's gen_statems did in the recorded scenarios is done here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.conformance.compare import Chunk, chunks, differences, records, replay
from tests.conformance.deviations import DATA_STAY_AS_THEY_ARE

if TYPE_CHECKING:
    from collections.abc import Iterable

RECORDED = "gen_statem.otp27.jsonl.xz"

# The only one in which a state crashes as it is entered with new data.
DEVIATING = 554


def conforming(recorded: Iterable[Any]) -> list[Any]:
    return [r for r in recorded if r["scenario"]["id"] != DEVIATING]


@pytest.mark.slow
@pytest.mark.parametrize("chunk", chunks(RECORDED), ids=str)
def test_every_process_does_what_it_did_in_erlang(chunk: Chunk) -> None:
    assert not differences(conforming(chunk.records()))


def test_only_the_data_of_the_deviating_scenario_are_others() -> None:
    (record,) = [r for r in records(RECORDED) if r["scenario"]["id"] == DEVIATING]
    replayed = replay(record)
    pairs = zip(replayed["trace"], record["trace"], strict=True)
    assert replayed["deviation"] == DATA_STAY_AS_THEY_ARE.reason
    assert [pair for pair in pairs if pair[0] != pair[1]] == [
        (["terminate", "bad", "s4", 4], ["terminate", "bad", "s4", 3])
    ]
