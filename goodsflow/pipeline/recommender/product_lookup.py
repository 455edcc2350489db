"""Looking up recommended products in the files: each must have a card there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from goodsflow.clients.hdfs import (
    HdfsClient,
    TopicFile,
    list_topic_files,
    read_topic_file,
)
from goodsflow.clients.kafka.topic_reader import TopicReader
from goodsflow.model.endpoints import Endpoints
from goodsflow.pipeline.archive import list_archive
from goodsflow.pipeline.recommender.settings import RecommenderSettings


@dataclass(frozen=True)
class ProductLookup:
    """The result of looking up the latest recommended products.

    Attributes:
        products: The number of products.
        files: The number of files read, the newest first.
        unknown: Products without a card in any file.
        undecided: Products without a card in the files that were read, but older or
            archived files may have one.
    """

    products: int
    files: int
    unknown: Sequence[str]
    undecided: Sequence[str]


def look_up_products(
    endpoints: Endpoints,
    settings: RecommenderSettings,
    principal: str,
    *,
    records: int = 30,
    max_files: int = 40,
    timeout_seconds: float = 10.0,
) -> ProductLookup:
    """Look up the latest recommended products, starting at the newest file.

    Args:
        endpoints: Of the platform.
        settings: Where recommendations and files are.
        principal: May read the recommendations; also the user on HDFS.
        records: The maximum number of recommendations per partition.
        max_files: The maximum number of files to read.
        timeout_seconds: For each request.

    Raises:
        GoodsflowError: Kafka or HDFS refused or didn't answer.
    """
    wanted = _recommended(endpoints, settings, principal, records, timeout_seconds)
    if not wanted:
        return ProductLookup(0, 0, (), ())
    topic = settings.source_topic
    with HdfsClient.connect(endpoints, principal, timeout_seconds) as client:
        files = list_topic_files(client, settings.topics_dir, topic)
        newest = sorted(files, key=lambda file: file.modified_at, reverse=True)
        missing, read = _search(client, newest[:max_files], wanted)
        is_all = len(files) <= max_files and not list_archive(
            client, settings.archive_dir, topic
        )
    left = sorted(missing)
    return ProductLookup(
        products=len(wanted),
        files=read,
        unknown=left if is_all else (),
        undecided=() if is_all else left,
    )


def product_ids(content: bytes) -> set[str]:
    """Return the product IDs in lines of cards; skip lines that aren't cards."""
    return {
        found
        for line in content.splitlines()
        for found in [_product_id(line)]
        if found is not None
    }


def _product_id(line: bytes) -> str | None:
    try:
        card = json.loads(line)
    except (ValueError, RecursionError):
        return None
    found = card.get("product_id") if isinstance(card, dict) else None
    return found if isinstance(found, str) else None


def _search(
    client: HdfsClient, files: Iterable[TopicFile], wanted: set[str]
) -> tuple[set[str], int]:
    missing, read = set(wanted), 0
    for file in files:
        if not missing:
            break
        missing -= product_ids(read_topic_file(client, file))
        read += 1
    return missing, read


def _recommended(
    endpoints: Endpoints,
    settings: RecommenderSettings,
    principal: str,
    records: int,
    timeout_seconds: float,
) -> set[str]:
    with TopicReader(
        endpoints,
        "analytics",
        principal,
        "known-products",
        settings.output_topic,
        timeout_seconds=timeout_seconds,
    ) as reader:
        starts = {
            number: max(ends.first, ends.end - records)
            for number, ends in reader.watermarks().items()
        }
        batches = reader.read_to_end(starts, timeout_seconds=timeout_seconds)
        return {
            record.key.decode(errors="replace")
            for batch in batches
            for record in batch.records
            if record.key and record.value is not None
        }
