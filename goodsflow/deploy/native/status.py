"""The status of each part, from the supervisor and from the part's own probe."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any, Literal

import psutil

from goodsflow.common.clock import elapsed
from goodsflow.deploy.native.errors import SupervisorError
from goodsflow.deploy.native.home import Home
from goodsflow.deploy.native.parts import Part
from goodsflow.deploy.native.probes import NotReadyError
from goodsflow.deploy.native.supervisor import ProcessState, SupervisorClient

State = Literal["ready", "starting", "failed", "stopped"]


@dataclass(frozen=True)
class PartStatus:
    """The status of one part.

    Attributes:
        rss_bytes: The resident memory of its process and all descendants.
        restarts: How often it was restarted since its last requested start.
        reason: Why it is not ready; empty if it is.
    """

    name: str
    state: State
    pid: int | None
    rss_bytes: int
    restarts: int
    address: str
    reason: str

    def as_json(self) -> dict[str, Any]:
        """Return the fields as they appear in ``goodsflow status --json``."""
        return asdict(self)


def platform_status(home: Home, parts: Iterable[Part]) -> list[PartStatus]:
    """Return the status of each part, probing all in parallel."""
    parts = list(parts)
    try:
        processes = {p.name: p for p in SupervisorClient(home.socket).processes()}
        absent = "not known to the supervisor; `goodsflow up` adds it"
    except SupervisorError:
        processes = {}
        absent = "not started; `goodsflow up` starts it"
    with ThreadPoolExecutor(max_workers=max(1, len(parts))) as pool:
        return list(
            pool.map(
                lambda part: part_status(home, part, processes.get(part.name), absent),
                parts,
            )
        )


def part_status(
    home: Home, part: Part, process: ProcessState | None, absent: str = ""
) -> PartStatus:
    """Return the status of one part; ``absent`` is the reason without a process."""
    state, reason = _state_and_reason(part, process, absent)
    pid = process.pid if process else None
    return PartStatus(
        name=part.name,
        state=state,
        pid=pid,
        rss_bytes=tree_rss_bytes(pid),
        restarts=count_restarts(home, part.name),
        address=part.address,
        reason=reason,
    )


def _state_and_reason(
    part: Part, process: ProcessState | None, absent: str
) -> tuple[State, str]:
    if process is None:
        return "stopped", absent
    supervised = _SUPERVISED.get(process.state)
    if supervised:
        return supervised, process.description.strip() or process.state.lower()
    try:
        part.check()
    except NotReadyError as error:
        uptime = elapsed(process.started_at or 0, time.time()) or 0.0
        state: State = "starting" if uptime < part.ready_seconds else "failed"
        return state, str(error)
    except Exception as error:  # noqa: BLE001 - shown, like the status of the others
        return "failed", f"its probe failed: {type(error).__name__}: {error}"
    return "ready", ""


_SUPERVISED: Mapping[str, State] = {
    "STOPPED": "stopped",
    "STOPPING": "stopped",
    "BACKOFF": "starting",
    "EXITED": "failed",
    "FATAL": "failed",
    "UNKNOWN": "failed",
}


def tree_rss_bytes(pid: int | None) -> int:
    """Return the resident memory of a process and its descendants, in bytes."""
    if pid is None:
        return 0
    try:
        process = psutil.Process(pid)
        tree = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    total = 0
    for member in tree:
        try:
            total += member.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def count_restarts(home: Home, part: str) -> int:
    """Return how often the supervisor restarted a part."""
    return max(0, count_starts(home, part) - 1)


def count_starts(home: Home, part: str) -> int:
    """Return how often a part was started since its last requested start."""
    try:
        return len(home.starts(part).read_text().splitlines())
    except FileNotFoundError:
        return 0
