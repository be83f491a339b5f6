"""The probes of requests that are fetched later, of several nodes, and of sys."""

from __future__ import annotations

import pytest
import trio

from otp import (
    CallTimeoutError,
    GenServer,
    Name,
    NodeDownError,
    NoProcessError,
    NoReply,
    Pid,
    Reason,
    gen_server,
    process,
    sys,
)
from otp.sys import CallbackFailedError, Event, NotSuspendedError
from tests.kernel.support import flush

from .erlang import NODE, Raised, call_failed, probe, why
from .server import FN, Server, giving, raising, telling, trapping

NOSUCH = Name[object]("nosuch")


async def start() -> Pid[Server]:
    return await gen_server.start(Server)


async def hi_later(_server: Server, _from: object) -> str:
    await trio.sleep(0.04)
    return "hi"


async def state_of(server: Pid[Server]) -> object:
    attributes = await sys.get_state(server)
    assert isinstance(attributes, dict)
    return attributes["state"]


@probe("send_request+receive ok")
async def test_an_answer_can_be_fetched_later() -> object:
    request = gen_server.send_request(await start(), giving("hi"))
    return ("reply", await gen_server.receive_response(request, 0.1))


@probe("send_request to unregistered")
async def test_a_request_to_nobody_fails_when_it_is_fetched() -> object:
    request = gen_server.send_request(NOSUCH, "x")
    with pytest.raises(NoProcessError) as failure:
        await gen_server.receive_response(request, 0.1)
    return ("error", (why(failure.value), failure.value.server))


@probe("wait_response timeout keeps request")
async def test_a_request_that_was_waited_for_can_be_waited_for_again() -> object:
    request = gen_server.send_request(await start(), hi_later)
    with pytest.raises(CallTimeoutError):
        await gen_server.wait_response(request, 0.005)
    return ("timeout", ("reply", await gen_server.wait_response(request, 0.1)))


@probe("receive_response timeout abandons")
async def test_a_request_that_was_not_received_in_time_is_given_up() -> object:
    request = gen_server.send_request(await start(), hi_later)
    with pytest.raises(CallTimeoutError):
        await gen_server.receive_response(request, 0.005)
    await trio.sleep(0.08)
    return ("timeout", await flush(0))


@probe("multi_call local")
async def test_a_call_to_many_tells_the_answers_and_the_rest() -> object:
    async def ask(name: Name[Server]) -> object:
        answers, missing = await gen_server.multi_call(
            name, giving("hi"), nodes_=[NODE]
        )
        return (list(answers.items()), missing)

    process.register("mc1", await start())
    return (await ask(Name("mc1")), await ask(Name("nosuch")))


@probe("call remote node when not distributed")
async def test_a_call_to_an_unknown_node_fails() -> object:
    name = Name[object]("foo").at("a@b")
    with pytest.raises(NodeDownError) as failure:
        await gen_server.call(name, "x")
    return call_failed(failure.value, "x")


@probe("undefined handle_info survives")
async def test_a_server_without_handle_info_survives_a_message() -> object:
    class Deaf(GenServer):
        async def handle_call(self, request: object, from_: object) -> object:
            del request, from_
            return "ok"

    server = await gen_server.start(Deaf)
    process.send(server, "hello")
    return await gen_server.call(server, "x")


@probe("suspend blocks calls, resume")
async def test_a_suspended_server_does_not_answer() -> object:
    server = await start()
    await sys.suspend(server)
    with pytest.raises(CallTimeoutError) as failure:
        await gen_server.call(server, giving("hi"), timeout=0.03)
    await sys.resume(server)
    await trio.sleep(0.02)
    failed = call_failed(failure.value, FN, 30, called="'EXIT'")
    return (failed, await flush(0), await gen_server.call(server, giving("hi")))


@probe("suspend twice / resume twice")
async def test_a_server_can_be_suspended_and_resumed_twice() -> object:
    server = await start()
    for operation in (sys.suspend, sys.suspend, sys.resume, sys.resume):
        await operation(server)
    return ("ok",) * 4


@probe("change_code when running")
async def test_the_code_of_a_running_server_cannot_be_changed() -> object:
    server = await start()
    with pytest.raises(NotSuspendedError):
        await sys.change_code(server, Server, old_version=1, extra="x")
    message = ("change_code", "probes", 1, "x")
    return ("error", ("unknown_system_msg", message))


@probe("change_code suspended")
async def test_the_code_of_a_suspended_server_can_be_changed() -> object:
    server = await start()
    await sys.suspend(server)
    await sys.change_code(server, Server, old_version=1, extra="x")
    await sys.resume(server)
    return ("ok", await state_of(server))


@probe("replace_state fun raising")
async def test_a_state_that_cannot_be_replaced_stays() -> object:
    server = await start()
    with pytest.raises(CallbackFailedError) as failure:
        await sys.replace_state(server, raising(Raised("no")))
    cause = failure.value.__cause__
    assert isinstance(cause, Raised)
    failed = (
        "callback_failed",
        ("gen_server", "system_replace_state"),
        ("error", cause.value),
    )
    return (("'EXIT'", (failed, "'$st'")), await state_of(server))


@probe("get_state of suspended")
async def test_the_state_of_a_suspended_server_can_be_seen() -> object:
    server = await start()
    await sys.suspend(server)
    return await state_of(server)


@probe("sys call noproc")
async def test_a_system_message_to_nobody_fails() -> object:
    with pytest.raises(NoProcessError) as failure:
        await sys.get_state(NOSUCH)
    return ("exit", (why(failure.value), ("sys", "get_state", [failure.value.server])))


@probe("suspended + parent EXIT")
async def test_a_suspended_server_obeys_its_parent() -> object:
    process.trap_exit(True)
    server = await gen_server.start_link(Server, init=trapping(telling("t")))
    await sys.suspend(server)
    process.exit(server, Reason("foo"))
    return await flush()


def go_on(_server: Server) -> NoReply:
    return NoReply()


@probe("sys:log")
async def test_a_log_keeps_the_last_events() -> object:
    server = await start()
    await sys.log(server, 2)
    for _ in range(3):
        gen_server.cast(server, go_on)
    return len(await sys.get_log(server))


@probe("sys:statistics")
async def test_statistics_count_what_comes_and_what_goes() -> object:
    server = await start()
    await sys.statistics(server)
    gen_server.cast(server, go_on)
    await gen_server.call(server, giving("a"))
    counted = await sys.get_statistics(server)
    assert counted is not None
    return [
        ("messages_in", counted.messages_in),
        ("messages_out", counted.messages_out),
    ]


@probe("sys:install fun sees events")
async def test_an_installed_function_sees_the_events() -> object:
    me = process.self()

    def watch(state: object, event: Event, _server: object) -> object:
        process.send(me, event.kind)
        return state

    server = await start()
    await sys.install(server, watch, 0)
    await gen_server.call(server, giving("a"))
    gen_server.cast(server, go_on)
    return await flush()
