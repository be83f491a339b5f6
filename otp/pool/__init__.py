"""Pools: resources that many share, each used by one at a time."""

from .._util import fix_module_metadata
from ..gen_server import stop as stop
from ._checkout import (
    Checkout as Checkout,
    checkout as checkout,
    clear as clear,
    listeners as listeners,
    start_link as start_link,
    start_named as start_named,
    statistics as statistics,
    transaction as transaction,
)
from ._errors import (
    PoolFullError as PoolFullError,
    PoolOpenError as PoolOpenError,
    PoolTimeoutError as PoolTimeoutError,
)
from ._events import (
    CheckedIn as CheckedIn,
    CheckedOut as CheckedOut,
    CheckoutRefused as CheckoutRefused,
    OpenFailed as OpenFailed,
    PoolEvent as PoolEvent,
    PoolStatistics as PoolStatistics,
    ResourceClosed as ResourceClosed,
    ResourceOpened as ResourceOpened,
    ResourceReport as ResourceReport,
)
from ._pool import Pool as Pool
from ._source import (
    DiscardOn as DiscardOn,
    Source as Source,
    contexts as contexts,
    resources as resources,
    workers as workers,
)
from ._spec import PoolSpec as PoolSpec
from ._steps import CloseWhy as CloseWhy

fix_module_metadata(__name__, globals())
