"""What the pytest plugin was told on the command line, for those who have no pytest."""

from __future__ import annotations

from typing import Final, final


@final
class Settings:
    """The options of one run of the tests; None where nothing was said."""

    __slots__ = ("runs", "schedule")

    def __init__(self) -> None:
        #: How many schedules to try, from ``--otp-runs``.
        self.runs: int | None = None
        #: The one schedule to replay, from ``--otp-schedule``.
        self.schedule: str | None = None


SETTINGS: Final = Settings()
