"""What Erlang/OTP 27 did in the recorded scenarios of kind ``signals`` is done here."""

from __future__ import annotations

import pytest

from tests.conformance.compare import Chunk, chunks, differences

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("chunk", chunks("signals.otp27.jsonl.xz"), ids=str)
def test_every_process_does_what_it_did_in_erlang(chunk: Chunk) -> None:
    assert not "\n\n".join(differences(chunk.records()))
