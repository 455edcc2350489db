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
                    Query("goodsflow:group_lag:seconds", "{{group}} {{topic}}"),
                    about="How long the input would take to become as much as is "
                    "not yet read. The recommender takes whole windows, so that some "
                    "is its nature.",
                ),
                lines(
                    "Lag in records",
                    "short",
                    Query("goodsflow:group_lag:records", "{{group}} {{topic}}"),
                ),
                lines(
                    "Files that wait for the recommender",
                    "short",
                    Query("goodsflow_recommender_waiting_files", "{{topic}}"),
                    about="Ten files of cards make a window; what remains below that "
                    "waits for more. Files of events wait for the next window.",
                ),
                lines(
                    "Since the oldest of them waits",
                    "s",
                    Query(
                        "time() - goodsflow_recommender_oldest_waiting_file"
                        "_timestamp_seconds",
                        "{{topic}}",
                    ),
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
                    "Records of a transaction",
                    "short",
                    Query("goodsflow_blocking_last_transaction_records", "{{part}}"),
                    about="Of the last one. They grow with what waits.",
                ),
                lines(
                    "Held back, by what is on the block list",
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
                    about="Withdrawn: tombstones of what had passed before.",
                ),
                lines(
                    "Rules of the block list",
                    "short",
                    Query(
                        "max by (scope) (goodsflow_blocking_block_list_rules)",
                        "{{scope}}",
                    ),
                ),
                lines(
                    "Dead letters, by what they fail at",
                    "cps",
                    Query(
                        "sum by (kind) (rate(goodsflow_blocking_dead_letters_total"
                        f"{RATE}))",
                        "{{kind}}",
                    ),
                    about="`goodsflow dead-letters list` shows them.",
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
