"""The marks of typed clauses, under the names by which ``otp`` exports them."""

from .._util import fix_module_metadata
from ._clauses import CallClause, CastClause, call, call_noreply, cast

__all__ = ["CallClause", "CastClause", "call", "call_noreply", "cast"]

fix_module_metadata("otp", globals())
