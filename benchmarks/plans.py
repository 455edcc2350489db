"""Measures what reading a cluster's state takes, by how much there is to read.

usage: python -m benchmarks.plans

It starts a platform of its own beside any that is up, fills the inbound cluster with
more and more topics and ACL bindings, and has them read as a plan reads them.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

from benchmarks.platform import platform
from goodsflow.endpoints import PROJECT_ROOT, ClusterName, Endpoints
from goodsflow.kafka.admin import KafkaAdmin
from goodsflow.kafka.credentials import PasswordFiles
from goodsflow.kafka.futures import check_all
from goodsflow.kafka.quotas import QuotaAdmin
from goodsflow.spec import AclBinding, Topic, load_platform

_SIZES = (0, 100, 300, 1_000)
_BINDINGS_EACH = 5
_REPEATS = 7
_BATCH = 200
_PATIENCE_SECONDS = 120.0
_CLUSTER: ClusterName = "inbound"
_TOPIC = Topic(partitions=1, replication_factor=1, config={"retention.ms": "604800000"})

T = TypeVar("T")


def main() -> None:
    """Measure at each size and print a table, in milliseconds."""
    with platform() as endpoints:
        admin = KafkaAdmin.connect(endpoints, _CLUSTER, "admin", _PATIENCE_SECONDS)
        print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        print("median of", _REPEATS, "in milliseconds\n")
        there = 0
        for size in _SIZES:
            _fill(admin, range(there, size))
            there = size
            _await_shown(admin, size)
            figures = {
                name: _median_ms(question)
                for name, question in _questions(endpoints, admin).items()
            }
            if size == _SIZES[0]:
                _show("topics", "bindings", *figures)
            _show(
                len(admin.topics()),
                len(admin.acl_bindings()),
                *(f"{each:.0f}" for each in figures.values()),
            )


def _questions(
    endpoints: Endpoints, admin: KafkaAdmin
) -> dict[str, Callable[[], object]]:
    passwords = PasswordFiles(endpoints, _CLUSTER)
    declared = load_platform(PROJECT_ROOT / "platform.yaml").clusters[_CLUSTER]
    quotas = QuotaAdmin.connect(endpoints, _CLUSTER, "admin")
    return {
        "connect": lambda: KafkaAdmin.connect(endpoints, _CLUSTER, "admin"),
        "topics": admin.topics,
        "ACLs": admin.acl_bindings,
        "SCRAM users": admin.scram_iterations,
        "quotas": quotas.quotas,
        f"{len(declared.principals)} logins": lambda: passwords.working(
            declared.principals
        ),
    }


def _fill(admin: KafkaAdmin, numbers: range) -> None:
    for some in _batches(numbers):
        check_all(admin.create_topics({f"bench-{n}": _TOPIC for n in some}))
        check_all(
            admin.create_acls(
                AclBinding(f"bench-{each}", "topic", f"bench-{n}", "literal", "read")
                for n in some
                for each in range(_BINDINGS_EACH)
            )
        )


def _batches(numbers: Iterable[T]) -> Iterator[list[T]]:
    source = iter(numbers)
    while batch := list(islice(source, _BATCH)):
        yield batch


def _await_shown(admin: KafkaAdmin, topics: int) -> None:
    """Wait until the brokers show all: each hears of them in its own time."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while sum(name.startswith("bench-") for name in admin.topics()) < topics:
        if time.monotonic() > deadline:
            raise TimeoutError(f"The brokers do not show {topics:,} topics.")
        time.sleep(1)


def _median_ms(question: Callable[[], object]) -> float:
    taken = []
    for _ in range(_REPEATS):
        began = time.perf_counter()
        question()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000


def _show(*cells: object) -> None:
    print(" | ".join(f"{cell!s:>11}" for cell in cells), flush=True)


if __name__ == "__main__":
    main()
