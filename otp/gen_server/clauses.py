"""The marks of typed clauses, under the names by which ``otp`` exports them."""

from ._clauses import call, call_noreply, cast

__all__ = ["call", "call_noreply", "cast"]
