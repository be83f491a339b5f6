"""A child that hangs is found by its silence, and its supervisor starts it again.

Run it with ``python examples/hung_child.py``. No supervisor can see by itself that a
child awaits something that never comes: it has not crashed. The tree::

    Top              one_for_one
    ├── printer      beats by its own loop, as long as that turns
    └── detector     listens, and ends the printer when it has been silent for too long
"""

from __future__ import annotations

import trio

import otp
from otp import failure_detector, supervisor
from otp.failure_detector import (
    EndProcess,
    PhiAccrual,
    Suspected,
    Threshold,
    Watch,
    Watchfulness,
)


class Printer(otp.GenServer):
    """Prints pages. With one of them it never gets to an end."""

    def __init__(self) -> None:
        self.pages = 0

    async def init(self) -> None:
        failure_detector.beat_every(0.1, DETECTOR)

    @otp.call
    async def print_page(self, text: str) -> int:
        """Print, and return how many pages that makes."""
        if text == "jam":
            await trio.sleep_forever()
        self.pages += 1
        return self.pages


PRINTER = otp.Name[Printer]("printer")
DETECTOR = otp.Name[otp.FailureDetector]("detector")


def tell(event: failure_detector.DetectorEvent) -> None:
    """Say what the detector has noticed."""
    match event:
        case Suspected(subject, _, judgement):
            print(f"  {subject} is suspected, at phi {judgement.phi:.0f}")
        case failure_detector.Gone(subject):
            print(f"  {subject} is gone")
        case _:
            pass


class Top(otp.Supervisor):
    """The top of the tree."""

    def children(self) -> otp.SupervisorSpec:
        watch = Watch(
            PRINTER,
            # A beat is due every 0.1 s, and may come 0.3 s late.
            PhiAccrual(
                first_estimate=0.1, acceptable_pause=0.3, min_std_deviation=0.02
            ),
            Threshold(8.0),
            on_suspect=EndProcess(otp.Reason("hung")),
        )
        return otp.one_for_one(
            otp.child_spec(Printer).named(PRINTER),
            otp.child_spec(
                otp.FailureDetector,
                watch,
                watchfulness=Watchfulness(poll=0.05),
                listeners=[tell],
            ).named(DETECTOR),
        )


async def story() -> None:
    """Tell the story."""
    top = await supervisor.start_link(Top)
    print("The printer prints, and beats:")
    print("  page", await Printer.print_page(PRINTER, "hello"))
    print("  page", await Printer.print_page(PRINTER, "world"))
    await trio.sleep(1.05)
    judgement = failure_detector.judge(DETECTOR, PRINTER)
    print(f"  a beat every {judgement.mean:.1f} s, phi {judgement.phi:.0f}")

    print("A page that never comes to an end; whoever waits for it hears why:")
    try:
        await Printer.print_page.within(60)(PRINTER, "jam")
    except otp.ServerExitedError as error:
        print("  the printer ended:", error.reason)

    print("The supervisor has started another one, of which nothing is known yet:")
    await supervisor.which_children(top)  # it answers when that is so
    print("  page", await Printer.print_page(PRINTER, "hello again"))
    await trio.sleep(0.25)
    print("  so far it is", failure_detector.judge(DETECTOR, PRINTER).state)
    await trio.sleep(0.5)
    print("  and now it is", failure_detector.judge(DETECTOR, PRINTER).state)
    done = failure_detector.statistics(DETECTOR)
    print(f"Suspicions: {done.suspicions}, of which mistakes: {done.mistakes}")
    await supervisor.stop(top)


async def main() -> None:
    """Start a node for it."""
    async with otp.Node():
        await story()


if __name__ == "__main__":
    trio.run(main)
