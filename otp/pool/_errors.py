"""What can be wrong with a checkout."""

from __future__ import annotations

from typing import ClassVar

from ..kernel import OTPError, Severity
from ..protection import RejectedError, recovery_of


class PoolTimeoutError(RejectedError, TimeoutError):
    """A pool had nothing to give in time; *timeout* is in seconds.

    Others have what there is, and keep it for long, or opening takes long: what
    `otp.pool.statistics` says tells which.
    """

    severity: ClassVar[Severity] = "medium"

    def __init__(
        self, pool: object, timeout: float, used: int, size: int, opening: int = 0
    ) -> None:
        coming = f", {opening} being opened" if opening else ""
        super().__init__(
            f"{pool} had nothing to give in {timeout:g} s: {used} of its {size} "
            f"resources are in use{coming}"
        )
        self.pool = pool
        self.timeout = timeout


class PoolFullError(RejectedError):
    """So many wait for a pool already that nobody else may; *waiting* is how many."""

    severity: ClassVar[Severity] = "medium"

    def __init__(self, pool: object, waiting: int) -> None:
        super().__init__(
            f"{pool} has nothing to give, and {waiting} wait already: raise 'queue' "
            f"or 'max_size' if that is too few"
        )
        self.pool = pool
        self.waiting = waiting


class PoolOpenError(OTPError):
    """A resource could not be opened, and who waited for it gets none.

    The ``__cause__`` is why, and what is worth trying is what that says.
    """

    severity: ClassVar[Severity] = "high"

    def __init__(self, pool: object, cause: Exception) -> None:
        super().__init__(f"{pool} could not open a resource: {cause!r}")
        self.pool = pool
        self.__cause__ = cause
        # For this one error, beside what is true of its class.
        vars(self)["recovery"] = recovery_of(cause)
