"""HDFS, which stores the cards, and Spark, on which the recommender runs."""

from panels import RATE, Board, Query, heap, lines, number

_DRIVER = "metrics_goodsflow_driver_"
HDFS_SPARK = Board(
    "hdfs-spark",
    "HDFS and Spark",
    "The file system that stores the cards, and the engine of the recommender.",
    [
        (
            "HDFS",
            [
                number(
                    "DataNodes",
                    "short",
                    Query("hdfs_namenode_live_datanodes", "live"),
                    Query("hdfs_namenode_dead_datanodes", "dead"),
                ),
                number(
                    "Damaged blocks",
                    "short",
                    Query("hdfs_namenode_missing_blocks", "missing"),
                    Query("hdfs_namenode_corrupt_blocks", "corrupt"),
                    Query("hdfs_namenode_under_replicated_blocks", "under-replicated"),
                ),
                lines(
                    "Capacity",
                    "bytes",
                    Query("hdfs_namenode_capacity_bytes", "total"),
                    Query("hdfs_namenode_remaining_bytes", "free"),
                    Query("hdfs_namenode_used_bytes", "used"),
                    Query("hdfs_datanode_used_bytes", "used on {{part}}"),
                ),
                lines(
                    "Files and blocks",
                    "short",
                    Query("hdfs_namenode_files", "files"),
                    Query("hdfs_namenode_blocks", "blocks"),
                ),
                lines(
                    "Sink files",
                    "short",
                    Query("goodsflow_hdfs_topic_files", "{{topic}}"),
                    description="The archive replaces processed files each night.",
                ),
                lines(
                    "Size of the sink files",
                    "bytes",
                    Query("goodsflow_hdfs_topic_bytes", "{{topic}}"),
                ),
                lines(
                    "File operations per second",
                    "ops",
                    Query(f"rate(hdfs_namenode_new_files_total{RATE})", "created"),
                    Query(f"rate(hdfs_namenode_renamed_files_total{RATE})", "renamed"),
                    Query(f"rate(hdfs_namenode_deleted_files_total{RATE})", "deleted"),
                    description="The sink commits a file by renaming it.",
                ),
                lines(
                    "Throughput",
                    "Bps",
                    Query(
                        f"rate(hdfs_datanode_bytes_written_total{RATE})",
                        "{{part}} written",
                    ),
                    Query(
                        f"rate(hdfs_datanode_bytes_read_total{RATE})", "{{part}} read"
                    ),
                ),
                lines(
                    "Failed volumes",
                    "short",
                    Query("hdfs_datanode_volume_failures_total", "{{part}}"),
                ),
                heap("hdfs"),
            ],
        ),
        (
            "Spark",
            [
                number(
                    "Workers and applications",
                    "short",
                    Query("metrics_master_aliveWorkers_Value", "workers"),
                    Query("metrics_master_apps_Value", "applications"),
                    Query("metrics_master_waitingApps_Value", "waiting"),
                ),
                lines(
                    "Worker",
                    "short",
                    Query("metrics_worker_executors_Value", "executors"),
                    Query("metrics_worker_coresUsed_Value", "cores used"),
                    Query("metrics_worker_coresFree_Value", "cores free"),
                ),
                lines(
                    "Worker memory",
                    "decmbytes",
                    Query("metrics_worker_memUsed_MB_Value", "used"),
                    Query("metrics_worker_memFree_MB_Value", "free"),
                ),
                lines(
                    "Jobs",
                    "short",
                    Query(f"{_DRIVER}DAGScheduler_job_allJobs_Value", "since start"),
                    Query(f"{_DRIVER}DAGScheduler_job_activeJobs_Value", "active"),
                ),
                lines(
                    "Stages",
                    "short",
                    Query(
                        f"{_DRIVER}DAGScheduler_stage_runningStages_Value", "running"
                    ),
                    Query(
                        f"{_DRIVER}DAGScheduler_stage_waitingStages_Value", "waiting"
                    ),
                    Query(f"{_DRIVER}DAGScheduler_stage_failedStages_Value", "failed"),
                ),
                lines(
                    "Records waiting for the recommender",
                    "short",
                    Query(
                        'goodsflow:group_lag:records{group="recommender"}', "records"
                    ),
                ),
            ],
        ),
    ],
)
