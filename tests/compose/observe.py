"""What topics, groups and files hold; run within the platform's networks.

Prints one JSON object. ``behind`` says where a hop does not hold exactly the cards of
the one before it, in their order; an empty list is an audit passed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from goodsflow.clients.hdfs import HdfsClient, list_topic_files, read_topic_file
from goodsflow.clients.kafka.offsets import OffsetReader
from goodsflow.clients.kafka.topic_reader import TopicReader
from goodsflow.model.cards import payload_of
from goodsflow.model.endpoints import ClusterName, Endpoints, load_endpoints
from goodsflow.pipeline.recommender import RecommenderSettings, read_backlog

_BLOCKED = b"12346"
_SETTINGS = RecommenderSettings()
_TOPICS: dict[ClusterName, tuple[str, ...]] = {
    "inbound": ("goods", "goods-filtered", "goods-dead-letter"),
    "analytics": (
        "source.goods-filtered",
        "goods-recomendations",
        "events",
        "hdfs-sink-dead-letter",
    ),
}
_GROUPS: dict[ClusterName, dict[str, str]] = {
    "inbound": {"blocking": "goods"},
    "analytics": {"recommender": "source.goods-filtered"},
}
"""The groups, and what each reads."""

_PARTITIONS = (0, 1)

Cards = dict[int, list[bytes]]
"""The JSON of the cards of each partition, in order."""


def cards_on(endpoints: Endpoints, cluster: ClusterName, topic: str) -> Cards:
    """Return the cards of a topic that no block list holds back."""
    cards: Cards = {partition: [] for partition in _PARTITIONS}
    with TopicReader(endpoints, cluster, "admin", "audit", topic) as reader:
        start = dict.fromkeys(_PARTITIONS, 0)
        for batch in reader.read_to_end(start, timeout_seconds=60):
            for record in batch.records:
                if record.key != _BLOCKED:
                    cards[record.partition].append(payload_of(record.value or b""))
    return cards


def files_and_cards(endpoints: Endpoints) -> tuple[list[tuple[str, int]], Cards]:
    """Return the committed files with their lengths, and what they hold."""
    cards: Cards = {partition: [] for partition in _PARTITIONS}
    with HdfsClient.connect(endpoints, _SETTINGS.principal) as client:
        files = list_topic_files(client, _SETTINGS.topics_dir, _SETTINGS.source_topic)
        for file in files:
            cards[file.partition] += read_topic_file(client, file).splitlines()
    return [(file.path, file.size) for file in files], cards


def differences(hops: Sequence[tuple[str, Cards]]) -> list[str]:
    """Say which hop holds other cards than the one before it."""
    return [
        f"{later} holds {len(held[partition])} cards of partition {partition}, "
        f"{earlier} {len(cards[partition])}"
        + (
            ""
            if held[partition] == cards[partition][: len(held[partition])]
            else "; they differ from the first that does not match"
        )
        for (earlier, cards), (later, held) in pairwise(hops)
        for partition in _PARTITIONS
        if held[partition] != cards[partition]
    ]


def observe(endpoints: Endpoints) -> dict[str, Any]:
    """Return the platform's state."""
    readers = {
        cluster: OffsetReader.connect(endpoints, cluster, "admin")
        for cluster in _TOPICS
    }
    files, on_hdfs = files_and_cards(endpoints)
    behind = differences(
        [
            ("goods", cards_on(endpoints, "inbound", "goods")),
            ("goods-filtered", cards_on(endpoints, "inbound", "goods-filtered")),
            (
                "source.goods-filtered",
                cards_on(endpoints, "analytics", "source.goods-filtered"),
            ),
            ("HDFS", on_hdfs),
        ]
    )
    windows = read_backlog(endpoints).complete_windows
    if windows:
        behind.append(f"{windows} windows wait for the recommender")
    return {
        "behind": behind,
        "ends": {
            f"{topic}-{partition}": offsets.end
            for cluster, topics in _TOPICS.items()
            for topic, partitions in readers[cluster].topic_offsets(topics).items()
            for partition, offsets in sorted(partitions.items())
        },
        "groups": {
            f"{group} on {topic}-{partition}": offset
            for cluster, groups in _GROUPS.items()
            for group, topic in groups.items()
            for (_, partition), offset in sorted(
                readers[cluster].group_offsets(group, [topic]).items()
            )
        },
        "files": files,
    }


if __name__ == "__main__":
    json.dump(observe(load_endpoints()), sys.stdout)
