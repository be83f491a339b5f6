"""Process groups: many processes under one name, on all nodes."""

from .._util import fix_module_metadata
from ..gen_server import stop as stop
from ._api import (
    demonitor as demonitor,
    get_local_members as get_local_members,
    get_members as get_members,
    join as join,
    leave as leave,
    monitor as monitor,
    monitor_scope as monitor_scope,
    which_groups as which_groups,
    which_local_groups as which_local_groups,
)
from ._errors import NoScopeError as NoScopeError, NotLocalError as NotLocalError
from ._messages import Joined as Joined, Left as Left
from ._scope import (
    SCOPE as SCOPE,
    Scope as Scope,
    start as start,
    start_link as start_link,
)

fix_module_metadata(__name__, globals())
