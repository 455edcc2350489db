"""What a compaction can be told."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class ArchiveSettings(BaseModel):
    """Where it reads and writes, as whom, how much it takes, how long it waits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    principal: str = Field(default="dagster", description="On Kafka.")
    hdfs_user: str = Field(
        default="hdfs",
        description="Removes the sink's files, which belong to another user.",
    )
    spark_user: str = Field(
        default="recommender", description="As whom Spark's executors write on HDFS."
    )
    topic: str = "source.goods-filtered"
    group_id: str = Field(
        default="recommender",
        description="The consumer group whose offsets say which files are done.",
    )
    topics_dir: str = Field(
        default="/data/kafka/topics", description="As the HDFS sink's topics.dir."
    )
    archive_dir: str = "/data/kafka/archive"
    max_files: Annotated[int, Field(ge=1)] = Field(
        default=10_000, description="Source files in one Parquet file at most."
    )
    max_bytes: Annotated[int, Field(ge=1)] = Field(
        default=1 << 30,
        description="Bytes of source files in one Parquet file at most; a single "
        "larger file makes one of its own.",
    )
    files_per_job: Annotated[int, Field(ge=1)] = Field(
        default=5_000,
        description="Source files that one Spark job takes; a Parquet file that "
        "needs more has a job of its own.",
    )
    kafka_timeout_seconds: Annotated[float, Field(gt=0)] = 20.0
    hdfs_timeout_seconds: Annotated[float, Field(gt=0)] = 10.0
    spark_timeout_seconds: Annotated[float, Field(gt=0)] = 60.0
