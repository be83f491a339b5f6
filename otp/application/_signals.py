"""What the signals that end a program do to a run.

The first asks for an end in order, the second for one at once. From the third on a
signal does what it does to any program, which helps where the loop is blocked and
nobody hears the first two.
"""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import trio

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from types import FrameType

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class _Listener:
    """Who hears of signals: the first two do what it says."""

    def __init__(self, first: Callable[[], None], second: Callable[[], None]) -> None:
        self._token = trio.lowlevel.current_trio_token()
        self._left = [second, first]

    def hear(self, number: int) -> None:
        if self._left:
            self._token.run_sync_soon(self._left.pop())
        else:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)


# Who listens now; the last hears. The handlers of before are put back when nobody does
# any more: runs that overlap need not end in the reverse order of their starts, and
# each putting back what it found would leave the handler of one that is over.
_listeners: list[_Listener] = []
_before: dict[signal.Signals, Callable[[int, FrameType | None], Any] | int | None] = {}


def _handle(number: int, _frame: FrameType | None) -> None:
    _listeners[-1].hear(number)


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
    listener = _Listener(first, second)
    _listeners.append(listener)
    for each in SIGNALS:
        # It may be somebody else's since the first run began.
        if signal.getsignal(each) is not _handle:
            _before[each] = signal.signal(each, _handle)
    try:
        yield
    finally:
        _listeners.remove(listener)
        if not _listeners:
            for number, handler in _before.items():
                # None is a handler that is not Python's and cannot be put back.
                signal.signal(number, signal.SIG_DFL if handler is None else handler)
