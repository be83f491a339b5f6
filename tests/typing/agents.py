"""The types of agents. Read by the checkers, never run."""

from __future__ import annotations

from typing import assert_type

from otp import Agent, ChildSpec, Name, Pid, Via, agent, child_spec, gen_server
from otp.gen_server import Options
from otp.global_ import names

NAME = Name[Agent[list[int]]]("numbers")


def by_key(key: str) -> Via[Agent[list[int]]]:
    """Give a name of another registry."""
    return Via(names, key)


def numbers(upto: int, *, step: int = 1) -> list[int]:
    """Give a first state."""
    return list(range(0, upto, step))


async def load(path: str) -> list[int]:
    """Give a first state, later."""
    return [len(path)]


def nth(state: list[int], n: int) -> int:
    """Read the state."""
    return state[n]


async def nth_later(state: list[int], n: int) -> str:
    """Read the state, later."""
    return str(state[n])


def push(state: list[int], n: int) -> list[int]:
    """Change the state."""
    return [*state, n]


async def push_later(state: list[int], n: int) -> list[int]:
    """Change the state, later."""
    return [*state, n]


def pop(state: list[int]) -> tuple[int, list[int]]:
    """Do both."""
    return state[-1], state[:-1]


async def a_start_gives_an_agent_of_its_state() -> None:
    assert_type(await agent.start(numbers, 3, step=2), Pid[Agent[list[int]]])
    assert_type(await agent.start_link(load, "x"), Pid[Agent[list[int]]])
    assert_type(await agent.start_link(dict[str, int]), Pid[Agent[dict[str, int]]])
    assert_type(await agent.start(lambda: 0), Pid[Agent[int]])
    assert_type(await agent.start_named(NAME, numbers, 3), Pid[Agent[list[int]]])
    assert_type(await agent.start_named(NAME, load, "x"), Pid[Agent[list[int]]])
    assert_type(await agent.start_named(by_key("x"), numbers, 3), Pid[Agent[list[int]]])
    assert_type(await agent.start_named(by_key("y"), load, "x"), Pid[Agent[list[int]]])
    options = Options(name=NAME)
    assert_type(await options.start(Agent, numbers, 3), Pid[Agent[list[int]]])
    assert_type(await gen_server.start(Agent, numbers, 3), Pid[Agent[list[int]]])


async def its_arguments_are_those_of_the_function() -> None:
    await agent.start(numbers)  # type: ignore[call-overload]
    await agent.start(numbers, "3")  # type: ignore[call-overload]
    await agent.start_link(load, 3)  # type: ignore[call-overload]
    await agent.start_named(NAME, lambda: "x")  # type: ignore[call-overload]
    await agent.start_named(by_key("x"), lambda: "x")  # type: ignore[call-overload]


async def an_answer_has_the_type_of_its_function(pid: Pid[Agent[list[int]]]) -> None:
    assert_type(await agent.get(pid, len), int)
    assert_type(await agent.get(pid, lambda state: state), list[int])
    assert_type(await agent.get(pid, lambda state: state[0]), int)
    assert_type(await agent.get(pid, nth, 3), int)
    assert_type(await agent.get(NAME, nth, 3, timeout=1.0), int)
    assert_type(await agent.get(pid, nth_later, 3), str)
    assert_type(await agent.get_and_update(pid, pop), int)
    await agent.update(pid, push, 3)
    await agent.update(NAME, push_later, 3, timeout=1)
    await agent.update(pid, lambda state: state[1:])
    agent.cast(pid, push, 3)
    agent.cast(NAME, push_later, 3)


async def what_does_not_fit_the_state(
    pid: Pid[Agent[list[int]]], other: Pid[Agent[str]], bare: Pid
) -> None:
    await agent.get(other, nth, 3)  # type: ignore[arg-type]
    await agent.get(bare, len)  # type: ignore[arg-type, call-arg]
    await agent.get(pid, nth, "x")  # type: ignore[arg-type]
    await agent.get(pid, nth)  # type: ignore[arg-type, call-arg]
    await agent.update(pid, len)  # type: ignore[arg-type, call-arg]
    await agent.update(pid, push, "x")  # type: ignore[arg-type]
    await agent.get_and_update(pid, len)  # type: ignore[arg-type, call-arg]
    agent.cast(pid, push, "x")  # type: ignore[arg-type]
    agent.cast(pid, len)  # type: ignore[arg-type]


def an_agent_is_not_covariant(pid: Pid[Agent[bool]]) -> None:
    wrong: Pid[Agent[int]] = pid  # type: ignore[assignment]
    del wrong


def a_specification_of_an_agent() -> None:
    assert_type(child_spec(Agent, numbers, 3), ChildSpec[Agent[list[int]]])
    assert_type(child_spec(Agent, load, "x"), ChildSpec[Agent[list[int]]])
    assert_type(child_spec(Agent, dict[str, int]), ChildSpec[Agent[dict[str, int]]])
    child_spec(Agent, numbers, "3")  # type: ignore[arg-type]
    child_spec(Agent, numbers)  # type: ignore[arg-type]
