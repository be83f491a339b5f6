"""Who is measured: finding them, and the commands that measure them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, final

import attrs

from .hooks import has_schedulers
from .results import BASELINE, ORDER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .rows import Metrics, Row, Sizes

Limits = dict[str, dict[str, int]]

ERL: Final = "erl"
"""The command of Erlang, where nobody says another."""


class BenchmarkError(Exception):
    """The benchmark cannot be run as it was asked to be."""


class Peer(Protocol):
    """Somebody to be measured. A row that is in *limits* is measured with less."""

    @property
    def name(self) -> str: ...

    @property
    def limits(self) -> Mapping[str, Sizes]: ...

    def command(self, row: Row, sizes: Sizes) -> list[str] | None:
        """Return the command that measures, None if it has nothing of the kind."""
        ...

    def read(self, output: str) -> Metrics | str:
        """Return the numbers in the output of the command, or what it lacks."""
        ...


@final
@attrs.frozen
class PythonPeer:
    """A peer in Python, measured by `benchmarks.measure`."""

    name: str
    limits: Mapping[str, Sizes] = attrs.field(factory=dict[str, "Sizes"])

    def command(self, row: Row, sizes: Sizes) -> list[str]:
        module = ["-m", "benchmarks.measure"]
        return [sys.executable, *module, self.name, row.name, json.dumps(sizes)]

    def read(self, output: str) -> Metrics | str:
        answer: dict[str, Metrics | str] = json.loads(output.splitlines()[-1])
        (found,) = answer.values()
        return found


@final
@attrs.frozen
class ErlangPeer:
    """Real Erlang, by its command *erl*; *beams* is where the workloads are."""

    erl: str
    beams: str
    name: str = "erlang"
    limits: Mapping[str, Sizes] = attrs.field(factory=dict[str, "Sizes"])

    LACKS: Final = frozenset({"registry", "report"})

    def command(self, row: Row, sizes: Sizes) -> list[str] | None:
        if row.workload in self.LACKS:
            return None
        run = "workloads:main(init:get_plain_arguments())."
        arguments = [f"{key}={size}" for key, size in sizes.items()]
        options = ["-noshell", "-noinput", "+P", "1000000", "-pa", self.beams]
        return [self.erl, *options, "-eval", run, "-extra", row.workload, *arguments]

    def read(self, output: str) -> Metrics:
        pairs = (line.split() for line in output.splitlines())
        return {key: float(number) for key, number in pairs}


SLOW: Final[dict[str, Limits]] = {
    "pykka": {
        "call": {"calls": 5_000},
        "cast": {"casts": 50_000},
        "ring": {"laps": 10},
        "skynet": {"leaves": 1_000},
        "start": {"servers": 3_000},
        "skynet_100k": {"leaves": 1_000},
        "one_server": {"calls": 10},
        "many_servers": {"calls": 10},
    },
    "triotp": {"start": {"servers": 3_000}, "memory": {"processes": 2_000}},
}


def known_peers() -> list[str]:
    """Return all peers that this version of the package can be compared with."""
    without = {"otp"} if has_schedulers() else {"otp (trio)", "otp (step)"}
    return [name for name in ORDER if name not in without]


def missing(name: str, erl: str) -> str:
    """Return why a peer cannot be measured here, or nothing."""
    if name == "erlang":
        found = all(shutil.which(each) for each in (erl, compiler(erl)))
        return "" if found else f"there is no {erl!r} with its erlc; say --erl PATH"
    if name in ("triotp", "pykka") and find_spec(name) is None:
        return f"it is not installed: pip install {name}"
    return ""


def compiler(erl: str) -> str:
    """Return the compiler that belongs to the command *erl*."""
    path = Path(erl)
    return str(path.with_name("erlc")) if path.parent != Path() else "erlc"


def choose(wanted: Sequence[str], erl: str) -> list[str]:
    """Return who is measured: those wanted and the floor, or all that are here.

    "otp" stands for this package with each of its schedulers.

    Raises:
        BenchmarkError: there is no such peer, or it is not here.
    """
    known = known_peers()
    ours = [name for name in known if name.startswith("otp")]
    wanted = [name for each in wanted for name in (ours if each == "otp" else [each])]
    for name in wanted:
        if name not in known:
            raise BenchmarkError(f"there is no peer {name!r}, only {', '.join(known)}")
        if why := missing(name, erl):
            raise BenchmarkError(f"{name} cannot be measured: {why}")
    if wanted:
        return [name for name in known if name in wanted or name == BASELINE]
    return [name for name in known if not missing(name, erl)]


def make(name: str, erl: str, folder: str) -> Peer:
    """Return a peer that is here; what it has to compile goes into *folder*."""
    if name != "erlang":
        return PythonPeer(name, SLOW.get(name, {}))
    sources = sorted(map(str, Path(__file__).with_name("erlang").glob("*.erl")))
    subprocess.run([compiler(erl), "-o", folder, *sources], check=True)
    return ErlangPeer(erl, folder)
