"""Many requests at once, each with a label: Erlang's request-id collections."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar, final

import attrs
import trio

from ..kernel import CallError, CallTimeoutError, OTPError, Recovery, Severity
from ._request import Request, check_timeout, wait_any

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")
LabelT = TypeVar("LabelT")


class NoRequestError(OTPError, LookupError):
    """The collection is empty: there is no answer to wait for."""

    severity: ClassVar[Severity] = "low"
    recovery: ClassVar[Recovery] = "ignore"


@final
@attrs.frozen
class Response(Generic[T, LabelT]):
    """An answer out of a collection: the label, and the value or what went wrong."""

    label: LabelT
    request: Request[T]
    error: CallError | None

    def result(self) -> T:
        """Return the value.

        Raises:
            CallError: there was no answer.
        """
        return self.request.result()


@final
class RequestCollection(Generic[T, LabelT]):
    """Requests under way, answered in whatever order the servers like.

    ::

        pending = RequestCollection[int, str]()
        pending.add(Counter.incr.send_request(a), "a")
        pending.add(Counter.incr.send_request(b), "b")
        while len(pending):
            response = await pending.receive_response(timeout=1.0)
            print(response.label, response.result())
    """

    def __init__(self) -> None:
        self._requests: dict[Request[T], LabelT] = {}

    def __len__(self) -> int:
        return len(self._requests)

    def __iter__(self) -> Iterator[tuple[Request[T], LabelT]]:
        return iter(list(self._requests.items()))

    def add(self, request: Request[T], label: LabelT) -> None:
        """Add a request.

        Raises:
            ValueError: it is in the collection already.
        """
        if request in self._requests:
            raise ValueError(f"{request!r} is in the collection already")
        self._requests[request] = label

    async def wait_response(
        self, timeout: float = inf, *, delete: bool = True
    ) -> Response[T, LabelT]:
        """Wait for the next answer; after a time-out all requests go on.

        Args:
            timeout: in seconds.
            delete: take the answered request out of the collection.

        Raises:
            NoRequestError: the collection is empty.
            CallTimeoutError: none was answered in time.
        """
        check_timeout(timeout)
        deadline = trio.current_time() + timeout
        while requests := list(self._requests):
            left = max(0.0, deadline - trio.current_time())
            if not await wait_any(requests, left):
                raise CallTimeoutError(f"any of {len(requests)} requests", timeout)
            for request in requests:
                # Not one that another task has taken meanwhile.
                if request.settled and request in self._requests:
                    return self._response(request, delete=delete)
        raise NoRequestError("the collection holds no request to wait for")

    def _response(self, request: Request[T], *, delete: bool) -> Response[T, LabelT]:
        label = self._requests[request]
        if delete:
            del self._requests[request]
        error = request.error
        return Response(label, request, error if isinstance(error, CallError) else None)

    async def receive_response(
        self, timeout: float = inf, *, delete: bool = True
    ) -> Response[T, LabelT]:
        """Wait for the next answer; a time-out gives up *all* requests.

        Raises:
            NoRequestError: the collection is empty.
            CallTimeoutError: none was answered in time.
        """
        try:
            return await self.wait_response(timeout, delete=delete)
        except CallTimeoutError:
            for request in self._requests:
                request.expire()
            self._requests.clear()
            raise
