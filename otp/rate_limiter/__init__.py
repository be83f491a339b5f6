"""Rate limiters: so many calls in so many seconds."""

from .._util import fix_module_metadata
from ._errors import RateLimitedError as RateLimitedError
from ._gcra import Gcra as Gcra
from ._rate_limiter import (
    RateLimiter as RateLimiter,
    RateLimiterStatistics as RateLimiterStatistics,
)
from ._rule import Meter as Meter, Rule as Rule
from ._sliding_log import SlidingLog as SlidingLog

fix_module_metadata(__name__, globals())
