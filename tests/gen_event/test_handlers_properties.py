"""The handlers of a manager, compared with a list of Erlang's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from hypothesis import given, settings, strategies as st

from otp import Pid
from otp.gen_event import EventHandler, HandlerRef
from otp.gen_event._handlers import Handlers, Installed

if TYPE_CHECKING:
    from otp.gen_event import AnyHandler

from .handlers import Other, Scripted

REFS: list[AnyHandler] = [
    HandlerRef(cls, id_) for cls in (Scripted, Other) for id_ in (None, "x", 1)
]

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "remove", "replace"]),
        st.sampled_from(REFS),
        st.sampled_from(REFS),
        st.sampled_from([None, 0, 1]),
    ),
    max_size=30,
)


class Model:
    """What `Handlers` should be: a plain list, searched from its head."""

    def __init__(self) -> None:
        self.items: list[Installed] = []

    def find(self, ref: AnyHandler) -> Installed | None:
        for item in self.items:
            if item.ref == ref:
                return item
        return None


# Nobody sends anything to them.
PIDS: list[Pid] = [Pid("nowhere", n, cast("Any", None)) for n in (1, 2)]


@settings(derandomize=True, deadline=None, max_examples=60)
@given(STEPS)
def test_handlers_are_a_list_that_is_searched_from_its_newest(
    steps: list[tuple[str, AnyHandler, AnyHandler, int | None]],
) -> None:
    handlers, model = Handlers(), Model()
    for what, ref, other, owner in steps:
        one = Installed(other, EventHandler(), None if owner is None else PIDS[owner])
        found = handlers.find(ref)
        assert found is model.find(ref)
        if what == "add":
            handlers.add(one)
            model.items = [one, *model.items]
        elif found is not None and what == "remove":
            handlers.remove(found)
            model.items = [item for item in model.items if item is not found]
        elif found is not None:
            handlers.replace(found, one)
            model.items = [one if item is found else item for item in model.items]

        assert list(handlers.all()) == model.items
        for pid in PIDS:
            owned = [item for item in model.items if item.owner is pid]
            assert handlers.owned_by(pid) == owned
            assert (pid in handlers.owners()) is bool(owned)
        assert len(set(handlers.owners())) == len(handlers.owners())
