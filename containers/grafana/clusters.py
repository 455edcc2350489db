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
                    "Brokers up",
                    "short",
                    Query('sum by (cluster) (up{job="kafka"})', "{{cluster}}"),
                ),
                number(
                    "Under-replicated partitions",
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
                    description="Each cluster must have exactly one.",
                ),
                number(
                    "Certificates expire in",
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
                    "Request time, 99th percentile",
                    "ms",
                    Query(
                        "kafka_broker_request_p99_milliseconds",
                        "{{part}} {{request}}",
                    ),
                    description="A consumer's fetch waits for records, so half a "
                    "second is normal.",
                ),
                lines(
                    "Request handler idle ratio",
                    "percentunit",
                    Query("kafka_broker_request_handler_idle_ratio", "{{part}}"),
                ),
                lines(
                    "Failed requests",
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
                    Query("kafka_broker_led_partitions", "{{part}} leader"),
                    Query(
                        "kafka_broker_under_min_isr_partitions",
                        "{{part}} below min ISR",
                    ),
                ),
                heap("kafka"),
            ],
        ),
        (
            "ZooKeeper",
            [
                lines(
                    "Request latency",
                    "ms",
                    Query(
                        "zookeeper_request_latency_average_milliseconds",
                        "{{part}} average",
                    ),
                    Query("zookeeper_request_latency_max_milliseconds", "{{part}} max"),
                ),
                lines(
                    "Connections and outstanding requests",
                    "short",
                    Query("zookeeper_connections", "{{part}} connections"),
                    Query("zookeeper_outstanding_requests", "{{part}} outstanding"),
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
