from __future__ import annotations

from itertools import pairwise

from hypothesis import given, strategies as st

from otp.application import Application, DependencyError, start_order

Graph = dict[str, list[str]]

NAMES = [f"app{n}" for n in range(8)]


def acyclic() -> st.SearchStrategy[Graph]:
    """Return graphs in which each application needs only earlier ones."""
    needs = [
        st.lists(st.sampled_from(NAMES[:n]), unique=True) if n else st.just([])
        for n in range(len(NAMES))
    ]
    return st.tuples(*needs).map(lambda lists: dict(zip(NAMES, lists, strict=True)))


def any_graph() -> st.SearchStrategy[Graph]:
    return st.fixed_dictionaries(
        {name: st.lists(st.sampled_from(NAMES), unique=True) for name in NAMES}
    )


def load(graph: Graph) -> dict[str, Application]:
    loaded: dict[str, Application] = {}
    for name, needs in graph.items():
        app = loaded[name] = Application()
        app.name = name
        app.applications = needs
    return loaded


def reachable(graph: Graph, roots: list[str], stop: frozenset[str]) -> set[str]:
    found: set[str] = set()
    waiting = [r for r in roots if r not in stop]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [need for need in graph[name] if need not in stop]
    return found


def has_circle(graph: Graph, names: set[str]) -> bool:
    left = set(names)
    while free := {n for n in left if not left.intersection(graph[n])}:
        left -= free
    return bool(left)


def failing_path(
    wanted: list[str], loaded: dict[str, Application]
) -> tuple[str, ...] | None:
    try:
        start_order(wanted, loaded=loaded)
    except DependencyError as error:
        return error.path
    return None


def is_path(graph: Graph, path: tuple[str, ...]) -> bool:
    return all(b in graph[a] for a, b in pairwise(path))


SOME = st.lists(st.sampled_from(NAMES), unique=True, min_size=1)
STARTED = st.frozensets(st.sampled_from(NAMES))


@given(acyclic(), SOME, STARTED)
def test_the_plan_is_what_is_needed_and_not_started(
    graph: Graph, wanted: list[str], started: frozenset[str]
) -> None:
    plan = start_order(wanted, loaded=load(graph), started=started)

    names = [app.name for app in plan]
    assert len(names) == len(set(names))
    assert set(names) == reachable(graph, wanted, started)


@given(acyclic(), SOME, STARTED)
def test_everything_comes_after_what_it_needs(
    graph: Graph, wanted: list[str], started: frozenset[str]
) -> None:
    up = set(started)
    for app in start_order(wanted, loaded=load(graph), started=started):
        assert set(graph[app.name]) <= up
        up.add(app.name)


@given(acyclic(), SOME)
def test_the_plan_is_the_same_every_time(graph: Graph, wanted: list[str]) -> None:
    loaded = load(graph)

    plan = start_order(wanted, loaded=loaded)

    assert start_order(wanted, loaded=loaded) == plan


@given(any_graph(), SOME)
def test_a_circle_is_found_exactly_if_there_is_one(
    graph: Graph, wanted: list[str]
) -> None:
    circular = has_circle(graph, reachable(graph, wanted, frozenset()))
    path = failing_path(wanted, load(graph))

    assert (path is not None) == circular
    if path is not None:
        first, *rest = path
        assert rest[-1] == first
        assert len(rest) == len(set(rest))
        assert is_path(graph, path)


@given(acyclic(), SOME, st.sampled_from(NAMES))
def test_the_path_to_what_is_missing_is_a_path(
    graph: Graph, wanted: list[str], gone: str
) -> None:
    loaded = load(graph)
    del loaded[gone]
    wanted = [name for name in wanted if name != gone]

    path = failing_path(wanted, loaded)

    assert (path is not None) == (gone in reachable(graph, wanted, frozenset()))
    if path is not None:
        assert path[0] in wanted
        assert path[-1] == gone
        assert is_path(graph, path)
