"""The chat server as a program: how it begins and how it ends."""

from __future__ import annotations

import signal
import socket
from typing import TYPE_CHECKING, Final

import pytest

from tests.examples.chatting import open_client, port_in
from tests.examples.programs import OTP_RUN, PYTHON, run, running

if TYPE_CHECKING:
    from pathlib import Path

SERVER: Final = "examples/chat_server.py"


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("way", [PYTHON, OTP_RUN], ids=["python", "otp run"])
async def test_a_signal_says_good_bye_to_everybody_and_ends_the_program(
    way: tuple[str, ...], number: int, tmp_path: Path
) -> None:
    errors = tmp_path / "errors"
    async with running(*way, SERVER, errors=errors, CHAT_PORT="0") as (program, said):
        clients = [await open_client(port_in(said)) for _ in range(20)]
        for n, client in enumerate(clients):
            await client.join(f"c{n}", f"room{n % 3}")
        program.send_signal(number)

        for client in clients:
            assert (await client.to_the_end())[-1] == "* good-bye: the server stops"
            await client.stream.aclose()
        assert await program.wait() == 0
    assert "Traceback" not in errors.read_text(encoding="utf-8")


@pytest.mark.slow
async def test_a_port_in_use_is_said_and_fails_the_program() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, said, errors = await run(SERVER, CHAT_PORT=str(port))

    assert status == 1
    assert said == ""
    assert "Address already in use" in errors
