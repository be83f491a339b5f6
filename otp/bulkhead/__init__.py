"""Bulkheads: so much at the same time, calls or children, and no more."""

from .._util import fix_module_metadata
from ._bulkhead import (
    Bulkhead as Bulkhead,
    BulkheadStatistics as BulkheadStatistics,
)
from ._errors import (
    BulkheadFullError as BulkheadFullError,
    SpawnLimitError as SpawnLimitError,
)
from ._spawn_controller import (
    SpawnController as SpawnController,
    SpawnStatistics as SpawnStatistics,
)

fix_module_metadata(__name__, globals())
