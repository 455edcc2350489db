"""Measures what a plan takes, by how much there is to plan for.

usage: python -m benchmarks.plans

It starts a platform of its own beside any that is up, declares more and more topics and
rights on the inbound cluster, applies that, and has it planned again: in a process that
is there, and by the command line, whose start and imports count as well. Beside that
the single reads that a plan of that cluster consists of.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from benchmarks.platform import HOME, platform
from goodsflow.clients.kafka.admin import KafkaAdmin
from goodsflow.clients.kafka.credentials import PasswordFiles
from goodsflow.clients.kafka.quotas import QuotaAdmin
from goodsflow.desired_state.providers.reconciler import Reconciler
from goodsflow.desired_state.providers.timeouts import Timeouts
from goodsflow.model.endpoints import PROJECT_ROOT, ClusterName, Endpoints
from goodsflow.model.spec import load_platform

_SIZES = (0, 100, 300, 1_000)
_REPEATS = 5
_PATIENCE_SECONDS = 120.0
_CLUSTER: ClusterName = "inbound"
_TOPIC = {"partitions": 1, "replication_factor": 1, "config": {"retention.ms": -1}}


def main() -> None:
    """Measure at each size and print a table."""
    print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"apply in seconds, once; all else in milliseconds, median of {_REPEATS}\n")
    with platform() as endpoints, tempfile.TemporaryDirectory() as folder:
        admin = KafkaAdmin.connect(endpoints, _CLUSTER, "admin", _PATIENCE_SECONDS)
        for size in _SIZES:
            file = Path(folder) / "platform.yaml"
            file.write_text(yaml.safe_dump(_declaration(size)))
            began = time.perf_counter()
            _apply(endpoints, file)
            applied = time.perf_counter() - began
            figures = {
                name: _median_ms(question)
                for name, question in _questions(endpoints, admin, file).items()
            }
            if size == _SIZES[0]:
                _show("topics", "ACLs", "apply", *figures)
            _show(
                len(admin.topics()),
                len(admin.acl_bindings()),
                f"{applied:.1f}",
                *(f"{each:.0f}" for each in figures.values()),
            )


def _declaration(size: int) -> Mapping[str, Any]:
    """Return the project's declaration with so many topics more, and five ACLs each."""
    document: dict[str, Any] = yaml.safe_load(
        (PROJECT_ROOT / "platform.yaml").read_text()
    )
    for section in ("schemas", "connectors"):
        for each in document[section].values():
            each["file"] = str(PROJECT_ROOT / each["file"])
    inbound = document["clusters"][_CLUSTER]
    names = [f"bench-{number}" for number in range(size)]
    inbound["topics"] |= dict.fromkeys(names, _TOPIC)
    if size:
        half = {"topics": names[: size // 2], "group": "bench"}
        inbound["principals"] |= {
            "bench-a": {"credential": "none", "produce": names},
            "bench-b": {"credential": "none", "produce": names},
            "bench-c": {"credential": "none", "consume": [half]},
        }
    return document


def _reconciler(endpoints: Endpoints, file: Path) -> Reconciler:
    timeouts = Timeouts(request=_PATIENCE_SECONDS)
    return Reconciler.of_file(file, endpoints, principal="admin", timeouts=timeouts)


def _apply(endpoints: Endpoints, file: Path) -> None:
    with _reconciler(endpoints, file) as reconciler:
        survey = reconciler.survey(reconciler.targets())
        if survey.failures:
            raise RuntimeError(f"Could not read: {survey.failures}")
        for result in reconciler.apply(survey.plan.changes, ()):
            if result.error:
                raise result.error


def _questions(
    endpoints: Endpoints, admin: KafkaAdmin, file: Path
) -> dict[str, Callable[[], object]]:
    passwords = PasswordFiles(endpoints, _CLUSTER)
    logins = load_platform(PROJECT_ROOT / "platform.yaml").clusters[_CLUSTER].principals
    quotas = QuotaAdmin.connect(endpoints, _CLUSTER, "admin")

    def plan() -> None:
        with _reconciler(endpoints, file) as reconciler:
            survey = reconciler.survey(reconciler.targets())
        if survey.failures or not survey.plan.is_empty:
            raise RuntimeError(f"Not as declared: {survey}")

    def command(name: str) -> None:
        subprocess.run(
            [
                *(sys.executable, "-m", "goodsflow.cli", "--home", str(HOME)),
                *(name, "--file", str(file)),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
        )

    return {
        "plan": plan,
        "goodsflow plan": lambda: command("plan"),
        "goodsflow apply": lambda: command("apply"),
        "of it: YAML": lambda: load_platform(file),
        "login": lambda: KafkaAdmin.connect(endpoints, _CLUSTER, "admin"),
        "topics": admin.topics,
        "ACLs": admin.acl_bindings,
        "SCRAM users": admin.scram_iterations,
        "quotas": quotas.quotas,
        f"{len(logins)} logins": lambda: passwords.working(logins),
    }


def _median_ms(question: Callable[[], object]) -> float:
    taken = []
    for _ in range(_REPEATS):
        began = time.perf_counter()
        question()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000


def _show(*cells: object) -> None:
    print(
        " | ".join(f"{cell!s:>{len('goodsflow apply')}}" for cell in cells), flush=True
    )


if __name__ == "__main__":
    main()
