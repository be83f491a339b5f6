"""What the signals that end a program do to a run.

The first asks for an end in order, the second for one at once. From the third on a
signal does what it does to any program, which helps where the loop is blocked and
nobody hears the first two.
"""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import trio

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from types import FrameType

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def on_signals(
    first: Callable[[], None], second: Callable[[], None]
) -> Generator[None]:
    """Call *first* at the first signal and *second* at the second, in the loop.

    Only the main thread can have signal handlers; in any other nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    token = trio.lowlevel.current_trio_token()
    left = [second, first]
    over = False

    def handle(number: int, _frame: FrameType | None) -> None:
        if over:
            # Somebody who came later has put this back after its end.
            signal.signal(number, before[signal.Signals(number)] or signal.SIG_DFL)
            signal.raise_signal(number)
        elif left:
            token.run_sync_soon(left.pop())
        else:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

    before = {number: signal.signal(number, handle) for number in SIGNALS}
    try:
        yield
    finally:
        over = True
        for number, handler in before.items():
            # None stands for a handler that is not Python's and cannot be put back.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
