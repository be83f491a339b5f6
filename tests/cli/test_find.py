from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from otp.application import Application
from otp.cli import CommandError
from otp.cli._find import find_application, split_target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SHOP = """\
from otp.application import Application

class Shop(Application):
    name = "shop"
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Work in a folder of one's own, and forget what was imported from there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def write(folder: Path, name: str, text: str = SHOP) -> None:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def found(target: str) -> str:
    app = find_application(target)
    return type(app).__name__ if isinstance(app, Application) else app.__name__


def refusal(target: str) -> str:
    with pytest.raises(CommandError) as caught:
        find_application(target)
    return str(caught.value)


@pytest.mark.parametrize(
    ("target", "place", "name"),
    [
        ("shop.py", "shop.py", None),
        ("shop.py:Shop", "shop.py", "Shop"),
        ("a.b", "a.b", None),
        ("a.b:app", "a.b", "app"),
        (r"C:\shop.py", r"C:\shop.py", None),
        (r"C:\shop.py:Shop", r"C:\shop.py", "Shop"),
        ("shop.py:", "shop.py:", None),
        (":Shop", ":Shop", None),
    ],
)
def test_the_name_is_what_follows_the_last_colon(
    target: str, place: str, name: str | None
) -> None:
    assert split_target(target) == (place, name)


# ---------------------------------------------------------------------- what is found


def test_the_one_application_in_a_file_is_found(folder: Path) -> None:
    write(folder, "shop.py")

    assert found("shop.py") == "Shop"
    assert found(str(folder / "shop.py")) == "Shop"


def test_a_module_is_found_in_the_current_folder(folder: Path) -> None:
    write(folder, "company/__init__.py", "")
    write(folder, "company/shop.py")

    assert found("company.shop") == "Shop"


def test_a_package_may_have_its_application_in_a_module_of_its_own(
    folder: Path,
) -> None:
    write(folder, "company/__init__.py", "from .shop import Shop as Shop")
    write(folder, "company/shop.py")

    assert found("company") == "Shop"


def test_a_file_finds_the_modules_beside_it(folder: Path) -> None:
    write(folder, "code/names.py", "NAME = 'shop'")
    write(folder, "code/shop.py", f"from names import NAME\n{SHOP}")

    assert found("code/shop.py") == "Shop"


def test_a_file_may_be_called_like_a_module(folder: Path) -> None:
    write(folder, "json.py")

    assert found("json.py") == "Shop"
    assert not hasattr(sys.modules["json"], "Shop")


def test_an_application_of_ones_own_comes_before_an_imported_one(folder: Path) -> None:
    write(folder, "shop.py")
    write(
        folder,
        "mall.py",
        f"from shop import Shop\n{SHOP.replace('Shop', 'Mall').replace('shop', 'm')}",
    )

    assert found("mall.py") == "Mall"


def test_an_imported_application_is_better_than_none(folder: Path) -> None:
    write(folder, "shop.py")
    write(folder, "main.py", "from shop import Shop")

    assert found("main.py") == "Shop"


def test_an_instance_comes_before_its_class(folder: Path) -> None:
    write(folder, "shop.py", f"{SHOP}\nAPP = Shop()\nSAME = APP")

    assert isinstance(find_application("shop.py"), Application)


def test_an_instance_of_an_imported_class_is_ones_own(folder: Path) -> None:
    write(folder, "shop.py", f"{SHOP}\nclass Mall(Shop):\n    name = 'mall'")
    write(folder, "main.py", "from shop import Mall, Shop\nAPP = Shop()")

    assert isinstance(find_application("main.py"), Application)


def test_a_file_may_define_what_looks_up_its_own_module(folder: Path) -> None:
    write(
        folder,
        "shop.py",
        "from __future__ import annotations\nfrom dataclasses import dataclass\n"
        f"{SHOP}\n@dataclass\nclass Item:\n    price: int\n",
    )

    assert found("shop.py") == "Shop"


def test_bases_and_private_names_do_not_count(folder: Path) -> None:
    write(
        folder,
        "shop.py",
        f"""\
{SHOP}
class Base(Application):
    pass

class _Hidden(Application):
    name = "hidden"

