"""Partition supervisors: several copies of one process, found by keys."""

from .._util import fix_module_metadata
from ..supervisor import (
    ChildCounts as ChildCounts,
    ChildInfo as ChildInfo,
    StartChildError as StartChildError,
    StrategyError as StrategyError,
    count_children as count_children,
    start_link as start_link,
    start_named as start_named,
    stop as stop,
    which_children as which_children,
)
from ._partitions import (
    partitions as partitions,
    resize as resize,
    via as via,
)
from ._supervisor import PartitionSupervisor as PartitionSupervisor

fix_module_metadata(__name__, globals())
