"""The types of clauses, at both ends. Read by the checkers, never run."""

from __future__ import annotations

from abc import abstractmethod
from typing import Generic, TypeVar, assert_type

from otp import (
    From,
    GenServer,
    Name,
    NoReply,
    Pid,
    Reply,
    Stop,
    Via,
    call,
    call_noreply,
    cast,
    gen_server,
)
from otp.gen_server import CallClause, CastClause, Request

K = TypeVar("K")
V = TypeVar("V")


class Counter(GenServer):
    """Has clauses of every kind."""

    @call
    async def incr(self, by: int = 1) -> int:
        return by

    @call
    async def both(self, a: int, /, b: str, *more: int, c: bytes = b"") -> list[str]:
        return [f"{a} {b} {more} {c!r}"]

    @cast
    async def reset(self, to: int = 0) -> None:
        del to

    @cast
    async def leave(self) -> Stop | NoReply | None:
        return Stop()

    @call
    async def result(self) -> Reply[int] | NoReply | Stop:
        return Reply(1)

    @call
    async def reply(self) -> Reply[str]:
        return Reply("x", timeout=1.0)

    @call
    async def or_stop(self, n: int) -> int | Stop:
        return n or Stop()

    @call
    async def or_none(self, n: int) -> int | None:
        return n or None

    @call
    async def nothing(self) -> None: ...

    @call_noreply
    async def later(self, from_: From[str], n: int) -> None:
        gen_server.reply(from_, str(n))
        gen_server.reply(from_, n)  # type: ignore[misc]

    @call_noreply
    async def later_or_stop(self, from_: From[bytes]) -> NoReply | Stop | None:
        del from_
        return Stop()


class Mixed(GenServer):
    """Mixes plain answers and results."""

    @call
    async def anything(self, n: int) -> int | Reply[int] | NoReply | Stop:
        return n or Reply(n)

    @call
    async def or_later(self, n: int) -> str | NoReply | None:
        return NoReply() if n else None

    @call
    async def never(self) -> Stop:
        return Stop()


class Loud(Counter):
    """Overrides a clause and uses that of its base."""

    @call
    async def incr(self, by: int = 1) -> int:
        assert_type(await super().incr(by), int)
        await super().incr("x")  # type: ignore[arg-type]
        return by


class Other(GenServer):
    """Another server."""

    @call
    async def ask(self) -> str:
        return ""


class Store(GenServer):
    """An interface."""

    @call
    @abstractmethod
    async def find(self, key: str) -> bytes | None: ...


class Memory(Store):
    """Keeps the interface."""

    @call
    async def find(self, key: str) -> bytes | None:
        return key.encode()


class Table(GenServer, Generic[K, V]):
    """A generic server."""

    def __init__(self, rows: dict[K, V]) -> None:
        self.rows = rows

    @call
    async def find(self, key: K) -> V:
        return self.rows[key]


class Sessions(Table[str, int]):
    """A server of a generic class."""


async def on_the_class_a_clause_is_the_clients_function(pid: Pid[Counter]) -> None:
    assert_type(Counter.nothing, CallClause[Counter, [], None])
    assert_type(await Counter.incr(pid), int)
    assert_type(await Counter.incr(pid, 2), int)
    assert_type(await Counter.incr(pid, by=2), int)
    assert_type(await Counter.both(pid, 1, "x", 3, 4, c=b"y"), list[str])
    assert_type(await Counter.both(pid, 1, b="x"), list[str])
    assert_type(await Counter.or_none(pid, 3), int | None)
    assert_type(await Counter.incr.within(0.5)(pid, by=2), int)
    assert_type(Counter.incr.send_request(pid, by=2), Request[int])
    assert_type(await gen_server.receive_response(Counter.incr.send_request(pid)), int)
    await Counter.nothing(pid)


async def its_arguments_are_those_of_the_method(pid: Pid[Counter]) -> None:
    await Counter.incr(pid, "x")  # type: ignore[arg-type]
    await Counter.incr(pid, by="x")  # type: ignore[arg-type]
    await Counter.incr(pid, 1, 2)  # type: ignore[call-arg]
    await Counter.incr(pid, to=1)  # type: ignore[call-arg]
    await Counter.both(pid, 1)  # type: ignore[call-arg]
    await Counter.both(pid, a=1, b="x")  # type: ignore[call-arg]
    await Counter.incr.within(1)(pid, "x")  # type: ignore[arg-type]
    await Counter.incr.within("x")(pid)  # type: ignore[arg-type]
    Counter.incr.send_request(pid, "x")  # type: ignore[arg-type]
    await Counter.incr()  # type: ignore[call-arg]


async def a_cast_has_no_answer(pid: Pid[Counter]) -> None:
    assert_type(Counter.leave, CastClause[Counter, []])
    Counter.reset(pid)
    Counter.reset(pid, to=3)
    Counter.leave(pid)
    Counter.reset(pid, "x")  # type: ignore[arg-type]
    Counter.leave(pid, 1)  # type: ignore[call-arg]
    await Counter.reset(pid)  # type: ignore[misc]


