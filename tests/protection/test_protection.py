"""A protection is given the function and its arguments, and keeps their types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import pytest

from otp.protection import Protection, awaitable_of, check_function

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Generator

P = ParamSpec("P")
T = TypeVar("T")


class Counted(Protection):
    def __init__(self) -> None:
        self.calls = 0

    async def call(
        self, fn: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        self.calls += 1
        check_function(fn)
        return await fn(*args, **kwargs)


async def add(first: int, second: int = 1) -> int:
    """Add."""
    return first + second


async def test_a_call_passes_the_arguments_and_returns_the_result() -> None:
    counted = Counted()

    assert await counted.call(add, 1, second=2) == 3
    assert counted.calls == 1


async def test_a_decorated_function_is_called_from_behind_the_protection() -> None:
    counted = Counted()
    protected = counted(add)

    assert [await protected(1), await protected(1, second=3)] == [2, 4]
    assert counted.calls == 2
    assert (protected.__name__, protected.__doc__) == ("add", "Add.")


async def test_a_coroutine_is_closed_and_refused_with_the_remedy() -> None:
    coroutine: Any = add(1)

    with pytest.raises(TypeError, match=r"call\(fetch, url\) instead of"):
        await Counted().call(coroutine)

    # A coroutine that is closed cannot be awaited, and so Python does not complain.
    with pytest.raises(RuntimeError):
        await coroutine


def test_what_is_no_function_is_refused_where_it_is_decorated() -> None:
    nothing: Any = 3
    with pytest.raises(TypeError, match="an async function is wanted here, not int 3"):
        Counted()(nothing)


class Slow:
    """Can be awaited, and is no coroutine."""

    def __await__(self) -> Generator[Any, Any, int]:
        return add(1).__await__()


async def test_whatever_can_be_awaited_is_the_result_of_an_async_function() -> None:
    slow, coroutine = Slow(), add(1)

    assert awaitable_of(Slow, slow) is slow
    assert awaitable_of(add, coroutine) is coroutine
    assert await coroutine == await slow == 2


async def agen() -> AsyncGenerator[int]:
    yield 1


@pytest.mark.parametrize("result", [None, 3, agen()])
def test_what_cannot_be_awaited_is_refused_with_the_function(result: Any) -> None:
    with pytest.raises(TypeError, match=r"but <function add.* has returned .*awaited"):
        awaitable_of(add, result)


def test_a_protection_that_does_not_say_how_to_call_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="call"):
        Protection()  # type: ignore[abstract]
