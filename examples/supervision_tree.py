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

from typing import TYPE_CHECKING

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
        """Return a page, if it is here."""
        return self._pages.get(url)

    @otp.call
    async def put(self, url: str, page: str) -> None:
        """Keep a page."""
        if not page:
            raise ValueError(f"{url} is empty")
        self._pages[url] = page


class Fetcher(otp.GenServer):
    """Gets each page once. It calls the cache by name, whichever process has that."""

    @otp.call
    async def fetch(self, url: str) -> str:
        """Return a page, and where it is from."""
        if page := await Cache.get(CACHE, url):
            return f"{page} is in the cache"
        if url == "moon":
            raise ConnectionError(f"the {url} does not answer")
        await Cache.put(CACHE, url, f"the page of the {url}")
        return f"the page of the {url} is fetched"


class Worker(otp.GenServer):
    """Divides."""

    @otp.call
    async def divide(self, by: int) -> float:
        """Divide 1 by something."""
        return 1 / by


CACHE = otp.Name[Cache]("cache")
FETCHER = otp.Name[Fetcher]("fetcher")
WORKERS = [otp.Name[Worker](f"worker {n}") for n in (1, 2, 3)]


class Web(otp.Supervisor):
    """If the cache crashes the fetcher begins anew with it, but not the other way."""

    def children(self) -> otp.SupervisorSpec:
        return otp.rest_for_one(
            otp.child_spec(Cache).named(CACHE), otp.child_spec(Fetcher).named(FETCHER)
        )


class Pool(otp.Supervisor):
    """Ends if workers crash too often, as that is more than it can help with."""

    def children(self) -> otp.SupervisorSpec:
        workers = [
            otp.child_spec(Worker).named(name).override(id=str(name))
            for name in WORKERS
        ]
        return otp.one_for_one(*workers, max_restarts=1, max_seconds=5)


class Root(otp.Supervisor):
    """The top of the tree."""

    def children(self) -> otp.SupervisorSpec:
        return otp.one_for_one(otp.child_spec(Web), otp.child_spec(Pool))


Tree = dict[str, otp.Pid]


async def look(top: otp.Pid[otp.Supervisor]) -> Tree:
    """Return the processes below *top* by the ids of the children, oldest first.

    A supervisor hears of a death before it hears of this question, and deals with it
    before it answers: this is the tree after the restart.
    """
    found: Tree = {}
    for child in reversed(await supervisor.which_children(top)):
        if isinstance(child.pid, otp.Pid):
            found[str(child.id)] = child.pid
            if child.type == "supervisor":
                found |= await look(child.pid)
    return found


async def crash(request: Awaitable[object]) -> None:
    """Make a request over which a server crashes, and say how."""
    try:
        await request
    except otp.ServerExitedError as error:
        if isinstance(error.reason, otp.Crash):
            print(f"  crashed: {error.reason.error}")


async def compare(top: otp.Pid[otp.Supervisor], before: Tree) -> Tree:
    """Say who is a new process under an old name, and who is not."""
    now = await look(top)
    print("  new:    ", *(who for who in now if before[who] is not now[who]))
    print("  the same:", *(who for who in now if before[who] is now[who]))
    return now


async def tell(top: otp.Pid[otp.Supervisor]) -> None:
    """Tell the story."""
    print("The tree is up:")
    tree = await look(top)
    print(" ", ", ".join(tree))
    print(" ", await Fetcher.fetch(FETCHER, "sun"))

    print("The fetcher crashes. It is restarted, and nobody else:")
    await crash(Fetcher.fetch(FETCHER, "moon"))
    tree = await compare(top, tree)
    print(" ", await Fetcher.fetch(FETCHER, "sun"))

    print("The cache crashes. The fetcher, which needs it, is restarted with it:")
    await crash(Cache.put(CACHE, "sea", ""))
    tree = await compare(top, tree)
    print(" ", await Fetcher.fetch(FETCHER, "sun"))

    print("A worker crashes. The others work on:")
    await crash(Worker.divide(WORKERS[1], 0))
    tree = await compare(top, tree)

    print("Another one does: too often for the pool, which ends, and is restarted:")
    await crash(Worker.divide(WORKERS[2], 0))
    await process.wait_exited(tree["Pool"])
    await compare(top, tree)
    print("  1 / 4 is", await Worker.divide(WORKERS[2], 4))


async def main() -> None:
    """Start the tree, and stop it at the end."""
    async with otp.Node():
        top = await supervisor.start_link(Root)
        await tell(top)
        await supervisor.stop(top)
        print("The tree is stopped; left are:", process.registered())


if __name__ == "__main__":
    trio.run(main)
