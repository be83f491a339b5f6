"""The process of a supervisor: a gen_server whose callback module is the user's."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never, cast, final

from .. import process
from ..gen_server import (
    From,
    GenServer,
    Ignore,
    NoReply,
    Stop,
    UnexpectedMessage,
    UnknownRequestError,
)
from ..kernel import (
    SHUTDOWN,
    Exited,
    InvalidSpecError,
    Shutdown,
    StartError,
    current_process,
    emit,
)
from ._errors import SupervisorError
from ._reports import Reporter
from ._requests import (
    ChangeSpec,
    CountChildren,
    DeleteChild,
    GetChildSpec,
    Request,
    RestartChild,
    SpecialRequest,
    StartChild,
    StartDynamicChild,
    TerminateChild,
    TryAgain,
    WhichChildren,
)
from ._shutdown import reap

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..gen_server import InfoResult, InitResult
    from ..kernel import ExitReason
    from ._family import Family
    from ._requests import AnyRequest
    from ._supervisor import AnySupervisor


@final
class SupervisorServer(GenServer):
    """Keeps the children; *behaviour* is asked which ones there are."""

    family: Family

    def __init__(
        self,
        behaviour: Callable[..., AnySupervisor],
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
    ) -> None:
        process.trap_exit(True)
        me = current_process("a supervisor")
        me.reaper = self._reap
        self._process = me
        self._behaviour = behaviour(*args, **kwargs)

    async def init(self) -> InitResult:
        reporter = Reporter(self._process, type(self._behaviour))
        family = self._behaviour.__family__(reporter)
        if isinstance(family, Ignore):
            return family
        self.family = family
        failure = await self.family.start_all()
        if failure is None:
            return None
        await self.family.stop_all()
        return Stop(Shutdown(failure))

    async def handle_call(self, request: object, from_: From[object]) -> object:
        if not isinstance(request, Request):
            text = f"a supervisor is not asked for {request!r}"
            from_.fail(UnknownRequestError(from_.server, text))
            return NoReply()
        try:
            if isinstance(request, SpecialRequest):
                special = cast("SpecialRequest[object]", request)
                return await special.carry_out(self.family)
            return await self._answer(cast("AnyRequest", request))
        except (SupervisorError, StartError, InvalidSpecError) as error:
            from_.fail(error)
            return NoReply()

    async def _answer(self, request: AnyRequest) -> object:
        family = self.family
        answer: object = None
        match request:
            case StartChild(spec):
                answer = await family.start_child(spec)
            case StartDynamicChild(args):
                answer = await family.start_dynamic_child(args)
            case TerminateChild(child):
                await family.terminate_child(child)
            case RestartChild(id_):
                answer = await family.restart_child(id_)
            case DeleteChild(id_):
                family.delete_child(id_)
            case GetChildSpec(child):
                answer = family.get_childspec(child)
            case WhichChildren():
                answer = family.which_children()
            case CountChildren():
                answer = family.count_children()
            case ChangeSpec(spec):
                family.change_spec(spec)
            case _:
                assert_never(request)
        return answer

    async def handle_info(self, message: object) -> InfoResult:
        match message:
            case Exited(pid, reason):
                gives_up = await self.family.exited(pid, reason)
            case TryAgain():
                gives_up = await self.family.try_again(message)
            case _:
                me = self._process
                who = type(self._behaviour)
                emit(UnexpectedMessage(me.pid, me.name, who, message))
                return None
        return Stop(SHUTDOWN) if gives_up else None

    async def terminate(self, reason: ExitReason) -> None:
        del reason
        await self.family.stop_all()

    async def code_change(self, old_version: object, extra: object) -> None:
        """Ask again which children there are; see `Family.change_spec`."""
        del old_version, extra
        await self._behaviour.__renew__(self.family)

    async def _reap(self) -> None:
        if hasattr(self, "family"):
            await reap(self._process, self.family.limits())
