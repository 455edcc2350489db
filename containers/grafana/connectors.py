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
                    "Records written by the source",
                    "cps",
                    Query(f"rate(kafka_connect_source_records_total{RATE})", _BY_TASK),
                ),
                lines(
                    "Records given to the sink",
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
                    "Mirror",
                    "s",
                    Query(
                        'goodsflow:group_lag:seconds{group="mm2-source"}',
                        "{{topic}}",
                    ),
                ),
                lines(
                    "Sink",
                    "s",
                    Query(
                        'goodsflow:group_lag:seconds{group="connect-hdfs-sink"}',
                        "{{topic}}",
                    ),
                ),
                lines(
                    "Records not yet read by the tasks",
                    "short",
                    Query(
                        "kafka_connect_consumer_lag_records",
                        "{{topic}}-{{partition}} {{client}}",
                    ),
                ),
                lines(
                    "From source to mirror, longest",
                    "ms",
                    Query(
                        "kafka_mirror_latency_max_milliseconds >= 0",
                        "{{topic}}-{{partition}}",
                    ),
                ),
                lines(
                    "Putting a batch to the sink, longest",
                    "ms",
                    Query("kafka_connect_sink_put_max_milliseconds", _BY_TASK),
                ),
            ],
        ),
        (
            "Files of the sink",
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
                    "Waiting for HDFS, and tries again",
                    "short",
                    Query("kafka_connect_hdfs_sink_waiting", f"{_BY_TASK} waits"),
                    Query(
                        f"rate(kafka_connect_hdfs_sink_retries_total{RATE})",
                        f"{_BY_TASK} tries/s",
                    ),
                ),
            ],
        ),
        (
            "Errors",
            [
                lines(
                    "Records with errors, and refused",
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
