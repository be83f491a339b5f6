"""What a supervisor does when a child has ended: the rules, as functions of values.

Two questions are asked one after the other. The first looks at the child alone:

========= ============================ ======== =========================
restart   reason                       reported what happens
========= ============================ ======== =========================
permanent any                          yes      it is restarted
transient `Normal`, `Shutdown`         no       it is kept, not running
transient any other                    yes      it is restarted
temporary `Normal`, `Shutdown`         no       it is forgotten
temporary any other                    yes      it is forgotten
========= ============================ ======== =========================

The second looks at the family. Before it is asked, the restart is counted, and may
be one too many:

================== ============================================================
strategy           who is restarted with the failed child
================== ============================================================
one_for_one        nobody
simple_one_for_one nobody
one_for_all        all others
rest_for_one       those after it in the order of their starts
================== ============================================================

In a restart of more than one, all of them are stopped first, newest first. Temporary
children among them are forgotten; every other one is started, oldest first, whether
it was running or not. The failed child itself is dead and is not stopped again. A
restart that is tried again after it failed is the same question with the child that
could not be started as the failed one.
"""

from __future__ import annotations

from itertools import dropwhile
from typing import TYPE_CHECKING, Final, Protocol, assert_never, final

import attrs

from ..kernel import KILLED, SHUTDOWN, is_quiet

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from ..kernel import ExitReason
    from ..proc_lib import Restart
    from ._spec import Strategy


class Member(Protocol):
    """What the rules have to know of a child."""

    @property
    def id(self) -> Hashable: ...
    @property
    def restart(self) -> Restart: ...


@final
@attrs.frozen
class Keep:
    """The specification stays, and nothing runs."""


@final
@attrs.frozen
class Forget:
    """The child is struck off the list."""


@final
@attrs.frozen
class RestartChild:
    """The child is started again, and nobody else is touched."""


@final
@attrs.frozen
class RestartChildren:
    """Several are stopped and started, by their ids, each in the order given."""

    stop: tuple[Hashable, ...]
    forget: tuple[Hashable, ...]
    start: tuple[Hashable, ...]


_ALONE: Final = RestartChild()

Decision = Keep | Forget | RestartChild | RestartChildren
"""What a supervisor does after the end of a child."""


def is_restarted(restart: Restart, reason: ExitReason) -> bool:
    """Tell whether a child that ended with *reason* is started again."""
    match restart:
        case "permanent":
            return True
        case "transient":
            return not is_quiet(reason)
        case "temporary":
            return False
        case _:
            assert_never(restart)


def is_reported(restart: Restart, reason: ExitReason) -> bool:
    """Tell whether the end of a child with *reason* is reported."""
    return restart == "permanent" or not is_quiet(reason)


def after_exit(
    strategy: Strategy, failed: Member, reason: ExitReason, family: Iterable[Member]
) -> Decision:
    """Return what is done when *failed* has ended with *reason*.

    *family* is all children in the order of their starts, *failed* among them. It is
    looked at only if there is a restart of more than one.
    """
    if is_restarted(failed.restart, reason):
        return plan_restart(strategy, failed, family)
    return Forget() if failed.restart == "temporary" else Keep()


def plan_restart(
    strategy: Strategy, failed: Member, family: Iterable[Member]
) -> RestartChild | RestartChildren:
    """Return who is stopped and started so that *failed* runs again."""
    match strategy:
        case "one_for_one" | "simple_one_for_one":
            return _ALONE
        case "one_for_all":
            return _restart_all(failed, list(family))
        case "rest_for_one":
            rest = dropwhile(lambda child: child.id != failed.id, family)
            return _restart_all(failed, list(rest))
        case _:
            assert_never(strategy)


def _restart_all(failed: Member, group: list[Member]) -> RestartChildren:
    stop = [child.id for child in reversed(group) if child.id != failed.id]
    forget = [child.id for child in group if child.restart == "temporary"]
    start = [child.id for child in group if child.restart != "temporary"]
    return RestartChildren(tuple(stop), tuple(forget), tuple(start))


def is_expected_end(reason: ExitReason, restart: Restart, *, brutal: bool) -> bool:
    """Tell whether a child that was told to end has done so as it should.

    If not, that is reported. *brutal* says that it was not told, but killed:

    ===================== ================= ================
    reason                told to shut down killed
    ===================== ================= ================
    ``Shutdown()``        expected          not if permanent
    ``Shutdown(detail)``  not if permanent  not if permanent
    ``Normal()``          not if permanent  not if permanent
    ``Killed()``          not expected      expected
    any other             not expected      not expected
    ===================== ================= ================

    A child that did not end in time was told first, and is then not expected to have
    been killed.
    """
    if reason == (KILLED if brutal else SHUTDOWN):
        return True
    return restart != "permanent" and is_quiet(reason)
