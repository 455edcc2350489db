"""What a run of the recommender can be told."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Scoring(BaseModel):
    """What a score is made of; ``docs/explanation/recommender.md`` has the formula."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scarce_stock: Annotated[float, Field(ge=0)] = Field(
        default=5.0,
        description="Free pieces at which a product counts half of one in plenty.",
    )
    interest_weight: Annotated[float, Field(ge=0)] = Field(
        default=0.25, description="How much the users' searches count; 0: not at all."
    )
    half_life_seconds: Annotated[float, Field(gt=0)] = Field(
        default=7 * 24 * 3600.0, description="After which a search counts half."
    )
    max_searches: Annotated[int, Field(ge=1)] = Field(
        default=50, description="The strongest searches, which a window looks at."
    )


class RecommenderSettings(BaseModel):
    """Where a run reads and writes, how much it takes, how long it waits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    principal: str = Field(default="recommender", description="On Kafka.")
    hdfs_user: str = Field(
        default="recommender",
        description="On HDFS; Spark's executors write as the same.",
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
    events_topic: str = Field(
        default="events", description="What users asked for; the sink writes it too."
    )
    topics_dir: str = Field(
        default="/data/kafka/topics", description="As the HDFS sink's topics.dir."
    )
    archive_dir: str = Field(
        default="/data/kafka/archive",
        description="Where the compaction puts files that are done.",
    )
    state_dir: str = Field(
        default="/recommender/state",
        description="On HDFS: what is known of earlier prices and searches.",
    )
    files_per_window: Annotated[int, Field(ge=1)] = 10
    max_windows: Annotated[int, Field(ge=1)] = Field(
        default=100, description="Windows that one run takes at most."
    )
    max_event_files: Annotated[int, Field(ge=1)] = Field(
        default=1000, description="Files of events that one run takes at most."
    )
    scoring: Scoring = Scoring()
    per_window: Annotated[int, Field(ge=1)] = Field(
        default=3, description="Products recommended for each window at most."
    )
    kafka_timeout_seconds: Annotated[float, Field(gt=0)] = Field(
        default=45.0,
        description="For each step on Kafka; it is given up 15 s later at the latest.",
    )
    hdfs_timeout_seconds: Annotated[float, Field(gt=0)] = 10.0
    spark_timeout_seconds: Annotated[float, Field(gt=0)] = 60.0
