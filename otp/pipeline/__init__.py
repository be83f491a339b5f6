"""Pipelines: several protections around a call, and what to say when all fails."""

from .._util import fix_module_metadata
from ._errors import OrderWarning as OrderWarning, TimedOutError as TimedOutError
from ._fallback import (
    Degraded as Degraded,
    Fallback as Fallback,
    FallbackEvent as FallbackEvent,
    Restored as Restored,
    Source as Source,
    can_be_replaced as can_be_replaced,
)
from ._pipeline import Pipeline as Pipeline
from ._timeout import Timeout as Timeout

fix_module_metadata(__name__, globals())
