from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import otp
from otp.application import (
    Application,
    CircularDependencyError,
    MissingDependencyError,
    UnknownApplicationError,
    start_order,
)
from otp.application._order import with_included

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otp.application import Dependency


class Named(Application):
    def __init__(
        self,
        name: str,
        needs: Sequence[Dependency] = (),
        *,
        optional: Sequence[Dependency] = (),
        included: Sequence[Dependency] = (),
    ) -> None:
        self.name = name
        self.applications = needs
        self.optional_applications = optional
        self.included_applications = included


class Database(Application):
    name = "database"


class Cache(Application):
    name = "cache"
    applications = (Database,)


class Shop(Application):
    name = "shop"
    applications = (Cache, Database)


def order(*wanted: Dependency, loaded: Sequence[Application] = ()) -> list[str]:
    known = {app.name: app for app in loaded}
    return [app.name for app in start_order(wanted, loaded=known)]


def test_what_is_needed_comes_first_and_once() -> None:
    assert order(Shop) == ["database", "cache", "shop"]


def test_the_order_is_depth_first_and_that_of_the_lists() -> None:
    a, b, c = Named("a"), Named("b", ["d"]), Named("c")
    d = Named("d")
    root = Named("root", [a, b, c])

    assert order(root, loaded=[d]) == ["a", "d", "b", "c", "root"]


def test_several_may_be_wanted() -> None:
    assert order(Cache, Shop) == ["database", "cache", "shop"]


def test_a_name_may_be_that_of_an_application_beside_it() -> None:
    assert order(Named("a", ["b"]), Named("b")) == ["b", "a"]


def test_what_is_started_is_left_out_with_all_that_only_it_needs() -> None:
    plan = start_order([Shop], loaded={}, started=["cache"])

    assert [app.name for app in plan] == ["database", "shop"]
    assert start_order([Cache], loaded={}, started=["cache"]) == []


def test_an_optional_application_is_started_first_if_it_is_there() -> None:
    app = Named("app", ["a"], optional=["b", "c", Database])

    assert order(app, loaded=[Named("a"), Named("c")]) == [
        "a",
        "c",
        "database",
        "app",
    ]


def test_an_included_application_is_not_started() -> None:
    assert order(Named("app", included=[Database])) == ["app"]


def test_a_loaded_application_takes_the_place_of_one_of_its_name() -> None:
    fake = Named("database")

    plan = start_order([Shop], loaded={"database": fake})

    assert plan[0] is fake


def test_a_class_is_made_once() -> None:
    plan = start_order([Cache, Database, Shop], loaded={})

    assert [type(app) for app in plan] == [Database, Cache, Shop]


def test_an_instance_that_comes_first_stands_for_its_class() -> None:
    mine = Database()

    assert start_order([mine, Shop], loaded={})[0] is mine


def test_an_instance_that_comes_after_its_class_is_refused() -> None:
    late = Named("late", [Database()])

    with pytest.raises(otp.InvalidSpecError, match="name the instance before") as e:
        order(Named("root", [Shop, late]))

    assert e.value.kind == "duplicate_application"


def test_two_different_applications_of_one_name_are_refused() -> None:
    with pytest.raises(otp.InvalidSpecError, match="rename one of them"):
        order(Named("database"), Shop)


def test_an_unknown_name_that_is_wanted_is_an_error() -> None:
    with pytest.raises(UnknownApplicationError) as caught:
        order("zzz")

    assert caught.value.application == "zzz"
    assert "its class instead of its name" in str(caught.value)


def test_a_missing_dependency_is_shown_with_the_way_to_it() -> None:
    with pytest.raises(MissingDependencyError) as caught:
        order(Named("a", [Named("b", ["zzz"])]))

    assert caught.value.path == ("a", "b", "zzz")
    assert caught.value.application == "zzz"
    assert "needed: a -> b -> zzz;" in str(caught.value)


def test_a_circle_is_shown_without_the_way_to_it() -> None:
    loaded = [Named("a", ["b"]), Named("b", ["c"]), Named("c", ["b"])]

    with pytest.raises(CircularDependencyError) as caught:
        order("a", loaded=loaded)

    assert caught.value.path == ("b", "c", "b")
    assert "in a circle: b -> c -> b;" in str(caught.value)


def test_an_application_that_needs_itself_is_a_circle() -> None:
    with pytest.raises(CircularDependencyError, match="a -> a"):
        order(Named("a", ["a"]), loaded=[Named("a", ["a"])])


def test_a_wrong_description_is_found_on_the_way() -> None:
    broken = Named("broken")
    broken.version = 3  # type: ignore[assignment]

    with pytest.raises(otp.InvalidSpecError, match="version of application Named"):
        order(Named("a", [broken]))


def test_included_applications_come_after_their_owner_and_in_order() -> None:
    inner = Named("inner")
    app = Named("app", included=[Named("a", included=[inner]), Named("b")])

    found = with_included(app, loaded={})

    assert [one.name for one in found] == ["app", "a", "inner", "b"]


def test_an_application_that_includes_itself_is_a_circle() -> None:
    app = Named("app")
    app.included_applications = (app,)

    with pytest.raises(CircularDependencyError):
        with_included(app, loaded={})
