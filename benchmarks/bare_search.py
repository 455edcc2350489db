"""A search by the smallest possible script: two libraries and a query.

usage: bare_search.py INDEX TOPIC TEXT <CLIENT-CONFIG.json

It finds out where each partition ends, and asks the index that `goodsflow search`
built. It reads nothing new, writes no event, does not notice a recreated topic, and
takes no lock.
"""

from __future__ import annotations

import json
import sys

import duckdb
from confluent_kafka import Consumer, TopicPartition

_QUERY = """
SELECT product_id, name, brand, amount, currency FROM cards
WHERE contains(name_lower, lower($1)) ORDER BY product_id LIMIT 20
"""


def main() -> None:
    """Search, and print the cards found as JSON."""
    path, topic, text = sys.argv[1:]
    consumer = Consumer(json.load(sys.stdin))
    partitions = consumer.list_topics(topic, 10).topics[topic].partitions
    ends = {
        number: consumer.get_watermark_offsets(TopicPartition(topic, number), 10)[1]
        for number in partitions
    }
    with duckdb.connect(path, read_only=True) as connection:
        known = dict(connection.execute("SELECT * FROM next_offsets").fetchall())
        if known != ends:
            sys.exit("There are new cards.")
        print(json.dumps({"cards": connection.execute(_QUERY, [text]).fetchall()}))
    consumer.close()


if __name__ == "__main__":
    main()
