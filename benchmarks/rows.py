"""What is measured: the rows of the table, their numbers and their sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, final

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

Unit = Literal["us", "B", "s"]
Scale = Literal["full", "quick", "smoke"]
Sizes = dict[str, int]
Metrics = dict[str, float]

SMOKE: Final = 10
"""No size is larger than this in a smoke run."""


@final
@attrs.frozen
class Metric:
    """One number of a row: a cost, so less is better."""

    key: str
    label: str
    unit: Unit = "us"


@final
@attrs.frozen
class Row:
    """One workload with its sizes; *quick* are those that a quick run changes."""

    name: str
    workload: str
    metrics: tuple[Metric, ...]
    sizes: Mapping[str, int]
    quick: Mapping[str, int] = attrs.field(factory=dict[str, int])

    def sizes_for(self, scale: Scale) -> Sizes:
        """Return the sizes of a run."""
        if scale == "full":
            return dict(self.sizes)
        if scale == "quick":
            return {**self.sizes, **self.quick}
        return {key: min(size, SMOKE) for key, size in self.sizes.items()}


def _restart(name: str, siblings: int, label: str, *more: Metric) -> Row:
    return Row(
        name,
        "restart",
        (Metric("p50", f"restart, {label}"), *more),
        {"siblings": siblings, "crashes": 1_000},
        {"crashes": 200},
    )


def _clients(name: str, label: str) -> Row:
    return Row(
        name,
        name,
        (Metric("call", f"call, 1,000 clients, {label}"),),
        {"clients": 1_000, "calls": 100},
        {"calls": 20},
    )


def _skynet(name: str, leaves: int, quick: int, label: str) -> Row:
    metric = Metric("process", f"skynet, {label} leaves, a process")
    return Row(name, "skynet", (metric,), {"leaves": leaves}, {"leaves": quick})


ROWS: Final = (
    Row(
        "call",
        "call",
        (
            Metric("mean", "call: there and back"),
            Metric("p50", "call, median"),
            Metric("p99", "call, 99th percentile"),
        ),
        {"calls": 20_000},
        {"calls": 5_000},
    ),
    Row(
        "cast",
        "cast",
        (Metric("cast", "cast"),),
        {"casts": 200_000},
        {"casts": 30_000},
    ),
    Row(
        "ring",
        "ring",
        (Metric("hop", "message, round a ring of 1,000"),),
        {"processes": 1_000, "laps": 100},
        {"laps": 20},
    ),
    Row(
        "start",
        "start",
        (
            Metric("start", "start a server"),
            Metric("start_waiting", "start a server, wait for its init"),
            Metric("stop", "stop a server"),
            Metric("memory", "memory of an idle server", "B"),
        ),
        {"servers": 10_000},
        {"servers": 3_000},
    ),
    _restart("restart", 1, "1 sibling", Metric("p99", "restart, 99th percentile")),
    _restart("restart_1k", 1_000, "1,000 siblings"),
    _restart(
        "restart_10k",
        10_000,
        "10,000 siblings",
        Metric("tree", "start a tree of 10,000", "s"),
    ),
    _clients("one_server", "one server"),
    _clients("many_servers", "1,000 servers"),
    _skynet("skynet", 10_000, 1_000, "10,000"),
    _skynet("skynet_100k", 100_000, 10_000, "100,000"),
    Row(
        "spawn",
        "spawn",
        (Metric("process", "spawn a process that ends at once"),),
        {"processes": 20_000},
        {"processes": 5_000},
    ),
    Row(
        "task",
        "task",
        (Metric("task", "start a task and await its result"),),
        {"tasks": 10_000},
        {"tasks": 2_000},
    ),
    Row(
        "memory",
        "memory",
        (
            Metric("process", "memory of an idle process", "B"),
            Metric("child", "memory of an idle child of a supervisor", "B"),
        ),
        {"processes": 10_000},
        {"processes": 3_000},
    ),
    Row(
        "watch",
        "watch",
        (
            Metric("monitor", "monitor and demonitor"),
            Metric("link", "link and unlink"),
            Metric("death", "spawn, end, and hear of it"),
        ),
        {"watches": 10_000},
        {"watches": 2_000},
    ),
    Row(
        "names",
        "names",
        (
            Metric("register", "register a name"),
            Metric("whereis", "look up a name"),
            Metric("call", "call by name"),
            Metric("unregister", "unregister a name"),
        ),
        {"names": 10_000},
        {"names": 2_000},
    ),
    Row(
        "registry",
        "registry",
        (
            Metric("register", "registry: register a key"),
            Metric("whereis", "registry: look up a key"),
            Metric("call", "registry: call by key"),
            Metric("unregister", "registry: unregister a key"),
        ),
        {"names": 10_000},
        {"names": 2_000},
    ),
    Row(
        "timers",
        "timers",
        (
            Metric("cancel", "start and cancel a timer"),
            Metric("fire", "fire a timer, receive its message"),
        ),
        {"timers": 10_000},
        {"timers": 3_000},
    ),
    Row(
        "selective",
        "selective",
        (Metric("receive", "receive past 10,000 waiting messages"),),
        {"waiting": 10_000, "receives": 500},
        {"receives": 50},
    ),
    Row(
        "report",
        "report",
        (Metric("p50", "restart, 1 sibling, with its reports read"),),
        {"crashes": 1_000},
        {"crashes": 200},
    ),
)

BY_NAME: Final = {row.name: row for row in ROWS}
