"""Retries: a call that fails is made again, later and not too often."""

from .._util import fix_module_metadata
from ..proc_lib import Backoff as Backoff
from ._budget import RetryBudget as RetryBudget
from ._decide import Why as Why
from ._events import (
    GaveUp as GaveUp,
    Recovered as Recovered,
    RetryEvent as RetryEvent,
    Retrying as Retrying,
)
from ._retry import Retry as Retry

fix_module_metadata(__name__, globals())
