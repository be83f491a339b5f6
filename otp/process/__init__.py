"""Processes: start them, send to them, link and monitor them, end them.

These are the functions of Erlang's module ``erlang`` and Elixir's ``Process`` that
are about processes. All but `receive` and `wait_exited` are plain functions: they
never wait and are no checkpoints. Every function acts for the process that calls it;
outside of any process, inside ``async with otp.Node()``, that is the node.
"""

from .._util import fix_module_metadata
from ..kernel import Bounded as Bounded, Overflow as Overflow
from ._info import (
    ProcessInfo as ProcessInfo,
    ancestors as ancestors,
    dictionary as dictionary,
    info as info,
    is_alive as is_alive,
    label as label,
    processes as processes,
    set_label as set_label,
)
from ._mail import (
    alias as alias,
    receive as receive,
    receive_nowait as receive_nowait,
    send as send,
    unalias as unalias,
)
from ._names import (
    register as register,
    registered as registered,
    unregister as unregister,
    whereis as whereis,
)
from ._spawn import (
    self as self,
    spawn as spawn,
    spawn_link as spawn_link,
    spawn_monitor as spawn_monitor,
)
from ._ties import (
    demonitor as demonitor,
    exit as exit,  # noqa: A004 - Erlang's name for it
    link as link,
    monitor as monitor,
    trap_exit as trap_exit,
    unlink as unlink,
    wait_exited as wait_exited,
)

fix_module_metadata(__name__, globals())
