"""Settings of the archive's runs."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class ArchiveSettings(BaseModel):
    """Where a run reads and writes, as whom, how much, and how long it waits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    principal: str = Field(default="dagster", description="The principal on Kafka.")
    hdfs_user: str = Field(
        default="hdfs",
        description="The user on HDFS that removes the sink's files, which belong to "
        "another user.",
    )
    spark_user: str = Field(
        default="recommender",
        description="The user that Spark's executors write as on HDFS.",
    )
    topic: str = Field(
        default="source.goods-filtered", description="The topic whose files it takes."
    )
    group_id: str = Field(
        default="recommender",
        description="The consumer group whose offsets say which files are processed.",
    )
    topics_dir: str = Field(
        default="/data/kafka/topics", description="The HDFS sink's topics.dir."
    )
    archive_dir: str = Field(
        default="/data/kafka/archive", description="The folder of the archive on HDFS."
    )
    max_files: Annotated[int, Field(ge=1)] = Field(
        default=10_000, description="The most source files in one Parquet file."
    )
    max_bytes: Annotated[int, Field(ge=1)] = Field(
        default=1 << 30,
        description="The most bytes of source files in one Parquet file; a single "
        "larger file becomes a Parquet file of its own.",
    )
    files_per_job: Annotated[int, Field(ge=1)] = Field(
        default=5_000,
        description="The source files that one Spark job takes; a Parquet file that "
        "needs more gets a job of its own.",
    )
    kafka_timeout_seconds: Annotated[float, Field(gt=0)] = Field(
        default=20.0, description="Limit of each request to Kafka."
    )
    hdfs_timeout_seconds: Annotated[float, Field(gt=0)] = Field(
        default=10.0, description="Limit of each request to HDFS."
    )
    spark_timeout_seconds: Annotated[float, Field(gt=0)] = Field(
        default=60.0, description="Limit of the connection to Spark."
    )
