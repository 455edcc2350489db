"""Topics that a benchmark makes for itself."""

from __future__ import annotations

from collections.abc import Collection

from benchmarks.benchmark import Run
from goodsflow.clients.kafka.admin import KafkaAdmin
from goodsflow.clients.kafka.futures import check_all
from goodsflow.model.endpoints import ClusterName
from goodsflow.model.spec import Topic


def make_topics(run: Run, cluster: ClusterName, names: Collection[str]) -> None:
    """Make topics of two partitions, and delete them at the end of the run."""
    admin = KafkaAdmin.connect(run.endpoints, cluster, "admin")
    topic = Topic(partitions=2, replication_factor=2)
    check_all(admin.create_topics(dict.fromkeys(names, topic)))
    run.cleanup.callback(lambda: check_all(admin.delete_topics(names)))
