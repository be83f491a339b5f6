"""A small HTTP server that fails now and then, for `resilient_client.py`.

Run it with ``python examples/flaky_server.py 8080``. Of the requests that come while
it lives, each fifth is answered with an error, and each seventh so late that nobody
waits for it.
"""

from __future__ import annotations

import sys
from itertools import count
from typing import TYPE_CHECKING

import attrs
import trio

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "127.0.0.1"


@attrs.define(eq=False)
class FlakyServer:
    """Answers requests, one for each connection."""

    numbers: Iterator[int] = attrs.field(factory=lambda: count(1))
    slow: float = 5.0

    async def serve(self, stream: trio.abc.Stream) -> None:
        async with stream:
            await self.answer(stream)

    async def answer(self, stream: trio.abc.Stream) -> None:
        if not await read_head(stream):
            return
        number = next(self.numbers)
        if number % 7 == 0:
            await trio.sleep(self.slow)
        if number % 5 == 0:
            await stream.send_all(response("503 Service Unavailable", "busy"))
        else:
            await stream.send_all(response("200 OK", f"news number {number}"))


async def read_head(stream: trio.abc.ReceiveStream) -> bytes:
    """Return what a request begins with; nothing if it does not come to its end."""
    head = b""
    while b"\r\n\r\n" not in head:
        try:
            more = await stream.receive_some()
        except trio.BrokenResourceError:
            more = b""
        if not more:
            return b""
        head += more
    return head


def response(status: str, body: str) -> bytes:
    """Return an answer, as it goes over the wire."""
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close"
    return f"{head}\r\n\r\n{body}".encode()


async def serve_one(server: FlakyServer, stream: trio.abc.Stream) -> None:
    """Serve one connection; who hangs up early harms nobody."""
    try:
        await server.serve(stream)
    except trio.BrokenResourceError:
        return


async def main(port: int) -> None:
    """Serve until somebody ends it."""
    server = FlakyServer()

    async def handle(stream: trio.SocketStream) -> None:
        await serve_one(server, stream)

    await trio.serve_tcp(handle, port, host=HOST)


if __name__ == "__main__":
    trio.run(main, int(sys.argv[1]))
