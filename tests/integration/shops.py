"""A shop's files on HDFS, as the sink commits them, with their own topics."""

from __future__ import annotations

import gzip
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from goodsflow.clients.hdfs import HdfsClient
from goodsflow.clients.hdfs.files import topic_file_path
from goodsflow.clients.kafka.offsets import OffsetReader
from goodsflow.clients.kafka.topic_reader import TopicReader
from goodsflow.model.endpoints import Endpoints
from goodsflow.model.records import Record
from goodsflow.pipeline.recommender import (
    Cursor,
    RecommenderSettings,
    RunReport,
    recommend,
)
from goodsflow.pipeline.recommender.publisher import Publisher


def line(product_id: str, amount: object, available: int = 9, **more: Any) -> bytes:
    """Return a line of the sink with the fields that the recommender reads."""
    card = {
        "product_id": product_id,
        "name": "Часы",
        "price": {"amount": amount, "currency": "RUB"},
        "stock": {"available": available, "reserved": 2},
    }
    return json.dumps(card | more, ensure_ascii=False).encode()


@dataclass
class Shop:
    """Topics, a group and a folder that no other test uses."""

    endpoints: Endpoints
    settings: RecommenderSettings
    schema_id: int

    def put(
        self,
        partition: int,
        first: int,
        lines: list[bytes],
        *,
        compressed: bool = False,
        topic: str | None = None,
    ) -> str:
        """Commit a file like the sink, with one offset per line."""
        settings = self.settings
        path = topic_file_path(
            settings.topics_dir,
            topic or settings.source_topic,
            partition,
            first,
            first + len(lines) - 1,
            compressed=compressed,
        )
        content = b"".join(one + b"\n" for one in lines)
        with HdfsClient.connect(self.endpoints, "hdfs") as client:
            client.write(path, gzip.compress(content) if compressed else content)
        return path

    def remove(self, path: str) -> None:
        """Remove a file."""
        with HdfsClient.connect(self.endpoints, "hdfs") as client:
            assert client.delete(path)

    def ask(self, first: int, *searches: Mapping[str, str], at: datetime) -> None:
        """Commit a file of events with searches."""
        events = [
            {
                "event_id": str(uuid.uuid4()),
                "type": "search",
                "query": {"name": None, "brand": None} | dict(search),
                "results": 1,
                "at": at.isoformat(),
                "user": "u",
            }
            for search in searches
        ]
        lines = [json.dumps(event, ensure_ascii=False).encode() for event in events]
        self.put(0, first, lines, topic=self.settings.events_topic)

    def recommend(self, **options: Any) -> RunReport:
        """Run once."""
        return recommend(self.endpoints, self.settings, **options)

    def cursor(self) -> Cursor:
        """Return the group's committed cursor."""
        with Publisher(self.endpoints, self.settings) as publisher:
            return publisher.cursor()

    def published(self, topic: str = "") -> list[Record]:
        """Return the committed records of the output topic, in order."""
        topic = topic or self.settings.output_topic
        with TopicReader(self.endpoints, "analytics", "admin", "test", topic) as reader:
            starts = dict.fromkeys(reader.watermarks(), 0)
            batches = reader.read_to_end(starts, timeout_seconds=30)
            return [record for batch in batches for record in batch.records]

    def offsets(self) -> Mapping[int, int]:
        """Return what the group has committed, by partition."""
        reader = OffsetReader.connect(self.endpoints, "analytics", "admin")
        found = reader.group_offsets(
            self.settings.group_id, [self.settings.source_topic]
        )
        return {partition: offset for (_, partition), offset in found.items()}
