"""Settings of the recommender's runs."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Scoring(BaseModel):
    """Weights of the score; docs/explanation/recommender.md has the formula."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scarce_stock: Annotated[float, Field(ge=0)] = Field(
        default=5.0,
        description="With this many free pieces, a product counts half as much as one "
        "with plenty.",
    )
    interest_weight: Annotated[float, Field(ge=0)] = Field(
        default=0.25, description="How much users' searches count; 0 ignores them."
    )
    half_life_seconds: Annotated[float, Field(gt=0)] = Field(
        default=7 * 24 * 3600.0, description="The age at which a search counts half."
    )
    max_searches: Annotated[int, Field(ge=1)] = Field(
        default=50, description="How many searches a window uses, the strongest first."
    )


class RecommenderSettings(BaseModel):
    """Where a run reads and writes, how much it takes, and how long it waits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    principal: str = Field(default="recommender", description="The principal on Kafka.")
    hdfs_user: str = Field(
        default="recommender",
        description="The user on HDFS; Spark's executors write as the same user.",
    )
    source_topic: str = Field(
        default="source.goods-filtered", description="The topic whose files it reads."
    )
    output_topic: str = Field(
        default="goods-recomendations",
        description="The topic that recommendations go to. The name is an interface "
        "and keeps its spelling.",
    )
    group_id: str = Field(
        default="recommender",
        description="The consumer group whose offsets are the recommender's cursor.",
    )
    transactional_id: str = Field(
        default="recommender",
        description="One for all runs: a newer run fences older ones.",
    )
    events_topic: str = Field(
        default="events",
        description="The topic of users' requests; the sink writes it to files too.",
    )
    topics_dir: str = Field(
        default="/data/kafka/topics", description="The HDFS sink's topics.dir."
    )
    archive_dir: str = Field(
        default="/data/kafka/archive",
        description="The folder of the archive on HDFS.",
    )
    state_dir: str = Field(
        default="/recommender/state",
        description="The folder on HDFS with the state: earlier prices and searches.",
    )
    files_per_window: Annotated[int, Field(ge=1)] = Field(
        default=10, description="Files that make up a window."
    )
    max_windows: Annotated[int, Field(ge=1)] = Field(
        default=100, description="The most windows that one run takes."
    )
    max_event_files: Annotated[int, Field(ge=1)] = Field(
        default=1000, description="The most files of events that one run takes."
    )
    scoring: Scoring = Field(default=Scoring(), description="The weights of the score.")
    per_window: Annotated[int, Field(ge=1)] = Field(
        default=3, description="The most products that one window recommends."
    )
    kafka_timeout_seconds: Annotated[float, Field(gt=0)] = Field(
        default=45.0,
        description="Limit of each step on Kafka. A step that does not return is "
        "abandoned 15 s later.",
    )
    hdfs_timeout_seconds: Annotated[float, Field(gt=0)] = Field(
        default=10.0, description="Limit of each request to HDFS."
    )
    spark_timeout_seconds: Annotated[float, Field(gt=0)] = Field(
        default=60.0, description="Limit of the connection to Spark."
    )
