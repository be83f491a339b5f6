"""A blocked loop, with the guard against it and without.

Another program sends a heartbeat every 50 ms, and this one listens; three times its
loop is blocked for 0.8 s, by code that should have been in a thread. The other program
is fine all the time, so every suspicion is wrong.
"""

from __future__ import annotations

import subprocess
import sys
import time
from math import inf
from typing import TYPE_CHECKING, Final

import attrs
import trio

import otp
from otp import failure_detector, gen_server
from otp.failure_detector import PhiAccrual, Suspected, Threshold, Watch, Watchfulness

if TYPE_CHECKING:
    from otp.failure_detector import Judgement

DETECTOR = otp.Name[otp.FailureDetector]("detector")
INTERVAL: Final = 0.05
BLOCKS: Final = 3
BLOCK: Final = 0.8
QUIET: Final = 2.0
THRESHOLD: Final = 8.0

GUARDED: Final = Watchfulness(poll=INTERVAL, tolerance=0.1, grace=0.2)
BLIND: Final = attrs.evolve(GUARDED, tolerance=inf)

SPEC: Final = PhiAccrual(
    first_estimate=INTERVAL,
    acceptable_pause=0.0,
    min_std_deviation=0.005,
    min_samples=10,
)


@attrs.frozen
class Outcome:
    """What became of one run: before the first block, and at the end.

    *asked* are the numbers above the threshold that somebody got who asked for phi.
    """

    suspicions: list[float]
    asked: list[float]
    stalls: int
    before: Judgement
    after: Judgement


async def listen(sock: trio.socket.SocketType) -> None:
    """Hear heartbeats; their time is that at which they are read here."""
    while True:
        await sock.recv(100)
        failure_detector.heartbeat(DETECTOR, "sender")


def ask(asked: list[float]) -> None:
    """Be somebody with a threshold of his own, who does not wait for the detector."""
    phi = failure_detector.phi(DETECTOR, "sender")
    if phi >= THRESHOLD:
        asked.append(phi)


async def observe(watchfulness: Watchfulness) -> Outcome:
    """Listen to another program while the loop is blocked again and again."""
    suspicions: list[float] = []
    asked: list[float] = []
    watch = Watch("sender", SPEC, Threshold(THRESHOLD))

    def note(event: object) -> None:
        if isinstance(event, Suspected):
            suspicions.append(event.judgement.phi)

    with trio.socket.socket(trio.socket.AF_INET, trio.socket.SOCK_DGRAM) as sock:
        await sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        async with otp.Node(), trio.open_nursery() as nursery:
            await gen_server.start_named(
                DETECTOR,
                otp.FailureDetector,
                watchfulness=watchfulness,
                listeners=[note],
            )
            nursery.start_soon(listen, sock)
            count = int((QUIET + BLOCKS * (QUIET + BLOCK)) / INTERVAL) + 60
            sender = subprocess.Popen(  # noqa: ASYNC220 - it is over in a moment
                [
                    *(sys.executable, "-m", f"{__package__}.sender"),
                    *(str(port), str(INTERVAL), str(count)),
                ]
            )
            # Not before it is really there.
            await trio.sleep(1)
            failure_detector.watch(DETECTOR, watch)
            await trio.sleep(QUIET)
            before = failure_detector.judge(DETECTOR, "sender")
            for _ in range(BLOCKS):
                time.sleep(BLOCK)  # noqa: ASYNC251 - that is the point
                # First thing afterwards: who asks a little later may be lucky.
                ask(asked)
                await trio.sleep(QUIET)
            after = failure_detector.judge(DETECTOR, "sender")
            done = failure_detector.statistics(DETECTOR)
            sender.kill()
            nursery.cancel_scope.cancel()
    sender.wait()
    return Outcome(suspicions, asked, done.stalls, before, after)


def row(name: str, outcome: Outcome) -> str:
    """Return one line of the table."""
    before, after = outcome.before, outcome.after
    phis = ", ".join(f"{phi:.0f}" for phi in outcome.asked)
    return (
        f"| {name} | {len(outcome.suspicions)} | {phis or 'none'} "
        f"| {outcome.stalls} "
        f"| {before.mean * 1000:.1f} → {after.mean * 1000:.1f} "
        f"| {before.deviation * 1000:.1f} → {after.deviation * 1000:.1f} |"
    )


def main() -> None:
    """Run it with the guard and without."""
    print(
        "| | false suspicions | phi above 8 for who asks | stalls noticed "
        "| mean, ms | deviation, ms |"
    )
    print("|---|---:|---|---:|---:|---:|")
    print(row("without the guard", trio.run(observe, BLIND)), flush=True)
    print(row("with the guard", trio.run(observe, GUARDED)))
