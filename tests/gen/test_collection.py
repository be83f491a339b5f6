"""Many requests at once."""

from __future__ import annotations

import pytest
import trio

from otp import CallTimeoutError, Name, NoProcessError, Pid, gen_server
from otp.gen import NoRequestError, RequestCollection
from otp.kernel import OTPError, current_node
from tests.kernel.support import on_node, running_timers

from .test_request import Slow

Pending = RequestCollection[float, str]


async def pending(*seconds: float) -> Pending:
    """Return requests to as many servers, each labelled by its time."""
    collection = Pending()
    for time in seconds:
        pid: Pid[Slow] = await gen_server.start(Slow)
        collection.add(Slow.ask.send_request(pid, time), f"after {time}")
    return collection


@on_node
async def test_answers_come_in_the_order_in_which_they_are_given() -> None:
    collection = await pending(3, 1, 2)
    labels: list[str] = []
    while len(collection):
        response = await collection.receive_response()
        assert response.error is None
        assert response.label == f"after {response.result():g}"
        labels.append(response.label)

    assert labels == ["after 1", "after 2", "after 3"]


@on_node
async def test_a_collection_tells_what_is_in_it() -> None:
    collection = await pending(1, 2)

    assert len(collection) == 2
    assert [label for _, label in collection] == ["after 1", "after 2"]


@on_node
async def test_a_request_is_in_a_collection_once() -> None:
    collection = await pending(1)
    ((request, _),) = collection
    with pytest.raises(ValueError, match="is in the collection already"):
        collection.add(request, "again")

    assert len(collection) == 1


@on_node
async def test_an_empty_collection_has_nothing_to_wait_for() -> None:
    collection = Pending()
    with pytest.raises(NoRequestError, match="no request to wait for"):
        await collection.wait_response()
    with pytest.raises(NoRequestError):
        await collection.receive_response()

    assert issubclass(NoRequestError, OTPError)


@on_node
async def test_an_answer_may_stay_in_the_collection() -> None:
    collection = await pending(1, 2)
    first = await collection.wait_response(delete=False)
    again = await collection.receive_response(delete=False)

    assert first.label == again.label == "after 1"
    assert len(collection) == 2


@on_node
async def test_who_waits_in_vain_may_wait_again() -> None:
    collection = await pending(3, 4)
    with pytest.raises(CallTimeoutError, match="any of 2 requests"):
        await collection.wait_response(timeout=1)

    assert len(collection) == 2
    assert (await collection.wait_response()).result() == 3
    assert running_timers(current_node()) == 0


@on_node
async def test_what_is_not_received_in_time_is_all_given_up() -> None:
    collection = await pending(3, 4)
    requests = [request for request, _ in collection]
    with pytest.raises(CallTimeoutError):
        await collection.receive_response(timeout=1)

    assert len(collection) == 0
    await trio.sleep(10)
    for request in requests:
        with pytest.raises(CallTimeoutError):
            request.result()


@on_node
async def test_a_failure_is_an_answer_with_its_label() -> None:
    collection = await pending(5)
    nobody = Name[Slow]("nobody")
    collection.add(Slow.ask.send_request(nobody, 1), "nobody")
    response = await collection.receive_response()

    assert response.label == "nobody"
    assert isinstance(response.error, NoProcessError)
    assert response.request.settled
    with pytest.raises(NoProcessError):
        response.result()
    assert len(collection) == 1


@on_node
async def test_an_answer_that_is_there_is_given_at_once() -> None:
    collection = await pending(5, 0)
    await trio.sleep(1)
    before = trio.current_time()

    assert (await collection.receive_response(timeout=0)).label == "after 0"
    assert trio.current_time() == before
