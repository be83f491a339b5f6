from __future__ import annotations

import pytest

import otp
from otp.application import Application, Dependency
from otp.application._spec import describe, make


class Plain(Application):
    name = "plain"


class Picky(Application):
    name = "picky"

    def __init__(self, port: int) -> None:
        self.port = port


class Clumsy(Application):
    name = "clumsy"

    def __init__(self) -> None:
        raise TypeError("of its own")


WRONG = [
    ({"name": 7}, "invalid_name", "the name of application Wrong is a string, not 7"),
    ({"name": ""}, "missing_name", "application Wrong has no name: write"),
    ({"description": None}, "invalid_description", "is a string, not None"),
    ({"version": 1.0}, "invalid_version", "is a string, not 1.0"),
    ({"applications": "db"}, "invalid_applications", "not 'db'"),
    ({"applications": (int,)}, "invalid_applications", "not <class 'int'>"),
    ({"applications": ("",)}, "invalid_applications", "their names, not ''"),
    ({"applications": {"a"}}, "invalid_applications", "a sequence of applications"),
    ({"optional_applications": (3,)}, "invalid_optional_applications", "not 3"),
    ({"included_applications": 3}, "invalid_included_applications", "not 3"),
    ({"env": [("k", 1)]}, "invalid_env", "is a mapping, not"),
    ({"env": {1: 2}}, "invalid_env", "whose keys are strings, not 1"),
    ({"start_phases": "go"}, "invalid_start_phases", "a sequence of pairs"),
    ({"start_phases": ("go",)}, "invalid_start_phases", "a sequence of pairs"),
    ({"start_phases": ((1, 2),)}, "invalid_start_phases", "not (1, 2)"),
    ({"start_phases": (("a", 1, 2),)}, "invalid_start_phases", "not ('a', 1, 2)"),
]


@pytest.mark.parametrize(("fields", "kind", "text"), WRONG)
def test_a_wrong_value_is_refused_where_the_class_is_made(
    fields: dict[str, object], kind: str, text: str
) -> None:
    with pytest.raises(otp.InvalidSpecError) as caught:
        type("Wrong", (Application,), fields)

    assert caught.value.kind == kind
    assert text in str(caught.value)


@pytest.mark.parametrize(("fields", "kind", "text"), WRONG)
def test_a_wrong_value_of_an_instance_is_refused_when_it_is_described(
    fields: dict[str, object], kind: str, text: str
) -> None:
    app = Plain()
    for key, value in fields.items():
        setattr(app, key, value)

    with pytest.raises(otp.InvalidSpecError) as caught:
        describe(app)

    assert caught.value.kind == kind
    assert text.replace("Wrong", "Plain") in str(caught.value)


def test_a_base_class_needs_no_name_but_an_application_does() -> None:
    class Base(Application):
        version = "2"

    class Real(Base):
        name = "real"

    assert describe(Real()).version == "2"
    with pytest.raises(otp.InvalidSpecError, match="write 'name = "):
        describe(Base())


def test_a_description_holds_copies() -> None:
    app = Plain()
    app.env = env = {"k": 1}
    needs: list[Dependency] = ["db", Picky(1)]
    app.applications = needs

    spec = describe(app)
    env["k"] = 2
    needs.clear()

    assert spec.env == {"k": 1}
    assert [getattr(d, "name", d) for d in spec.applications] == ["db", "picky"]


def test_a_class_is_made_and_an_instance_is_kept() -> None:
    app = Picky(80)

    assert make(app) is app
    assert isinstance(make(Plain), Plain)


def test_a_class_that_needs_arguments_has_to_be_given_as_an_instance() -> None:
    with pytest.raises(otp.InvalidSpecError, match="Picky needs arguments: give an"):
        make(Picky)


def test_a_mistake_inside_of_init_is_not_taken_for_missing_arguments() -> None:
    with pytest.raises(TypeError, match="of its own") as caught:
        make(Clumsy)

    assert not isinstance(caught.value, otp.InvalidSpecError)


def test_what_is_no_application_is_refused() -> None:
    with pytest.raises(otp.InvalidSpecError) as caught:
        make(int)  # type: ignore[arg-type]

    assert caught.value.kind == "invalid_application"


def test_start_has_to_be_written() -> None:
    with pytest.raises(NotImplementedError, match=r"Plain needs a start\(\)"):
        Plain().start()
