"""What a crash leaves of an exception: all that is the user's."""

from __future__ import annotations

from dataclasses import dataclass
from traceback import walk_tb
from typing import NoReturn

import otp
from otp import gen_server, proc_lib, process

from .support import in_process


@dataclass(frozen=True)
class Frozen(Exception):  # noqa: N818 - an exception as some write them
    """Refuses whatever is assigned to it."""

    why: str


class Fragile(otp.GenServer):
    @otp.cast
    async def crash(self, why: str) -> NoReturn:
        await fail(why)


async def fail(why: str) -> NoReturn:
    text = f"because {why}"
    raise Frozen(text)


async def start_and_fail(why: str) -> NoReturn:
    proc_lib.init_ack(process.self())
    # Until the starter watches.
    await process.receive()
    await fail(why)


async def error_of(pid: otp.Pid) -> BaseException:
    process.monitor(pid)
    down = await process.receive(otp.Down)
    assert isinstance(down.reason, otp.Crash)
    return down.reason.error


def variables(error: BaseException) -> dict[str, dict[str, object]]:
    """Return the variables of the functions in the traceback of *error*."""
    frames = [frame for frame, _ in walk_tb(error.__traceback__)]
    return {frame.f_code.co_name: dict(frame.f_locals) for frame in frames}


@in_process
async def test_an_error_that_cannot_be_changed_ends_its_process_only() -> None:
    plain = await error_of(process.spawn(fail, "it is plain"))
    server = await gen_server.start(Fragile)
    Fragile.crash(server, "it is cast")
    cast = await error_of(server)

    assert [plain, cast] == [
        Frozen("because it is plain"),
        Frozen("because it is cast"),
    ]


@in_process
async def test_the_variables_of_what_is_not_ours_are_kept() -> None:
    server = await gen_server.start(Fragile)
    Fragile.crash(server, "of a cast")
    cast = variables(await error_of(server))
    plain = await proc_lib.start(start_and_fail, "of a message")
    assert isinstance(plain, otp.Pid)
    process.send(plain, "go")
    message = variables(await error_of(plain))

    assert cast["crash"]["why"] == "of a cast"
    assert cast["fail"]["text"] == "because of a cast"
    assert message["start_and_fail"] == {"why": "of a message"}
    assert "run" not in cast.keys() | message.keys()
