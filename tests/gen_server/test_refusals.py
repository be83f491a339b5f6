"""Requests that a server refuses: wrong arguments, and the wrong server."""

from __future__ import annotations

from typing import Any

import pytest
from trio.testing import wait_all_tasks_blocked

from otp import (
    From,
    GenServer,
    Reason,
    ServerExitedError,
    UnknownRequestError,
    call,
    call_noreply,
    cast,
    gen_server,
    process,
)
from otp.gen_server import (
    BadArgumentsError,
    UnexpectedMessage,
)
from otp.kernel import current_node
from tests.kernel.support import Recorder, collected_reports, on_node

from .servers import Counter, Later, Results, Store


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        ((1, 2), {}),
        ((), {"to": 1}),
        ((1,), {"by": 2}),
        ((), {"by": 1, "x": 2}),
    ],
)
@on_node
async def test_arguments_that_do_not_fit_are_refused_at_the_caller(
    args: tuple[int, ...], kwargs: dict[str, int]
) -> None:
    pid = await gen_server.start(Counter)
    with pytest.raises(TypeError, match=r"Counter\.incr\(\): "):
        await Counter.incr(pid, *args, **kwargs)
    with pytest.raises(TypeError, match=r"Counter\.incr\(\): "):
        Counter.incr.send_request(pid, *args, **kwargs)
    with pytest.raises(TypeError, match=r"Counter\.reset\(\): "):
        Counter.reset(pid, 1, 2)  # type: ignore[call-arg]

    assert await Counter.get(pid) == 0


@on_node
async def test_all_kinds_of_parameters_are_understood() -> None:
    pid = await gen_server.start(Results)

    assert await Results.mixed(pid, 1, 2, 3, 4, c=5, d=6) == [1, 2, 3, 4, 5, 6]
    assert await Results.mixed(pid, 1, b=2, c=3) == [1, 2, 3]
    with pytest.raises(TypeError, match="missing a required"):
        await Results.mixed(pid, 1, 2)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="missing a required"):
        await Results.mixed(pid, c=1)  # type: ignore[call-arg]


@on_node
async def test_a_clause_may_take_any_keywords() -> None:
    class Wide(GenServer):
        @call
        async def sum(self, /, *, start: int = 0, **others: int) -> int:
            return start + sum(others.values())

    pid = await gen_server.start(Wide)

    assert await Wide.sum(pid) == 0
    assert await Wide.sum(pid, start=1, a=2, b=3) == 6
    with pytest.raises(TypeError, match="too many positional"):
        await Wide.sum(pid, 1)  # type: ignore[call-arg]


@on_node
async def test_a_late_call_does_not_count_who_asks() -> None:
    pid = await gen_server.start(Later)
    with pytest.raises(TypeError, match="missing a required argument: 'word'"):
        await Later.ask(pid)  # type: ignore[call-arg]

    assert await Later.askers(pid) == []


class Narrow(Counter):
    """A counter whose clauses take less than those of its base."""

    @call
    async def incr(self) -> int:  # type: ignore[override]
        return await super().incr()

    @cast
    async def reset(self) -> None:  # type: ignore[override]
        await super().reset()


@on_node
async def test_arguments_that_fit_the_base_only_are_refused_by_the_server() -> None:
    recorder = Recorder()
    current_node().instruments.append(recorder)
    pid = await gen_server.start(Narrow, 5)
    with pytest.raises(BadArgumentsError, match="Narrow: ") as caught:
        await Counter.incr(pid, 3)
    with pytest.raises(BadArgumentsError):
        await Counter.incr(pid, by=3)
    with collected_reports() as reports:
        Counter.reset(pid, 3)
        Counter.reset(pid, to=3)
        assert await Counter.get(pid) == 5

    assert caught.value.server is pid
    assert [type(report) for report in reports] == [UnexpectedMessage] * 2
    assert len(recorder.letters) == 2
    assert pid.process is not None
    assert pid.process.serving is None


@on_node
async def test_a_type_error_of_the_method_itself_is_a_crash() -> None:
    class Wrong(GenServer):
        @call
        async def add(self, a: int, b: int) -> int:
            return self.twice(a, b)  # type: ignore[call-arg]

        def twice(self, a: int) -> int:
            return 2 * a

        @call
        async def length(self) -> int:
            return len(3)  # type: ignore[arg-type]

        @call
        async def deep(self) -> int:
            return await self.add(1, 2)

    for ask in (
        lambda pid: Wrong.add(pid, 1, 2),
        Wrong.length,
        Wrong.deep,
    ):
        pid = await gen_server.start(Wrong)
        with pytest.raises(ServerExitedError):
            await ask(pid)
        assert not process.is_alive(pid)


@on_node
async def test_a_callback_that_is_not_async_is_a_crash() -> None:
    class Plain(GenServer):
        def handle_info(self, message: object) -> None:  # type: ignore[override]
            del message

    pid = await gen_server.start(Plain)
    with collected_reports() as reports:
        process.send(pid, "x")
        await wait_all_tasks_blocked()

    assert not process.is_alive(pid)
    assert len(reports) == 2


# --------------------------------------------------------------------- wrong servers


@on_node
async def test_an_unknown_clause_is_refused_and_does_no_harm() -> None:
    recorder = Recorder()
    current_node().instruments.append(recorder)
    pid = await gen_server.start(Counter, 5)
    with pytest.raises(UnknownRequestError, match="Counter has no clause 'find'"):
        await Store.find(pid, "k")  # type: ignore[arg-type]
    with collected_reports() as reports:
        Store.put(pid, "k", "v")  # type: ignore[arg-type]
        Store.put(pid, key="k", value="v")  # type: ignore[arg-type]
        assert await Counter.get(pid) == 5

    assert [letter.why for letter in recorder.letters] == [
        "Counter has no clause 'put'"
    ] * 2
    assert [type(report) for report in reports] == [UnexpectedMessage] * 2


@on_node
async def test_a_call_is_no_cast_and_a_cast_no_call() -> None:
    class AsCast(GenServer):
        @cast
        async def get(self) -> None: ...

        @call
        async def reset(self, to: int = 0) -> None:
            assert to == to  # noqa: PLR0124

    pid = await gen_server.start(Counter, 5)
    with pytest.raises(UnknownRequestError, match="no clause 'reset'"):
        await AsCast.reset(pid)  # type: ignore[arg-type]
    AsCast.get(pid)  # type: ignore[arg-type]

    assert await Counter.get(pid) == 5


@on_node
async def test_ordinary_methods_cannot_be_called_from_outside() -> None:
    class Sly(GenServer):
        @call
        async def terminate(self, reason: object) -> None:
            del reason

        @call
        async def secret(self) -> str:
            raise NotImplementedError

    class Keeper(GenServer):
        async def secret(self) -> str:
            return "secret"

    pid = await gen_server.start(Keeper)
    with pytest.raises(UnknownRequestError):
        await Sly.secret(pid)  # type: ignore[arg-type]
    with pytest.raises(UnknownRequestError):
        await Sly.terminate(pid, Reason("x"))  # type: ignore[arg-type]


@on_node
async def test_who_asks_can_be_given_to_others() -> None:
    class Front(GenServer):
        def __init__(self, back: object) -> None:
            self.back = back

        @call_noreply
        async def ask(self, from_: From[int], n: int) -> None:
            process.send(self.back, (from_, n))  # type: ignore[arg-type]

    class Back(GenServer):
        async def handle_info(self, message: Any) -> None:
            from_, n = message
            gen_server.reply(from_, n + 1)

    front = await gen_server.start(Front, await gen_server.start(Back))

    assert await Front.ask(front, 3) == 4
