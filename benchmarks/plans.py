"""What a plan takes, by how much there is to plan for.

More and more topics, up to 1,000, and rights on them are declared on the inbound
cluster, applied, and planned again: in this process, and by the command line, whose
start and imports count as well. The yardstick are the single reads that a plan of that
cluster consists of. Times are in milliseconds, but the first apply in seconds. A full
run takes about 6 minutes.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from benchmarks.benchmark import Benchmark, Run
from benchmarks.checks import check
from goodsflow.clients.kafka.admin import KafkaAdmin
from goodsflow.clients.kafka.credentials import PasswordFiles
from goodsflow.clients.kafka.futures import check_all
from goodsflow.clients.kafka.quotas import QuotaAdmin
from goodsflow.desired_state.providers.reconciler import Reconciler
from goodsflow.desired_state.providers.timeouts import Timeouts
from goodsflow.model.endpoints import PROJECT_ROOT, ClusterName, Endpoints
from goodsflow.model.spec import load_platform

_SIZES = (0, 100, 300, 1_000)
_PATIENCE_SECONDS = 120.0
_CLUSTER: ClusterName = "inbound"
_TOPIC = {"partitions": 1, "replication_factor": 1, "config": {"retention.ms": -1}}


def _run(run: Run) -> None:
    repeats = run.pick(5, 1)
    admin = KafkaAdmin.connect(run.endpoints, _CLUSTER, "admin", _PATIENCE_SECONDS)
    run.cleanup.callback(_remove, admin, run.name)
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        for size in run.pick(_SIZES, (5,)):
            file = Path(folder) / "platform.yaml"
            file.write_text(yaml.safe_dump(_declaration(run.name, size)))
            run.progress(f"applying {size:,} more topics")
            began = time.perf_counter()
            _apply(run.endpoints, file)
            applied = time.perf_counter() - began
            there = sum(name.startswith(run.name) for name in admin.topics())
            check(there == size, f"{there:,} of {size:,} topics were applied.")
            run.progress(f"planning for them, times: {repeats}")
            figures = {
                name: _median_ms(question, repeats)
                for name, question in _questions(run, admin, file).items()
            }
            counts = {"topics": len(admin.topics()), "ACLs": len(admin.acl_bindings())}
            rows.append({**counts, "apply, s": applied, **figures})
    run.report.table(f"Reading a cluster, times: {repeats}", rows)


def _remove(admin: KafkaAdmin, name: str) -> None:
    """Remove the topics and the rights of a run."""
    check_all(admin.delete_topics([t for t in admin.topics() if t.startswith(name)]))
    bindings = admin.acl_bindings()
    check_all(
        admin.delete_acls([each for each in bindings if f"User:{name}" in str(each)])
    )


def _declaration(name: str, size: int) -> Mapping[str, Any]:
    """Return the project's declaration with so many topics more, and five ACLs each."""
    document: dict[str, Any] = yaml.safe_load(
        (PROJECT_ROOT / "platform.yaml").read_text()
    )
    for section in ("schemas", "connectors"):
        for each in document[section].values():
            each["file"] = str(PROJECT_ROOT / each["file"])
    inbound = document["clusters"][_CLUSTER]
    names = [f"{name}-{number}" for number in range(size)]
    inbound["topics"] |= dict.fromkeys(names, _TOPIC)
    if size:
        half = {"topics": names[: size // 2], "group": name}
        inbound["principals"] |= {
            f"{name}-a": {"credential": "none", "produce": names},
            f"{name}-b": {"credential": "none", "produce": names},
            f"{name}-c": {"credential": "none", "consume": [half]},
        }
    return document


def _reconciler(endpoints: Endpoints, file: Path) -> Reconciler:
    timeouts = Timeouts(request=_PATIENCE_SECONDS)
    return Reconciler.of_file(file, endpoints, principal="admin", timeouts=timeouts)


def _apply(endpoints: Endpoints, file: Path) -> None:
    with _reconciler(endpoints, file) as reconciler:
        planned = reconciler.plan_all(reconciler.targets())
        if planned.failures:
            raise RuntimeError(f"Could not read: {planned.failures}")
        for result in reconciler.apply(planned.plan.changes, ()):
            if result.error:
                raise result.error


def _questions(
    run: Run, admin: KafkaAdmin, file: Path
) -> dict[str, Callable[[], object]]:
    """Return what is measured, by the name of its column."""
    endpoints = run.endpoints
    passwords = PasswordFiles(endpoints, _CLUSTER)
    logins = load_platform(PROJECT_ROOT / "platform.yaml").clusters[_CLUSTER].principals
    quotas = QuotaAdmin.connect(endpoints, _CLUSTER, "admin")

    def plan() -> None:
        with _reconciler(endpoints, file) as reconciler:
            planned = reconciler.plan_all(reconciler.targets())
        check(not planned.failures, f"Could not read: {planned.failures}")
        check(planned.plan.is_empty, f"Not as declared: {planned.plan}")

    def command(name: str) -> None:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "goodsflow.cli", "--home", str(run.home)),
                *(name, "--file", str(file)),
            ],
            check=False,
            capture_output=True,
            text=True,
        )
        check(not done.returncode, f"{name} failed: {done.stdout}{done.stderr}")

    return {
        "plan": plan,
        "goodsflow plan": partial(command, "plan"),
        "goodsflow apply": partial(command, "apply"),
        "of it: YAML": partial(load_platform, file),
        "login": partial(KafkaAdmin.connect, endpoints, _CLUSTER, "admin"),
        "topics, ms": admin.topics,
        "ACLs, ms": admin.acl_bindings,
        "SCRAM users": admin.scram_iterations,
        "quotas": quotas.quotas,
        f"{len(logins)} logins": partial(passwords.working, logins),
    }


def _median_ms(question: Callable[[], object], repeats: int) -> float:
    taken = []
    for _ in range(repeats):
        began = time.perf_counter()
        question()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000


BENCHMARK = Benchmark("plans", "What a plan takes", 6, _run)
