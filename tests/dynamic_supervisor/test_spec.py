"""The limits of a dynamic supervisor, as a value."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from otp import DynamicSpec, DynamicSupervisor, InvalidSpecError, child_spec


def test_the_defaults_are_those_of_elixir() -> None:
    spec = DynamicSpec()

    assert spec.max_children is None
    assert (spec.max_restarts, spec.max_seconds) == (3, 5)
    assert spec.extra_arguments == ()


def test_it_is_a_value() -> None:
    spec = DynamicSpec(max_children=2, extra_arguments=[1, "x"])

    assert spec == DynamicSpec(max_children=2, extra_arguments=(1, "x"))
    assert hash(spec) == hash(DynamicSpec(max_children=2, extra_arguments=(1, "x")))
    assert spec.extra_arguments == (1, "x")


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        ({"max_children": -1}, "invalid_max_children"),
        ({"max_children": 1.5}, "invalid_max_children"),
        ({"max_children": True}, "invalid_max_children"),
        ({"max_children": "many"}, "invalid_max_children"),
        ({"max_restarts": -1}, "invalid_intensity"),
        ({"max_restarts": 1.0}, "invalid_intensity"),
        ({"max_seconds": 0}, "invalid_period"),
        ({"max_seconds": True}, "invalid_period"),
        ({"extra_arguments": "ab"}, "invalid_extra_arguments"),
        ({"extra_arguments": b"ab"}, "invalid_extra_arguments"),
        ({"extra_arguments": 1}, "invalid_extra_arguments"),
        ({"extra_arguments": None}, "invalid_extra_arguments"),
    ],
)
def test_what_is_wrong_is_refused_where_it_is_said(
    wrong: dict[str, Any], kind: str
) -> None:
    [value] = wrong.values()

    for build in (DynamicSpec, DynamicSupervisor):
        with pytest.raises(InvalidSpecError, match=r" not ") as caught:
            build(**wrong)
        assert caught.value.kind == kind
        assert caught.value.value == value


def test_limits_are_given_by_name() -> None:
    with pytest.raises(TypeError):
        DynamicSpec(3)  # type: ignore[call-arg]


@given(
    st.none() | st.integers(0), st.integers(0), st.integers(1), st.lists(st.integers())
)
def test_the_class_passes_on_what_it_is_given(
    most: int | None, restarts: int, seconds: int, extra: list[int]
) -> None:
    limits: dict[str, Any] = {
        "max_children": most,
        "max_restarts": restarts,
        "max_seconds": seconds,
        "extra_arguments": extra,
    }

    assert DynamicSupervisor(**limits).init() == DynamicSpec(**limits)


def test_as_a_child_it_is_a_supervisor_with_all_the_time_it_needs() -> None:
    spec = child_spec(DynamicSupervisor, max_children=3)

    assert spec.id == "DynamicSupervisor"
    assert spec.type == "supervisor"
    assert spec.shutdown == float("inf")
    assert spec.modules == (DynamicSupervisor,)
