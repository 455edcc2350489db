"""What a run of the recommender can be told."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class RecommenderSettings(BaseModel):
    """Where a run reads and writes, how much it takes, how long it waits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    principal: str = Field(
        default="recommender", description="On Kafka, and the user on HDFS."
    )
    source_topic: str = "source.goods-filtered"
    output_topic: str = Field(
        default="goods-recomendations",
        description="An interface: it keeps its spelling.",
    )
    group_id: str = Field(
        default="recommender",
        description="The consumer group whose offsets are the recommender's cursor.",
    )
    transactional_id: str = Field(
        default="recommender",
        description="One for all runs: a newer one fences others.",
    )
    topics_dir: str = Field(
        default="/data/kafka/topics", description="As the HDFS sink's topics.dir."
    )
    files_per_window: Annotated[int, Field(ge=1)] = 10
    max_windows: Annotated[int, Field(ge=1)] = Field(
        default=50, description="Windows that one run takes at most."
    )
    per_window: Annotated[int, Field(ge=1)] = Field(
        default=3, description="Products recommended for each window at most."
    )
    kafka_timeout_seconds: Annotated[float, Field(gt=0)] = Field(
        default=45.0,
        description="For each step on Kafka; it is given up 15 s later at the latest.",
    )
    hdfs_timeout_seconds: Annotated[float, Field(gt=0)] = 10.0
    spark_timeout_seconds: Annotated[float, Field(gt=0)] = 60.0
