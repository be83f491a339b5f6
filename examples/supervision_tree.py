"""A supervision tree: what crashes comes back, and takes along who depends on it.

Run it with ``python examples/supervision_tree.py``. The tree::

    Root             one_for_one: the two have nothing to do with each other
    ├── Web          rest_for_one: the fetcher needs the cache
    │   ├── Cache
    │   └── Fetcher
    └── Pool         one_for_one: three workers
        ├── worker 1
        ├── worker 2
        └── worker 3
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import trio

import otp
from otp import process, supervisor

if TYPE_CHECKING:
    from collections.abc import Awaitable


class Cache(otp.GenServer):
    """Keeps pages."""

    def __init__(self) -> None:
        self._pages: dict[str, str] = {}

    @otp.call
    async def get(self, url: str) -> str | None:
        """Return a page that was kept."""
        return self._pages.get(url)

    @otp.cast
    async def put(self, url: str, page: str) -> None:
        """Keep a page."""
        if not page:
            raise ValueError(f"an empty page is no page: {url}")
        self._pages[url] = page


class Fetcher(otp.GenServer):
    """Fetches pages that are not kept. Its name for the cache is good for ever."""

    @otp.call
    async def fetch(self, url: str) -> str:
        """Return a page."""
        if page := await Cache.get(CACHE, url):
            return f"{page} from the cache"
        if url == "bad":
            raise ConnectionError(f"{url} does not answer")
        page = f"<h1>{url}</h1>"
        Cache.put(CACHE, url, page)
        return page


class Worker(otp.GenServer):
    """Works."""

    @otp.call
    async def work(self, task: int) -> float:
        """Do a task."""
        return 1 / task


CACHE = otp.Name[Cache]("cache")
FETCHER = otp.Name[Fetcher]("fetcher")
WORKERS = [otp.Name[Worker](f"worker {n}") for n in (1, 2, 3)]


class Web(otp.Supervisor):
    """Restarts what comes after a crashed child, too."""

    def children(self) -> otp.SupervisorSpec:
        return otp.rest_for_one(
            otp.child_spec(Cache).named(CACHE), otp.child_spec(Fetcher).named(FETCHER)
        )


class Pool(otp.Supervisor):
    """Restarts a worker that crashed, but not more than twice in five seconds."""

    def children(self) -> otp.SupervisorSpec:
        workers = [
            otp.child_spec(Worker).named(name).override(id=name.name)
            for name in WORKERS
        ]
        return otp.one_for_one(*workers, max_restarts=2, max_seconds=5)


class Root(otp.Supervisor):
    """The top."""

    def children(self) -> otp.SupervisorSpec:
        return otp.one_for_one(otp.child_spec(Web), otp.child_spec(Pool))


async def family(top: otp.Pid[otp.Supervisor]) -> dict[str, otp.Pid[Any]]:
    """Return all that runs below *top*, by the ids of the children.

    A supervisor hears of a death before anything that is asked later, so whoever asks
    it sees the tree as it is after the restart.
    """
    found: dict[str, otp.Pid[Any]] = {}
    for child in reversed(await supervisor.which_children(top)):
        if isinstance(child.pid, otp.Pid):
            found[str(child.id)] = child.pid
            if child.type == "supervisor":
                found |= await family(child.pid)
    return found


class Story:
    """Tells what happens to a tree."""

    def __init__(self, top: otp.Pid[otp.Supervisor]) -> None:
        self._top = top
        self._before: dict[str, otp.Pid[Any]] = {}

    async def crash(self, what: str, request: Awaitable[object]) -> None:
        """Make a request that crashes somebody, and tell what it does to the tree."""
        try:
            await request
        except otp.ServerExitedError as error:
            match error.reason:
                case otp.Crash(cause):
                    print(f"{what}: {cause!r}")
        await self.tell()
...