Also = Shop
""",
    )

    assert found("shop.py") == "Shop"


def test_a_single_application_without_a_name_is_found_to_be_complained_about(
    folder: Path,
) -> None:
    write(folder, "shop.py", SHOP.replace('name = "shop"', "pass"))

    assert found("shop.py") == "Shop"


def test_an_application_can_be_chosen_by_name(folder: Path) -> None:
    write(folder, "shop.py", f"{SHOP}\nclass _Own(Application):\n    name = 'own'")

    assert found("shop.py:_Own") == "_Own"


# ------------------------------------------------------------------ what is not found


def test_a_file_that_is_not_there(folder: Path) -> None:
    write(folder, "code/shop.py")

    assert refusal("nowhere.py") == "there is no file nowhere.py"
    assert refusal("code/") == (
        "code is a folder: name a file in it, or the module, as in a.b"
    )


def test_a_file_that_is_no_program(folder: Path) -> None:
    write(folder, "code/shop.txt")

    assert refusal("code/shop.txt") == "code/shop.txt is no Python file"


def test_a_module_that_is_not_there() -> None:
    assert refusal("nowhere") == (
        "there is no module nowhere, neither in this folder nor installed"
    )
    assert refusal("nowhere.shop") == (
        "there is no module nowhere.shop, neither in this folder nor installed"
    )
    assert refusal("a-b") == "'a-b' is neither a file.py nor the name of a module"
    assert refusal("shop.py:") == (
        "'shop.py:' is neither a file.py nor the name of a module"
    )


def test_a_module_that_cannot_be_imported_is_shown_from_its_own_first_line(
    folder: Path,
) -> None:
    write(folder, "names.py", "def fail():\n    raise ValueError('boom')\nfail()\n")
    write(folder, "shop.py", "import names\n")

    text = refusal("shop.py").splitlines()

    assert text[0] == "shop.py cannot be imported"
    assert text[1] == "Traceback (most recent call last):"
    assert f'File "{folder / "shop.py"}", line 1' in text[2]
    assert text[-1] == "ValueError: boom"
    assert not any("importlib" in line or "_find.py" in line for line in text)


def test_a_module_with_a_mistake_in_its_grammar(folder: Path) -> None:
    write(folder, "shop.py", "class Shop(:\n")

    text = refusal("shop.py")

    assert "shop.py cannot be imported" in text
    assert "SyntaxError: " in text
    assert "class Shop(:" in text


def test_the_causes_of_an_error_are_shown_as_well(folder: Path) -> None:
    write(
        folder,
        "shop.py",
        "try:\n    import nowhere\nexcept ImportError as e:\n"
        "    raise RuntimeError('no way') from e\n",
    )

    text = refusal("shop")

    assert "ModuleNotFoundError: No module named 'nowhere'" in text
    assert text.endswith("RuntimeError: no way")
    assert "importlib" not in text


def test_a_module_that_misses_another_is_not_said_to_be_missing(folder: Path) -> None:
    write(folder, "shop.py", "import nowhere\n")

    for target in ("shop", "shop.py"):
        assert f"{target} cannot be imported" in refusal(target)


def test_a_module_that_ends_the_program(folder: Path) -> None:
    write(folder, "shop.py", "import sys\nsys.exit(0)\n")

    assert refusal("shop.py").startswith(
        "shop.py ended the program while it was imported: put what it does as a script"
    )


def test_a_module_without_an_application(folder: Path) -> None:
    write(folder, "shop.py", "from otp.application import Application\n")

    assert refusal("shop.py") == (
        "there is no application in shop.py: derive a class from otp.Application"
    )


def test_a_module_with_several_applications(folder: Path) -> None:
    write(folder, "shop.py", f"{SHOP}\nclass Mall(Application):\n    name = 'mall'\n")

    assert refusal("shop.py") == (
        "there are several applications in shop.py, Shop and Mall: choose one, as in "
        "shop.py:Mall"
    )
    assert found("shop.py:Shop") == "Shop"


def test_a_name_that_is_not_there_or_no_application(folder: Path) -> None:
    write(folder, "shop.py", f"{SHOP}\nPORT = 80\n")

    assert refusal("shop.py:Mall") == (
        "there is no Mall in shop.py; its applications: Shop"
    )
    assert refusal("shop.py:PORT") == (
        "PORT in shop.py is no application but of type int; its applications: Shop"
    )
    assert "Application in shop.py is no application" in refusal("shop.py:Application")


def test_a_name_in_a_module_without_applications(folder: Path) -> None:
    write(folder, "shop.py", "")

    assert refusal("shop.py:Shop") == (
        "there is no Shop in shop.py; its applications: none"
    )
