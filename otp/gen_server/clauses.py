"""The marks of typed clauses, under the names by which ``otp`` exports them."""

from .._util import fix_module_metadata
from ._clauses import (
    CallClause as CallClause,
    CastClause as CastClause,
    call as call,
    call_noreply as call_noreply,
    cast as cast,
)

fix_module_metadata("otp", globals())
