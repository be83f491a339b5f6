from __future__ import annotations

from math import inf

from hypothesis import given, strategies as st

from otp.pipeline._memory import Kept, Memory


def test_what_is_kept_is_found_with_its_age() -> None:
    memory = Memory(3, inf)
    memory.keep("a", 1, 10.0)

    assert memory.find("a", 12.5) == Kept(1, 2.5)
    assert memory.find("b", 12.5) is None


def test_the_last_value_counts() -> None:
    memory = Memory(3, inf)
    memory.keep("a", 1, 10.0)
    memory.keep("a", None, 11.0)

    assert memory.find("a", 11.0) == Kept(None, 0)
    assert len(memory) == 1


def test_what_is_too_old_is_forgotten() -> None:
    memory = Memory(3, 5.0)
    memory.keep("a", 1, 10.0)

    assert memory.find("a", 15.0) == Kept(1, 5.0)
    assert memory.find("a", 15.1) is None
    assert len(memory) == 0


def test_only_so_much_is_kept_and_the_oldest_goes() -> None:
    memory = Memory(2, inf)
    for key in "aba":
        memory.keep(key, key, 0.0)
    memory.keep("c", "c", 0.0)

    assert [memory.find(key, 0.0) is None for key in "abc"] == [False, True, False]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3))), st.integers(1, 4))
def test_it_is_a_dict_that_forgets(ops: list[tuple[int, int]], size: int) -> None:
    memory, model, now = Memory(size, 6.0), dict[int, float](), 0.0
    for key, pause in ops:
        now += pause
        memory.keep(key, (key, now), now)
        model.pop(key, None)
        model[key] = now
        while len(model) > size:
            del model[next(iter(model))]
        for other in range(6):
            found = memory.find(other, now)
            if other in model and now - model[other] <= 6:
                assert found == Kept((other, model[other]), now - model[other])
            else:
                assert found is None
                model.pop(other, None)
