"""The laws of a tree: what its supervisors do is compared with what the rules say.

A `Forest` has a model of each supervisor of the tree, and is given all events in their
order. Between the steps of a test, when all is idle, it is shown the tree as the
supervisors themselves describe it, the processes that live, and who holds which name.
Whatever does not fit is a `BrokenLawError`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, assert_never, final

import attrs

from ...kernel import Kill
from ._events import Answered, Asked, Begun, Ended, Told, Up
from ._model import SupervisorModel
from ._plan import Kid
from ._waits import BrokenLawError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterable

    from ...kernel import Pid
    from ...proc_lib import ChildSpec, Start
    from ._events import Event
    from ._plan import Plan, State
    from ._waits import Law


@final
@attrs.frozen
class ChildView:
    """One child as its supervisor shows it; *key* is its id, None without ids."""

    key: Hashable
    pid: Pid[Any] | Literal["restarting"] | None
    spec: ChildSpec

    @property
    def state(self) -> State:
        """Whether it runs, or is about to."""
        if self.pid is None:
            return "down"
        return "waiting" if self.pid == "restarting" else "up"


@final
@attrs.frozen
class SupervisorView:
    """One supervisor as it shows itself: its children in the order of their starts."""

    pid: Pid[Any]
    parent: Pid | None
    plan: Plan
    children: tuple[ChildView, ...]
    stamps: tuple[int, ...]


@final
@attrs.frozen
class ProcessView:
    """A process that lives, and with whom it is linked."""

    pid: Pid
    links: tuple[Pid, ...]


@final
@attrs.frozen
class NameView:
    """A name that a child is to have, and who has it.

    *child* is None if the child does not run.
    """

    name: str
    owner: str
    child: Pid | None
    holder: Pid | None
    is_alive: bool


@final
class Forest:
    """The models of all supervisors that there are and were.

    *plan* says what the supervisor that is started so is to do; None if it is none.
    *describe* says what a process is that is no child of a supervisor.
    """

    def __init__(
        self,
        plan: Callable[[Start], Plan | None],
        describe: Callable[[Pid], str],
        forgiven: Collection[Law] = (),
    ) -> None:
        self._plan = plan
        self._describe = describe
        self._forgiven = forgiven
        self._models: dict[Pid, SupervisorModel] = {}
        self._parents: dict[Pid, Pid | None] = {}
        self._labels: dict[Pid, str] = {}
        self._shown: dict[Pid, str] = {}
        # When each supervisor that is dead has died.
        self._ended: dict[Pid, float] = {}
        self._roots: dict[Pid, Plan | None] = {}
        # How many children without ids each supervisor, by its path, has had.
        self._counts: dict[str, int] = {}

    # ------------------------------------------------------------------------ the words

    def label(self, pid: Pid) -> str:
        """Return what a process is called: the path of ids that leads to it."""
        found = self._labels.get(pid) or self._shown.get(pid)
        return self._describe(pid) if found is None else found

    def preview(self, views: Iterable[SupervisorView]) -> None:
        """Take note what those are called that the models have not seen yet."""
        self._shown = {
            child.pid: self.path(view.pid, child.key)
            for view in views
            for child in view.children
            if child.key is not None and not isinstance(child.pid, str | None)
        }

    def is_news(self, event: Event) -> bool:
        """Tell whether *event* is not what goes without saying."""
        return not (isinstance(event, Told) and event.by_link) or (
            event.pid not in self._models
        )

    def path(self, supervisor: Pid, key: Hashable) -> str:
        """Return what the child *key* of a supervisor is called."""
        if supervisor in self._roots:
            return str(key)
        return f"{self.label(supervisor)}/{key}"

    def model(self, supervisor: Pid) -> SupervisorModel | None:
        """Return the model of a supervisor, if it lives and there is one."""
        found = self._models.get(supervisor)
        return None if found is None or found.is_over else found

    # -------------------------------------------------------------------- what happened

    def add_root(self, pid: Pid, start: Start | None, name: str) -> None:
        """Take note that *pid*, whose events are still to come, is the top."""
        self._roots[pid] = None if start is None else self._plan(start)
        self._labels[pid] = name

    def feed(self, events: Iterable[Event]) -> None:
        """Let the models see what happened.

        Raises:
            BrokenLawError: they do not agree.
        """
        for event in events:
            try:
                self._feed(event)
            except BrokenLawError as broken:
                model = broken.supervisor and self._models.get(broken.supervisor)
                if broken.law not in self._forgiven or not model:
                    raise
                model.is_free = True

    def _feed(self, event: Event) -> None:
        match event:
            case Begun(pid=pid, parent=parent):
                self._parents[pid] = parent
                plan = self._roots.get(pid)
                if plan is not None:
                    self._add(pid, parent, plan)
                self._pass_on(parent, event)
            case Told(by=by):
                self._pass_on(by, event)
                self._order(event)
            case Ended(pid=pid):
                if pid in self._models:
                    self._ended[pid] = event.at
                    self._models[pid].ended(event)
                self._pass_on(self._parents.get(pid), event)
            case Up(pid=pid):
                self._pass_on(self._parents.get(pid), event)
            case Asked(reason=None, pid=pid) | Answered(pid=pid):
                self._pass_on(pid, event)
            case Asked():
                self._order(event)
            case _:
                assert_never(event)

    def _order(self, event: Told | Asked) -> None:
        model = self._models.get(event.pid)
        if model is None or event.reason is None:
            return
        if isinstance(event, Told):
            is_kill = isinstance(event.reason, Kill) and not event.by_link
            if is_kill or event.by is not model.parent:
                return
        model.order(event, event.reason)

    def _pass_on(self, supervisor: Pid | None, event: Event) -> None:
        model = None if supervisor is None else self._models.get(supervisor)
        if model is not None:
            model.feed(event)

    def _add(
        self, pid: Pid, parent: Pid | None, plan: Plan, kids: list[Kid] | None = None
    ) -> SupervisorModel:
        model = self._models[pid] = SupervisorModel(
            pid,
            parent,
            plan,
            self.label,
            self._begun,
            kids=kids,
            forgiven=self._forgiven,
        )
        return model

    def _begun(self, supervisor: SupervisorModel, kid: Kid, pid: Pid) -> None:
        self._name(supervisor.pid, kid, pid)
        plan = self._plan(kid.spec.start)
        if plan is not None:
            self._add(pid, supervisor.pid, plan)

    def _name(self, supervisor: Pid, kid: Kid, pid: Pid) -> None:
        key = kid.key
        model = self._models[supervisor]
        if model.plan.kind != "static":
            if pid in self._labels:
                return
            path = self.path(supervisor, "")
            self._counts[path] = self._counts.get(path, 0) + 1
            key = f"#{self._counts[path]}"
        self._labels[pid] = self.path(supervisor, key)

    # --------------------------------------------------------------- what is there now

    def look(self, views: Iterable[SupervisorView]) -> None:
        """Compare the models with what the supervisors show; all is idle.

        Raises:
            BrokenLawError: something that should have happened has not, or a supervisor
                shows something else.
        """
        for view in views:
            model = self.model(view.pid)
            if model is not None:
                self._settle(model)
            if model is None or model.is_free:
                self._adopt(view)
            else:
                self._compare(model, view)

    def _settle(self, model: SupervisorModel) -> None:
        try:
            model.settle()
        except BrokenLawError as broken:
            if broken.law not in self._forgiven:
                raise
            model.is_free = True

    def _adopt(self, view: SupervisorView) -> None:
        kids: list[Kid] = []
        for child in view.children:
            kid = Kid(child.spec, child.key, state=child.state)
            if not isinstance(child.pid, str) and child.pid is not None:
                kid.pid = child.pid
                kid.key = child.pid if child.key is None else child.key
            kids.append(kid)
        model = self._add(view.pid, view.parent, view.plan, kids)
        model.stamps = list(view.stamps)
        for kid in kids:
            if kid.pid is not None:
                self._name(view.pid, kid, kid.pid)

    def _compare(self, model: SupervisorModel, view: SupervisorView) -> None:
        expected = [_shown(kid.key, kid.state, kid.pid) for kid in model.kids]
        shown = [_shown(one.key, one.state, one.pid) for one in view.children]
        if model.plan.kind != "static":
            expected = sorted(text.partition(": ")[2] for text in expected)
            shown = sorted(text.partition(": ")[2] for text in shown)
        if expected != shown:
            me = self.label(view.pid)
            law: Law = "children"
            raise BrokenLawError(
                law, f"{me} has {expected}", f"it shows {shown}", view.pid
            )
        # Whole seconds may differ where a supervisor waits for the code of the dead.
        model.stamps = list(view.stamps)
        model.plan = attrs.evolve(view.plan, specs=view.plan.specs or model.plan.specs)

    def check_orphans(
        self, tree: Collection[Pid], processes: Iterable[ProcessView], now: float
    ) -> None:
        """Check that whoever comes from *tree* is in it, or belongs to somebody there.

        A process belongs to those that it is linked with, and to the one that started
        it as long as that lives. The children of a supervisor that was killed have the
        time to end that they have in any case.

        Raises:
            BrokenLawError: somebody belongs to nobody.
        """
        alive = {view.pid: view for view in processes}
        safe = {*tree, *(pid for pid in alive if self._is_ending(pid, now))}
        found = True
        while found:
            found = False
            for pid, view in alive.items():
                owners = {self._parents.get(pid), *view.links}
                if pid not in safe and owners & safe:
                    safe.add(pid)
                    found = True
        for pid in alive:
            if pid not in safe and self._comes_from_here(pid):
                self._report_orphan(pid)

    def _is_ending(self, pid: Pid, now: float) -> bool:
        parent = self._parents.get(pid)
        if parent is None or parent not in self._ended:
            return False
        limit = self._models[parent].limit_of(pid)
        return now <= self._ended[parent] + limit

    def _report_orphan(self, pid: Pid) -> None:
        parent = self._parents.get(pid)
        starter = "nobody" if parent is None else self.label(parent)
        raise BrokenLawError(
            "orphans",
            f"what {starter} has started has ended with it, or belongs to the tree",
            f"{self.label(pid)} lives, is linked with nobody there, and was started "
            f"by {starter}, which is dead",
        )

    def _comes_from_here(self, pid: Pid | None) -> bool:
        while pid is not None and pid not in self._roots:
            pid = self._parents.get(pid)
        return pid is not None

    def check_names(self, names: Iterable[NameView]) -> None:
        """Check that each name is free, or held by the child that it is for.

        Raises:
            BrokenLawError: a name is taken by somebody who is dead, or lost.
        """
        for view in names:
            expected = f"{view.name} is free, as {view.owner} does not run"
            if view.child is not None:
                expected = f"{view.name} leads to {view.owner}, {view.child!r}"
            if view.holder is not None and not view.is_alive:
                observed = f"it leads to {self.label(view.holder)}, which is dead"
            elif view.child is None or view.holder is view.child:
                continue
            elif view.holder is None:
                observed = "it leads to nobody"
            else:
                observed = f"it leads to {self.label(view.holder)}"
            raise BrokenLawError("names", expected, observed)


def _shown(
    key: Hashable,
    state: State,
    pid: Pid | str | None,
) -> str:
    if state != "up" or pid is None or isinstance(pid, str):
        return f"{key}: {state}"
    return f"{key}: {pid!r}"
