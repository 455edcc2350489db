"""The filter in quixstreams, for comparison, in a virtual environment of its own.

usage: python quix_filter.py CONFIG.json GROUP RECORDS BLOCKED

CONFIG.json is a librdkafka client configuration. It prints how many records it has
read about ten times a second, and ends when it has read RECORDS. It imports nothing of
Goodsflow.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from pathlib import Path

import orjson
from quixstreams import Application
from quixstreams.kafka.configuration import ConnectionConfig

_HEADER_BYTES = 5


def main() -> None:
    """Filter until enough records are read."""
    path, group, records, names = sys.argv[1:]
    config = json.loads(Path(path).read_text())
    blocked = frozenset(names.split(","))
    logging.disable(logging.WARNING)
    app = Application(
        broker_address=ConnectionConfig(
            bootstrap_servers=config["bootstrap.servers"],
            security_protocol=config["security.protocol"],
            sasl_mechanism=config["sasl.mechanism"],
            sasl_username=config["sasl.username"],
            sasl_password=config["sasl.password"],
            ssl_ca_location=config["ssl.ca.location"],
        ),
        consumer_group=group,
        auto_offset_reset="earliest",
        auto_create_topics=False,
        processing_guarantee="exactly-once",
        producer_extra_config={"transactional.id": group, "compression.type": "lz4"},
        # It is created although nothing is kept: not in the current folder, then.
        state_dir=Path(path).parent / "state",
        loglevel=None,
    )
    read, told_at = 0, time.monotonic()

    def passes(value: bytes) -> bool:
        nonlocal read, told_at
        read += 1
        now = time.monotonic()
        if now - told_at >= 0.1:
            told_at = now
            print(read, flush=True)
        try:
            card = orjson.loads(memoryview(value)[_HEADER_BYTES:])
        except orjson.JSONDecodeError:
            return False
        return card["product_id"] not in blocked

    source = app.topic("goods", key_deserializer="bytes", value_deserializer="bytes")
    target = app.topic(
        "goods-filtered", key_serializer="bytes", value_serializer="bytes"
    )
    app.dataframe(source).filter(passes).to_topic(target)
    app.run(count=int(records), timeout=60)
    print(read, flush=True)


if __name__ == "__main__":
    main()
