"""Both Kafka clusters: brokers, replicas, traffic, certificates, ZooKeeper."""

from panels import RATE, Board, Query, heap, lines, number

CLUSTERS = Board(
    "clusters",
    "Clusters",
    "Both Kafka clusters: brokers, replicas, traffic, certificates, ZooKeeper.",
    [
        (
            "Health",
            [
                number(
                    "Brokers that answer",
                    "short",
                    Query('sum by (cluster) (up{job="kafka"})', "{{cluster}}"),
                ),
                number(
                    "Partitions that lack a replica",
                    "short",
                    Query(
                        "sum by (cluster) (kafka_broker_under_replicated_partitions)",
                        "{{cluster}}",
                    ),
                ),
                number(
                    "Partitions without a leader",
                    "short",
                    Query(
                        "sum by (cluster) (kafka_controller_offline_partitions)",
                        "{{cluster}}",
                    ),
                ),
                number(
                    "Active controllers",
                    "short",
                    Query("sum by (cluster) (kafka_controller_active)", "{{cluster}}"),
                    about="One for each cluster.",
                ),
                number(
                    "Until certificates end",
                    "d",
                    Query(
                        "(goodsflow_certificate_end_timestamp_seconds - time())"
                        " / 86400",
                        "{{shown_by}}",
                    ),
                ),
            ],
        ),
        (
            "Traffic",
            [
                lines(
                    "Records in",
                    "cps",
                    Query(
                        "sum by (cluster, topic) (rate(kafka_topic_records_in_total"
                        f"{RATE}))",
                        "{{cluster}} {{topic}}",
                    ),
                ),
                lines(
                    "Bytes in",
                    "Bps",
                    Query(
                        "sum by (cluster, topic) (rate(kafka_topic_bytes_in_total"
                        f"{RATE}))",
                        "{{cluster}} {{topic}}",
                    ),
                ),
                lines(
                    "Bytes out",
                    "Bps",
                    Query(
                        "sum by (cluster, topic) (rate(kafka_topic_bytes_out_total"
                        f"{RATE}))",
                        "{{cluster}} {{topic}}",
                    ),
                ),
                lines(
                    "Size on disk, all replicas",
                    "bytes",
                    Query(
                        "sum by (cluster, topic) (kafka_log_size_bytes)",
                        "{{cluster}} {{topic}}",
                    ),
                ),
            ],
        ),
        (
            "Brokers",
            [
                lines(
                    "Requests, 99th percentile",
                    "ms",
                    Query(
                        "kafka_broker_request_p99_milliseconds",
                        "{{part}} {{request}}",
                    ),
                    about="A consumer's fetch waits for records: half a second is "
                    "its nature.",
                ),
                lines(
                    "Idle time of request handlers",
                    "percentunit",
                    Query("kafka_broker_request_handler_idle_ratio", "{{part}}"),
                ),
                lines(
                    "Refused requests",
                    "reqps",
                    Query(
                        f"rate(kafka_broker_failed_produce_requests_total{RATE})",
                        "{{part}} produce",
                    ),
                    Query(
                        f"rate(kafka_broker_failed_fetch_requests_total{RATE})",
                        "{{part}} fetch",
                    ),
                ),
                lines(
                    "Partitions",
                    "short",
                    Query("kafka_broker_partitions", "{{part}}"),
                    Query("kafka_broker_led_partitions", "{{part}} leads"),
                    Query("kafka_broker_under_min_isr_partitions", "{{part}} < min"),
                ),
                heap("kafka"),
            ],
        ),
        (
            "ZooKeeper",
            [
                lines(
                    "Latency of requests",
                    "ms",
                    Query(
                        "zookeeper_request_latency_average_milliseconds",
                        "{{part}} average",
                    ),
                    Query("zookeeper_request_latency_max_milliseconds", "{{part}} max"),
                ),
                lines(
                    "Connections, waiting requests",
                    "short",
                    Query("zookeeper_connections", "{{part}} connections"),
                    Query("zookeeper_outstanding_requests", "{{part}} waiting"),
                ),
                lines(
                    "Packets",
                    "pps",
                    Query(
                        f"rate(zookeeper_packets_received_total{RATE})",
                        "{{part}} received",
                    ),
                    Query(f"rate(zookeeper_packets_sent_total{RATE})", "{{part}} sent"),
                ),
                lines(
                    "Nodes and watches",
                    "short",
                    Query("zookeeper_nodes", "{{part}} nodes"),
                    Query("zookeeper_watches", "{{part}} watches"),
                ),
            ],
        ),
    ],
)
