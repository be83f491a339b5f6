"""The process of a supervisor: a gen_server whose callback module is the user's."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never, cast, final

import attrs

from .. import process
from .._util import short
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
from ._errors import SupervisorError, SwapError
from ._host import SupervisorHost
from ._reports import Reporter
from ._requests import (
    ChangeSpecs,
    CountChildren,
    DeleteChild,
    GetChildSpec,
    Request,
    RestartChild,
    SpecialRequest,
    StartChild,
    StartDynamicChild,
    Swap,
    TerminateChild,
    TryAgain,
    WhichChildren,
)
from ._shutdown import reap
from ._source import Answer
from ._spec import SupervisorSpec
from ._state import change_specs, renew, snapshot
from ._swap_result import SwapResult, all_kept
from ._swapping import Terms

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..gen_server import InfoResult, InitResult
    from ..kernel import ExitReason, Process
    from ..sys import Renew, SystemHost
    from ._family import Family
    from ._requests import AnyRequest
    from ._source import Source, Wanted


@final
class SupervisorServer(GenServer):
    """Keeps the children; *source* is asked which ones there are."""

    family: Family

    def __init__(self, source: Source) -> None:
        process.trap_exit(True)
        me = current_process("a supervisor")
        me.reaper = self._reap
        self._process = me
        self._source = source
        self.behaviour = source.make()

    async def init(self) -> InitResult:
        spec = self._source.ask_again(self.behaviour).spec
        if isinstance(spec, Ignore):
            return spec
        self.family = self.behaviour.__family__(spec, self._reporter())
        failure = await self.family.start_all()
        if failure is None:
            return None
        await self.family.stop_all()
        return Stop(Shutdown(failure))

    def __host__(self, process: Process) -> SystemHost:
        return SupervisorHost(process, self)

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
            case ChangeSpecs() | Swap():
                answer = await self._exchange(request)
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
                who = type(self.behaviour)
                emit(UnexpectedMessage(me.pid, me.name, who, message))
                return None
        return Stop(SHUTDOWN) if gives_up else None

    async def terminate(self, reason: ExitReason) -> None:
        del reason
        await self.family.stop_all()

    # --------------------------------------------------------- other specifications

    def change_specs(self, wanted: Wanted) -> None:
        """Go on with what is *wanted*; nothing starts and nothing stops."""
        answer = self._source.consult(self.behaviour, wanted)
        if not isinstance(answer.spec, Ignore):
            change_specs(self.family, answer.spec)
        self._go_on_with(answer)

    async def _exchange(self, request: ChangeSpecs | Swap) -> object:
        wanted = request.wanted if isinstance(request, Swap) else request.spec
        if isinstance(wanted, SupervisorSpec):
            self.family.check_kind(wanted)
        if isinstance(request, Swap):
            return await self._swap(request)
        self.change_specs(request.spec)
        return None

    async def _swap(self, request: Swap) -> SwapResult:
        try:
            answer = self._source.consult(self.behaviour, request.wanted)
        except (InvalidSpecError, SupervisorError):
            raise
        except Exception as error:
            who = short(request.wanted)
            text = f"{who} does not say what its children are: {error!r}"
            raise SwapError(None, text) from error
        spec = answer.spec
        if isinstance(spec, Ignore):
            self._go_on_with(answer)
            return all_kept(self.family.children)
        self.family.check_kind(spec)
        self._go_on_with(answer)
        terms = Terms(request.limit, request.extra)
        return await self.family.swap(spec, terms)

    def renew(self, exchange: Renew) -> None:
        """Exchange the classes in what may be started some day, and the own one."""
        source = attrs.evolve(self._source, start=exchange(self._source.start))
        renew(self.family, exchange)
        if source.start is not self._source.start:
            self._go_on_with(Answer(source, source.make(), Ignore()))

    def snapshot(self) -> Callable[[], None]:
        """Return a function that takes back what was changed since."""
        before = Answer(self._source, self.behaviour, Ignore())
        restore_family = snapshot(self.family)

        def restore() -> None:
            restore_family()
            self._go_on_with(before)

        return restore

    def _go_on_with(self, answer: Answer) -> None:
        self._source, self.behaviour, _ = answer
        self._process.origin = type(self.behaviour)
        self.family.reporter = self._reporter()

    def _reporter(self) -> Reporter:
        return Reporter(self._process, type(self.behaviour))

    async def _reap(self) -> None:
        if hasattr(self, "family"):
            await reap(self._process, self.family.limits())


def family_of(process: Process) -> Family | None:
    """Return the children of *process* as they are now, None if it has none.

    For tools that look into a running tree without a word to anybody.
    """
    server = getattr(process.reaper, "__self__", None)
    if not isinstance(server, SupervisorServer):
        return None
    return getattr(server, "family", None)
