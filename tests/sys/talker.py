"""A server with clauses of every kind."""

from __future__ import annotations

from otp import From, GenServer, NoReply, Stop, call, call_noreply, cast, gen_server


class Talker(GenServer):
    """Has clauses of every kind."""

    @call
    async def add(self, a: int, *, by: int = 1) -> int:
        return a + by

    @call_noreply
    async def later(self, from_: From[str]) -> None:
        gen_server.reply(from_, "late")

    @call
    async def leave(self) -> Stop:
        return Stop(reply="bye")

    @cast
    async def crash(self) -> None:
        raise ValueError("x")

    @cast
    async def rest(self) -> NoReply:
        return NoReply(timeout=1)

    async def handle_call(self, request: object, from_: From[object]) -> object:
        del from_
        return request
