"""The goods flow from end to end: what moves, and how far behind each hop is."""

from panels import RATE, Board, Query, lines, number

FLOW = Board(
    "goodsflow",
    "Goods flow",
    "From the shops to the recommendations: what moves, how far behind each hop is.",
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
                    "Parts that answer",
                    "short",
                    Query("sum(up)", "answer"),
                    Query("count(up)", "in all"),
                ),
                number(
                    "Since the last card",
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
                    "Cards a second",
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
                        "4 given to the HDFS sink",
                    ),
                ),
                lines(
                    "Lag",
                    "s",
                    Query("goodsflow:group_lag:seconds", "{{group}}"),
                    about="How long the input would take to become as much as is "
                    "not yet read. The recommender takes whole windows, so that some "
                    "is its nature.",
                ),
                lines(
                    "Lag in records",
                    "short",
                    Query("goodsflow:group_lag:records", "{{group}}"),
                ),
                lines(
                    "What blocking decides",
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
                    "Recommendations, events, dead letters",
                    "short",
                    Query(
                        "sum by (topic) (goodsflow_topic_end_offset"
                        '{topic=~"goods-recomendations|events|.*dead-letter"})',
                        "{{topic}}",
                    ),
                    about="Offsets, in which markers of transactions count too.",
                ),
                lines(
                    "Cards that could not be delivered",
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
                lines("Parts that answer", "bool", Query("up", "{{part}}")),
                lines(
                    "Memory",
                    "bytes",
                    Query("process_resident_memory_bytes", "{{part}}"),
                ),
                lines(
                    "What the exporter can read",
                    "bool",
                    Query("goodsflow_exporter_read_success", "{{source}}"),
                ),
            ],
        ),
    ],
)
