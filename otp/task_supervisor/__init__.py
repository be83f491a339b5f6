"""Task supervisors: tasks that are started on request, and end with a tree."""

from .._util import fix_module_metadata
from ..dynamic_supervisor import (
    MaxChildrenError as MaxChildrenError,
    NotFoundError as NotFoundError,
    count_children as count_children,
    start_link as start_link,
    start_named as start_named,
    stop as stop,
    terminate_child as terminate_child,
)
from ._api import (
    Options as Options,
    async_ as async_,
    async_nolink as async_nolink,
    async_stream as async_stream,
    async_stream_nolink as async_stream_nolink,
    start_child as start_child,
)
from ._supervisor import TaskSupervisor as TaskSupervisor, children as children

fix_module_metadata(__name__, globals())
