"""What listeners are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, final

import attrs

if TYPE_CHECKING:
    from collections.abc import Hashable

    from ..kernel import Pid
    from ._judgement import Judgement


@final
@attrs.frozen
class Suspected:
    """A subject is suspected from now on.

    *pid* is the process that it is at the moment, None if it is none.
    """

    subject: Hashable
    pid: Pid | None
    judgement: Judgement


@final
@attrs.frozen
class Trusted:
    """A suspicion is taken back: it was a mistake, which has lasted for *seconds*."""

    subject: Hashable
    pid: Pid | None
    seconds: float


@final
@attrs.frozen
class Replaced:
    """Another process has the name now, *pid*: what was known of the last is over."""

    subject: Hashable
    pid: Pid


@final
@attrs.frozen
class Gone:
    """The process is dead, so there is nobody to suspect; a name may come back."""

    subject: Hashable
    pid: Pid


@final
@attrs.frozen
class Stalled:
    """The loop stood still for so many *seconds*: the detector itself was absent.

    *score* is its health score now, from 0 to 8.
    """

    seconds: float
    score: int


DetectorEvent: TypeAlias = Suspected | Trusted | Replaced | Gone | Stalled
"""Everything that listeners of a failure detector are told."""
