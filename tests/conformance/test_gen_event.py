"""What Erlang/OTP 27's gen_events did in the recorded scenarios is done here."""

from __future__ import annotations

import pytest

from tests.conformance.compare import Chunk, chunks, differences

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("chunk", chunks("gen_event.otp27.jsonl.xz"), ids=str)
def test_every_process_does_what_it_did_in_erlang(chunk: Chunk) -> None:
    assert not differences(chunk.records())
