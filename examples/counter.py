"""A counter: a server with a state, what it can be asked, and what can go wrong.

Run it with ``python examples/counter.py``.
"""

from __future__ import annotations

import trio

import otp
from otp import gen_server


class Counter(otp.GenServer):
    """Counts. One request is served at a time, so there is nothing to lock."""

    def __init__(self, start: int = 0) -> None:
        self._value = start
        self._goals: list[tuple[int, otp.From[int]]] = []

    @otp.call
    async def get(self) -> int:
        """Return the value."""
        return self._value

    @otp.call
    async def incr(self, by: int = 1) -> int:
        """Add to the value and return it."""
        self._value += by
        self._answer_those_who_wait()
        return self._value

    @otp.cast
    async def reset(self) -> None:
        """Begin again at 0."""
        self._value = 0

    @otp.call
    async def divided(self, by: int) -> float:
        """Return the value divided, and crash if that cannot be."""
        return self._value / by

    @otp.call_noreply
    async def reached(self, from_: otp.From[int], goal: int) -> None:
        """Answer when the value has reached *goal*, and serve others until then."""
        self._goals.append((goal, from_))
        self._answer_those_who_wait()

    def _answer_those_who_wait(self) -> None:
        for goal, from_ in list(self._goals):
            if goal <= self._value:
                gen_server.reply(from_, self._value)
                self._goals.remove((goal, from_))


async def main() -> None:
    """Show what a counter does."""
    async with otp.Node():
        counter = await gen_server.start(Counter, start=10)
        print("A call waits for the answer:", await Counter.incr(counter))
        print("It may have arguments:", await Counter.incr(counter, by=5))

        Counter.reset(counter)
        print("A cast does not wait, but comes first:", await Counter.get(counter))

        request = Counter.reached.send_request(counter, 3)
        for _ in range(3):
            await Counter.incr(counter)
        answer = await gen_server.receive_response(request)
        print("An answer may be given later, when it is known:", answer)

        try:
            await Counter.reached.within(0.1)(counter, 1_000_000)
        except otp.CallTimeoutError as error:
            print("Nobody has to wait for ever:", error)
        print("The counter itself has not noticed:", await Counter.get(counter))

        try:
            await Counter.divided(counter, by=0)
        except otp.ServerExitedError as error:
            print("A crash is told to who has called:", error)
        try:
            await Counter.get(counter)
        except otp.NoProcessError as error:
            print("Nobody starts it again; that is for supervisors:", error)


if __name__ == "__main__":
    trio.run(main)
