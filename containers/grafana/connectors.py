"""MirrorMaker 2 and the HDFS sink: throughput, tasks, errors, lag."""

from panels import RATE, Board, Query, heap, lines, number

_BY_TASK = "{{connector}}-{{task}}"
_BY_PARTITION = "{{topic}}-{{partition}}"
CONNECTORS = Board(
    "connectors",
    "Connectors",
    "MirrorMaker 2 and the HDFS sink: throughput, tasks, errors, lag.",
    [
        (
            "State",
            [
                number(
                    "Connectors",
                    "short",
                    Query("kafka_connect_connector_state", "{{connector}} {{state}}"),
                ),
                number(
                    "Tasks",
                    "short",
                    Query("kafka_connect_task_state", f"{_BY_TASK} {{{{state}}}}"),
                ),
                lines(
                    "Tasks by state",
                    "short",
                    Query(
                        "sum by (connector, state) (kafka_connect_connector_tasks)",
                        "{{connector}} {{state}}",
                    ),
                ),
            ],
        ),
        (
            "Throughput",
            [
                lines(
                    "Records written by source tasks",
                    "cps",
                    Query(f"rate(kafka_connect_source_records_total{RATE})", _BY_TASK),
                ),
                lines(
                    "Records read by sink tasks",
                    "cps",
                    Query(f"rate(kafka_connect_sink_records_total{RATE})", _BY_TASK),
                ),
                lines(
                    "Records mirrored",
                    "cps",
                    Query(
                        f"rate(kafka_mirror_records_total{RATE})",
                        "{{topic}}-{{partition}}",
                    ),
                ),
            ],
        ),
        (
            "Lag",
            [
                lines(
                    "Mirror lag",
                    "s",
                    Query(
                        'goodsflow:group_lag:seconds{group="mm2-source"}',
                        "{{topic}}",
                    ),
                ),
                lines(
                    "Sink lag",
                    "s",
                    Query(
                        'goodsflow:group_lag:seconds{group="connect-hdfs-sink"}',
                        "{{topic}}",
                    ),
                ),
                lines(
                    "Consumer lag of the tasks",
                    "short",
                    Query(
                        "kafka_connect_consumer_lag_records",
                        "{{topic}}-{{partition}} {{client}}",
                    ),
                ),
                lines(
                    "Mirror latency, maximum",
                    "ms",
                    Query(
                        "kafka_mirror_latency_max_milliseconds >= 0",
                        "{{topic}}-{{partition}}",
                    ),
                ),
                lines(
                    "Sink batch time, maximum",
                    "ms",
                    Query("kafka_connect_sink_put_max_milliseconds", _BY_TASK),
                ),
            ],
        ),
        (
            "Sink files",
            [
                lines(
                    "Records written",
                    "cps",
                    Query(
                        f"rate(kafka_connect_hdfs_sink_records_written_total{RATE})",
                        _BY_PARTITION,
                    ),
                ),
                lines(
                    "Bytes written",
                    "Bps",
                    Query(
                        f"rate(kafka_connect_hdfs_sink_bytes_written_total{RATE})",
                        _BY_PARTITION,
                    ),
                ),
                lines(
                    "Files committed",
                    "cps",
                    Query(
                        f"rate(kafka_connect_hdfs_sink_files_committed_total{RATE})",
                        _BY_PARTITION,
                    ),
                ),
                lines(
                    "Records in open files",
                    "short",
                    Query("kafka_connect_hdfs_sink_open_records", _BY_PARTITION),
                ),
                lines(
                    "Last committed offset",
                    "short",
                    Query(
                        "kafka_connect_hdfs_sink_last_committed_offset", _BY_PARTITION
                    ),
                ),
                lines(
                    "Waiting for HDFS, and retries",
                    "short",
                    Query("kafka_connect_hdfs_sink_waiting", f"{_BY_TASK} waiting"),
                    Query(
                        f"rate(kafka_connect_hdfs_sink_retries_total{RATE})",
                        f"{_BY_TASK} retries/s",
                    ),
                ),
            ],
        ),
        (
            "Errors",
            [
                lines(
                    "Record errors and failures",
                    "cps",
                    Query(
                        f"rate(kafka_connect_task_record_errors_total{RATE})",
                        f"{_BY_TASK} errors",
                    ),
                    Query(
                        f"rate(kafka_connect_task_record_failures_total{RATE})",
                        f"{_BY_TASK} failures",
                    ),
                ),
                lines(
                    "Retries",
                    "ops",
                    Query(f"rate(kafka_connect_task_retries_total{RATE})", _BY_TASK),
                ),
                lines(
                    "Dead letters",
                    "cps",
                    Query(
                        f"rate(kafka_connect_task_dead_letters_total{RATE})",
                        _BY_TASK,
                    ),
                ),
                heap("kafka-connect"),
            ],
        ),
    ],
)
