"""Another class for one process that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_origin

from .. import sys
from ..gen import CALL_TIMEOUT

if TYPE_CHECKING:
    from ..kernel import ServerRef


async def change(
    server: ServerRef,
    new: type[object],
    *,
    old_version: object = None,
    extra: object = None,
    timeout: float = CALL_TIMEOUT,
) -> None:
    """Let a running process go on as an instance of *new*, with its state.

    It stops taking messages, converts its state by ``code_change`` and goes on, all
    between two messages. Pid, name, links, monitors and mailbox stay what they are,
    and nobody who uses the process sees anything but the new behaviour. Of a
    supervisor the class is exchanged that says what its children are.

    If the time is over, or the caller is cancelled, before the change is made, it is
    not made.

    Args:
        server: the process.
        new: its next class.
        old_version: for ``code_change``; by default the ``__version__`` of the old
            class, or, if *new* has a lower one, a `Downgrade`, and then it is the
            ``code_change`` of the old class that is called.
        extra: for ``code_change``, too.
        timeout: seconds for all of it: until the process has done what it does just
            now, and for the conversion.

    Raises:
        CallbackFailedError: ``code_change`` raised, or the class does not fit, which
            is a `LayoutError` as its cause. Everything is as it was.
        CallTimeoutError: it took too long. Everything is as it was.
        CallError: there is no such process, it died, or it is the caller.
        TypeError: *new* is no class.
    """
    cls: object = get_origin(new) or new
    if not isinstance(cls, type):
        raise TypeError(f"a process goes on as an instance of a class, not of {new!r}")
    await sys.migrate(
        server, cls, old_version=old_version, extra=extra, timeout=timeout
    )
