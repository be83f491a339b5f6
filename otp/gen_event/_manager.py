"""What a manager does with its handlers. What is to be done is decided elsewhere.

Whatever a handler does wrong is met here: the handler is taken out, and the others
never hear of it. What is neither an exception nor an `otp.Exit` is not a handler's
own end, and goes on upwards; so does everything once the manager is dead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NoReturn, assert_never, final

from ..gen import UnknownRequestError, formatted
from ..kernel import (
    NO_PROC,
    Exit,
    Exited,
    dead_letter,
    emit,
    is_own_end,
    reason_of,
)
from ._endings import (
    Deleted,
    Failed,
    HandlerExit,
    ManagerStopped,
    Missing,
    OwnerDied,
    Removed,
    SwapFailed,
    Swapped,
    Terminated,
    gone,
)
from ._errors import AddHandlerError, HandlerFailedError, NoHandlerError
from ._handler import EventHandler
from ._handlers import Handlers, Installed
from ._reports import HandlerReport
from ._requests import (
    AddHandler,
    CallHandler,
    DeleteHandler,
    SwapHandler,
    SyncNotify,
    WhichHandlers,
)
from ._results import Remove, Swap, after_call, after_event, after_init

if TYPE_CHECKING:
    from ..gen import Envelope, Fail
    from ..kernel import ExitReason, Pid, Process
    from ._endings import Ending, Gone, Predecessor
    from ._handler import AnyHandler, NewHandler
    from ._requests import Operation
    from ._server import EventManager

Callback = Literal["handle_event", "handle_info"]


@final
class Manager:
    """The handlers of one process, and what is done with them."""

    def __init__(self, process: Process, instance: EventManager) -> None:
        self.process = process
        self.instance = instance
        self.handlers = Handlers()

    # ------------------------------------------------------------- from outside

    async def tell_all(self, callback: Callback, message: object) -> None:
        """Let every handler have an event or message, the newest first."""
        for one in self.handlers.all():
            try:
                result = await getattr(one.handler, callback)(message)
                self._check_alive()
                if result is None:
                    continue
                _, then = after_event(type(one.handler), callback, result)
            except BaseException as error:  # noqa: BLE001 - _failed() raises if it must
                await self._take_out(one, self._failed(error), message)
            else:
                await self._obey(one, then, message)

    async def exited(self, message: Exited) -> None:
        """End the handlers of an owner that has ended, and let the others know."""
        for one in self.handlers.owned_by(message.pid):
            await self._take_out(one, OwnerDied(message.reason), message)
        await self.tell_all("handle_info", message)

    async def answer(self, request: Envelope, operation: Operation) -> None:
        """Do what is asked, and answer."""
        match operation:
            case SyncNotify(event):
                await self.tell_all("handle_event", event)
                request.settle(None)
            case CallHandler():
                await self._call(request, operation)
            case AddHandler(new, owner):
                made = await self._add(new, owner, None)
                self._answer_start(request, new.ref, made)
            case DeleteHandler():
                await self._delete(request, operation)
            case SwapHandler():
                await self._swap(request, operation)
            case WhichHandlers():
                request.settle([one.ref for one in self.handlers.all()])
            case _:
                assert_never(operation)

    async def stop(self, reason: ExitReason) -> NoReturn:
        """End all handlers and then the process.

        The owners have been told what they need to know, and do not die with it. The
        process's own starter does if it is linked, as of any process.
        """
        self._check_alive()
        owners = self.handlers.owners()
        for one in self.handlers.all():
            await self._take_out(one, ManagerStopped(), None)
        for owner in owners:
            if owner is not self.process.guardian and owner.process is not None:
                self.process.unlink(owner.process)
        raise Exit(reason)

    # ------------------------------------------------------------- what is asked

    async def _call(self, request: Envelope, operation: CallHandler) -> None:
        one = self.handlers.find(operation.handler)
        if one is None:
            request.fail(NoHandlerError(request.server, operation.handler))
            return
        cls = type(one.handler)
        if cls.handle_call is EventHandler.handle_call:
            text = f"{cls.__name__} has no handle_call(): it takes no calls"
            request.fail(UnknownRequestError(request.server, text))
            return
        try:
            result = await one.handler.handle_call(operation.request)
            self._check_alive()
            answer, then = after_call(cls, result)
        except BaseException as error:  # noqa: BLE001 - _failed() raises if it must
            failed = self._failed(error)
            await self._take_out(one, failed, operation.request)
            request.fail(HandlerFailedError(request.server, one.ref, failed.reason))
        else:
            await self._obey(one, then, operation.request)
            request.settle(answer)

    async def _delete(self, request: Envelope, operation: DeleteHandler) -> None:
        one = self.handlers.find(operation.handler)
        if one is None:
            request.fail(NoHandlerError(request.server, operation.handler))
            return
        match await self._take_out(one, Deleted(operation.argument), None):
            case Terminated(result):
                request.settle(result)
            case Failed(reason):
                request.fail(HandlerFailedError(request.server, one.ref, reason))

    async def _swap(self, request: Envelope, operation: SwapHandler) -> None:
        new, owner = operation.new, operation.owner
        old: Predecessor = Missing()
        one = self.handlers.find(operation.old)
        if one is not None:
            owner = owner or one.owner
            ending = Swapped(operation.argument, new.ref)
            old = await self._take_out(one, ending, None, owner)
        made = await self._add(new, owner, old)
        self._answer_start(request, new.ref, made)

    def _answer_start(
        self, request: Envelope, ref: AnyHandler, failure: Fail | Failed | None
    ) -> None:
        if failure is None:
            request.settle(None)
        else:
            request.fail(AddHandlerError(request.server, ref, failure))

    # ------------------------------------------------------------- handlers come

    async def _add(
        self, new: NewHandler, owner: Pid | None, old: Predecessor | None
    ) -> Fail | Failed | None:
        if owner is not None:
            # For good: another handler may have the same owner, now or later.
            self._link(owner)
        made = await self._make(new, owner, old)
        if not isinstance(made, Installed):
            return made
        self.handlers.add(made)
        return None

    def _link(self, owner: Pid) -> None:
        if owner.process is None:
            self.process.mailbox.put(Exited(owner, NO_PROC))
        else:
            self.process.link(owner.process)

    async def _make(
        self,
        new: NewHandler,
        owner: Pid | None,
        old: Predecessor | None,
        *,
        in_place: bool = False,
    ) -> Installed | Fail | Failed:
        try:
            handler = new.make()
            if old is None:
                result = await handler.init()
            else:
                result = await handler.init_swapped(old)
            self._check_alive()
            failure = after_init(type(handler), result, in_place=in_place)
        except BaseException as error:  # noqa: BLE001 - _failed() raises if it must
            return self._failed(error)
        return failure or Installed(new.ref, handler, owner)

    # -------------------------------------------------------------- handlers go

    async def _obey(
        self, one: Installed, then: Remove | Swap | None, message: object
    ) -> None:
        """Do what a callback of a handler wants to follow."""
        match then:
            case None:
                pass
            case Remove():
                await self._take_out(one, Removed(), message)
            case Swap():
                await self._put_in_place(one, then, message)
            case _:
                assert_never(then)

    async def _put_in_place(self, one: Installed, swap: Swap, message: object) -> None:
        new, owner = swap.new, one.owner
        old = await self._end(one, Swapped(swap.argument, new.ref), message, owner)
        made = await self._make(new, owner, old, in_place=True)
        if isinstance(made, Installed):
            self.handlers.replace(one, made)
            return
        self.handlers.remove(one)
        self._report(new.ref, made.reason, message)
        self._tell_owner(owner, new.ref, SwapFailed(made))

    async def _take_out(
        self,
        one: Installed,
        ending: Ending,
        message: object,
        next_owner: Pid | None = None,
    ) -> Terminated | Failed:
        self.handlers.remove(one)
        return await self._end(one, ending, message, next_owner)

    async def _end(
        self,
        one: Installed,
        ending: Ending,
        message: object,
        next_owner: Pid | None = None,
    ) -> Terminated | Failed:
        """Let a handler clean up, and tell its owner."""
        outcome: Terminated | Failed
        try:
            outcome = Terminated(await one.handler.terminate(ending))
            self._check_alive()
        except BaseException as error:  # noqa: BLE001 - _failed() raises if it must
            outcome = self._failed(error)
        if isinstance(ending, Failed):
            self._report(one.ref, ending.reason, message, one.handler)
        if isinstance(outcome, Failed):
            self._report(one.ref, outcome.reason, ending, one.handler)
        self._tell_owner(one.owner, one.ref, gone(ending, next_owner))
        return outcome

    def _tell_owner(self, owner: Pid | None, ref: AnyHandler, reason: Gone) -> None:
        if owner is None:
            return
        message = HandlerExit(ref, reason, self.process.pid)
        if owner.process is None:
            dead_letter(owner, message, "dead")
        else:
            # Like an exit signal, it is never refused by a full mailbox.
            owner.process.mailbox.put(message)

    def _report(
        self,
        ref: AnyHandler,
        reason: ExitReason,
        message: object,
        handler: EventHandler | None = None,
    ) -> None:
        shown = {"message": message, "state": None}
        if handler is not None:
            shown = formatted(handler, message, reason)
        emit(
            HandlerReport(
                pid=self.process.pid,
                name=self.process.name,
                handler=ref,
                reason=reason,
                last_message=shown["message"],
                state=shown["state"],
            )
        )

    # ---------------------------------------------------------------- what fails

    def _failed(self, error: BaseException) -> Failed:
        """Return what a handler failed with, if it is the handler that did."""
        if self.process.reason is not None or not is_own_end(error):
            raise error
        return Failed(reason_of(error))

    def _check_alive(self) -> None:
        """See to it that a dead manager does nothing more."""
        if self.process.reason is not None:
            raise Exit(self.process.reason)
