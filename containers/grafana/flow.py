"""The goods flow from end to end: the throughput and lag of each hop."""

from panels import RATE, Board, Query, lines, number

FLOW = Board(
    "goodsflow",
    "Goods flow",
    "From the shops to the recommendations: the throughput and lag of each hop.",
    [
        (
            "Now",
            [
                number(
                    "Alerts firing",
                    "short",
                    Query('count(ALERTS{alertstate="firing"}) or vector(0)', "alerts"),
                ),
                number(
                    "Parts up",
                    "short",
                    Query("sum(up)", "up"),
                    Query("count(up)", "total"),
                ),
                number(
                    "Time since the last card",
                    "s",
                    Query(
                        "time() - goodsflow_shop_api_last_delivery_timestamp_seconds",
                        "delivered",
                    ),
                    Query(
                        "time() - goodsflow_blocking_last_commit_timestamp_seconds",
                        "filtered",
                    ),
                ),
            ],
        ),
        (
            "Hops",
            [
                lines(
                    "Cards per second",
                    "cps",
                    Query(
                        f"sum(rate(goodsflow_shop_api_cards_delivered_total{RATE}))",
                        "1 delivered by shop-api",
                    ),
                    Query(
                        'sum(rate(goodsflow_blocking_records_total{outcome="passed"}'
                        f"{RATE}))",
                        "2 passed by blocking",
                    ),
                    Query(
                        f"sum(rate(kafka_mirror_records_total{RATE}))",
                        "3 mirrored",
                    ),
                    Query(
                        f"sum(rate(kafka_connect_sink_records_total{RATE}))",
                        "4 read by the HDFS sink",
                    ),
                ),
                lines(
                    "Lag",
                    "s",
                    Query("goodsflow:group_lag:seconds", "{{group}} {{topic}}"),
                    description="Waiting records divided by the rate of arrival. The "
                    "recommender reads whole windows, so some lag is normal.",
                ),
                lines(
                    "Lag in records",
                    "short",
                    Query("goodsflow:group_lag:records", "{{group}} {{topic}}"),
                ),
                lines(
                    "Files waiting for the recommender",
                    "short",
                    Query("goodsflow_recommender_waiting_files", "{{topic}}"),
                    description="Ten files of cards make a window; fewer files wait "
                    "for more. Files of events wait for the next window.",
                ),
                lines(
                    "Age of the oldest waiting file",
                    "s",
                    Query(
                        "time() - goodsflow_recommender_oldest_waiting_file"
                        "_timestamp_seconds",
                        "{{topic}}",
                    ),
                ),
                lines(
                    "Decisions of blocking",
                    "cps",
                    Query(
                        "sum by (outcome) (rate(goodsflow_blocking_records_total"
                        f"{RATE}))",
                        "{{outcome}}",
                    ),
                ),
                lines(
                    "Transactions of blocking",
                    "ops",
                    Query(
                        "sum by (result) (rate(goodsflow_blocking_transactions_total"
                        f"{RATE}))",
                        "{{result}}",
                    ),
                ),
                lines(
                    "Records per transaction",
                    "short",
                    Query("goodsflow_blocking_last_transaction_records", "{{part}}"),
                    description="In the last transaction; it grows with the backlog.",
                ),
                lines(
                    "Blocked cards, by scope",
                    "cps",
                    Query(
                        "sum by (scope) (rate(goodsflow_blocking_blocked_total"
                        f"{RATE}))",
                        "{{scope}}",
                    ),
                    Query(
                        f"sum(rate(goodsflow_blocking_withdrawn_total{RATE}))",
                        "withdrawn",
                    ),
                    description="Withdrawn: tombstones of cards that had passed.",
                ),
                lines(
                    "Block list rules",
                    "short",
                    Query(
                        "max by (scope) (goodsflow_blocking_block_list_rules)",
                        "{{scope}}",
                    ),
                ),
                lines(
                    "Dead letters, by kind",
                    "cps",
                    Query(
                        "sum by (kind) (rate(goodsflow_blocking_dead_letters_total"
                        f"{RATE}))",
                        "{{kind}}",
                    ),
                    description="`goodsflow dead-letters list` lists them.",
                ),
                lines(
                    "Recommendations, events, dead letters",
                    "short",
                    Query(
                        "sum by (topic) (goodsflow_topic_end_offset"
                        '{topic=~"goods-recomendations|events|.*dead-letter"})',
                        "{{topic}}",
                    ),
                    description="End offsets, which include transaction markers.",
                ),
                lines(
                    "Cards not delivered",
                    "cps",
                    Query(
                        f"sum(rate(goodsflow_shop_api_delivery_failures_total{RATE}))",
                        "shop-api",
                    ),
                ),
            ],
        ),
        (
            "Parts",
            [
                lines("Parts up", "bool", Query("up", "{{part}}")),
                lines(
                    "Memory",
                    "bytes",
                    Query("process_resident_memory_bytes", "{{part}}"),
                ),
                lines(
                    "Sources that the exporter can read",
                    "bool",
                    Query("goodsflow_exporter_read_success", "{{source}}"),
                ),
            ],
        ),
    ],
)