async def a_result_is_unpacked_for_the_client(pid: Pid[Counter]) -> None:
    assert_type(await Counter.result(pid), int)
    assert_type(await Counter.reply(pid), str)
    assert_type(await Counter.or_stop(pid, 1), int)
    assert_type(await Counter.later(pid, 3), str)
    assert_type(await Counter.later(pid, n=3), str)
    assert_type(await Counter.later_or_stop(pid), bytes)
    await Counter.later(pid)  # type: ignore[call-arg]
    await Counter.later(pid, "x")  # type: ignore[arg-type]


async def plain_answers_and_results_may_be_mixed(pid: Pid[Mixed]) -> None:
    assert_type(await Mixed.anything(pid, 1), int)
    assert_type(await Mixed.or_later(pid, 1), str | None)


async def on_an_instance_a_clause_is_the_method(counter: Counter) -> None:
    assert_type(await counter.incr(), int)
    assert_type(await counter.incr(by=2), int)
    waiting = counter.incr(2)
    assert_type(await waiting, int)
    await counter.reset(to=3)
    await counter.incr("x")  # type: ignore[arg-type]
    await counter.reset("x")  # type: ignore[arg-type]


async def a_server_may_be_called_by_any_address(
    pid: Pid[Counter], name: Name[Counter], via: Via[Counter]
) -> None:
    assert_type(await Counter.incr(name), int)
    assert_type(await Counter.incr(name.at("east")), int)
    assert_type(await Counter.incr(via), int)
    Counter.reset(name)
    Counter.reset(via)
    await Counter.incr("counter")  # type: ignore[arg-type]
    await Counter.incr(3)  # type: ignore[arg-type]
    del pid


async def only_the_right_server_is_called(
    pid: Pid[Other], name: Name[Other], bare: Pid
) -> None:
    await Counter.incr(pid)  # type: ignore[arg-type]
    await Counter.incr(name)  # type: ignore[arg-type]
    await Counter.incr(bare)  # type: ignore[arg-type]
    Counter.reset(pid)  # type: ignore[arg-type]
    Counter.incr.send_request(pid)  # type: ignore[arg-type]


async def a_subclass_is_as_good_as_its_base(
    loud: Pid[Loud], counter: Pid[Counter], name: Name[Loud]
) -> None:
    assert_type(await Counter.incr(loud), int)
    assert_type(await Counter.incr(name), int)
    assert_type(await Loud.incr(loud), int)
    assert_type(await Loud.result(loud), int)
    Loud.reset(loud)
    await Loud.incr(counter)  # type: ignore[arg-type]


async def an_abstract_clause_is_an_interface(
    memory: Pid[Memory], store: Pid[Store]
) -> None:
    assert_type(await Store.find(memory, "k"), bytes | None)
    assert_type(await Store.find(store, "k"), bytes | None)
    await Memory.find(store, "k")  # type: ignore[arg-type]


async def a_generic_server_knows_its_types(
    table: Pid[Table[str, int]], sessions: Pid[Sessions]
) -> None:
    assert_type(await Table[str, int].find(table, "k"), int)
    assert_type(await Sessions.find(sessions, "k"), int)
    await Sessions.find(sessions, 3)  # type: ignore[arg-type]


def a_mark_makes_a_clause_of_a_method(counter: Counter) -> None:
    async def plain(self: Counter, n: int, /) -> str:
        del self
        return str(n)

    assert_type(call(plain), CallClause[Counter, [int], str])
    call(counter)  # type: ignore[call-overload]
    cast(plain)  # type: ignore[arg-type]


class Wrong(GenServer):
    """What the checkers refuse in a server."""

    @call  # type: ignore[arg-type]
    def plain(self) -> int:
        return 1

    @cast  # type: ignore[arg-type]
    async def answers(self) -> int:
        return 1

    @call_noreply  # type: ignore[arg-type]
    async def no_from(self, n: int) -> None: ...


class WrongOverride(Counter):
    """What the checkers refuse in a subclass."""

    @call
    async def incr(self, by: str = "") -> int:  # type: ignore[override]
        return int(by)


class Keywords(GenServer):
    """Has clauses with keywords only.

    Where any keyword is taken, ``self`` is marked as no keyword: mypy insists on it.
    """

    @call
    async def only(self, /, *, n: int = 0, **others: int) -> int:
        return n + len(others)

    @call
    async def needed(self, *, n: int) -> int | Stop:
        return n

    @call
    async def everything(self, /, *args: int, **kwargs: int) -> list[int]:
        return [*args, *kwargs.values()]

    @cast
    async def tell(self, *, n: int) -> None:
        del n


async def keywords_survive(pid: Pid[Keywords]) -> None:
    assert_type(await Keywords.only(pid), int)
    assert_type(await Keywords.only(pid, n=1, other=2), int)
    assert_type(await Keywords.needed(pid, n=1), int)
    assert_type(await Keywords.everything(pid, 1, 2, x=3), list[int])
    Keywords.tell(pid, n=1)
    await Keywords.only(pid, 1)  # type: ignore[call-arg]
    await Keywords.needed(pid)  # type: ignore[call-arg]
    await Keywords.only(pid, n="x")  # type: ignore[arg-type]
    Keywords.tell(pid)  # type: ignore[call-arg]
