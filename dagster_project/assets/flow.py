"""The flow of cards through what runs without Dagster.

Services and connectors run by themselves; topics and files grow. Their specs make the
lineage one graph, and ``platform_observer`` reports their state.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import dagster as dg

from dagster_project.assets.columns import json_schema_columns
from dagster_project.assets.groups import (
    ANALYTICS,
    INBOUND,
    PLATFORM_TEAM,
    RECOMMENDER,
    USERS,
)
from goodsflow.model.endpoints import ClusterName

UP_TO_DATE = dg.FreshnessPolicy.time_window(
    warn_window=timedelta(minutes=10), fail_window=timedelta(minutes=30)
)
"""For what flows. ``dagster_project.sensors.freshness`` says when an asset counts as up
to date. In an idle shop it does, every few minutes."""

_CARDS = "goods.json"


@dataclass(frozen=True)
class TopicAsset:
    """A topic that is an asset.

    Attributes:
        schema: The file in ``schemas/`` that its records follow; None if there is
            none.
        freshness: Set if a check shows that the topic is up to date.
    """

    key: str
    cluster: ClusterName
    topic: str
    deps: tuple[str, ...]
    description: str
    group: str
    schema: str | None = None
    freshness: dg.FreshnessPolicy | None = None

    def spec(self) -> dg.AssetSpec:
        """Return the external asset."""
        return dg.AssetSpec(
            self.key,
            group_name=self.group,
            kinds={"kafka"},
            deps=self.deps,
            description=self.description,
            owners=PLATFORM_TEAM,
            freshness_policy=self.freshness,
            metadata={
                "cluster": self.cluster,
                "topic": self.topic,
                **(json_schema_columns(self.schema) if self.schema else {}),
            },
        )


TOPICS = (
    TopicAsset(
        "goods",
        "inbound",
        "goods",
        ("shop_api",),
        "Topic `goods`: every card that a shop sent, by product.",
        INBOUND,
        schema=_CARDS,
    ),
    TopicAsset(
        "goods_filtered",
        "inbound",
        "goods-filtered",
        ("blocking",),
        "Topic `goods-filtered`: the cards that may reach users.",
        INBOUND,
        schema=_CARDS,
        freshness=UP_TO_DATE,
    ),
    TopicAsset(
        "goods_dead_letter",
        "inbound",
        "goods-dead-letter",
        ("blocking",),
        "Topic `goods-dead-letter`: records of `goods` that are not valid cards.",
        INBOUND,
    ),
    TopicAsset(
        "source_goods_filtered",
        "analytics",
        "source.goods-filtered",
        ("mm2_source",),
        "Topic `source.goods-filtered`: the mirror of `goods-filtered`.",
        ANALYTICS,
        schema=_CARDS,
    ),
    TopicAsset(
        "hdfs_sink_dead_letter",
        "analytics",
        "hdfs-sink-dead-letter",
        ("hdfs_sink",),
        "Topic `hdfs-sink-dead-letter`: records that the HDFS sink could not write.",
        ANALYTICS,
    ),
    TopicAsset(
        "goods_recomendations",
        "analytics",
        "goods-recomendations",
        ("recommendations",),
        "Topic `goods-recomendations`: the recommended cards, by product.",
        RECOMMENDER,
        schema=_CARDS,
        freshness=UP_TO_DATE,
    ),
    TopicAsset(
        "events",
        "analytics",
        "events",
        ("search", "goods_recomendations"),
        "Topic `events`: what users asked for.",
        USERS,
        schema="events.json",
    ),
)

SERVICE_PARTS = {"shop_api": "shop-api", "blocking": "blocking"}
"""Our services, with their names among the platform's parts."""

ASSET_PARTS = {
    "inbound_topics": ("zookeeper", "kafka-0", "kafka-1"),
    "analytics_topics": ("zookeeper-mirror", "kafka-mirror-0", "kafka-mirror-1"),
    "schemas": ("schema-registry",),
    "connectors": ("kafka-connect",),
    "hdfs_directories": ("hdfs-nn", "hdfs-dn-0", "hdfs-dn-1"),
    "recommendations": ("spark-master", "spark-worker", "spark-connect"),
}
"""Assets, each with the parts that store it or make it."""

CONNECTORS = {"mm2_source": "mm2-source", "hdfs_sink": "hdfs-sink"}
"""The connectors, with their names in Kafka Connect."""

GROUPS: dict[str, tuple[ClusterName, str, str]] = {
    "blocking": ("inbound", "blocking", "goods"),
    "hdfs_sink": ("analytics", "connect-hdfs-sink", "source.goods-filtered"),
    "recommendations": ("analytics", "recommender", "source.goods-filtered"),
}
"""Assets whose consumer group's lag is watched: cluster, group and topic."""

GOODS_FILES = "goods_files"


def flow_specs() -> Sequence[dg.AssetSpec]:
    """Return the external assets of the flow, from the shops to the users."""
    return [
        dg.AssetSpec(
            "shop_api",
            owners=PLATFORM_TEAM,
            group_name=INBOUND,
            kinds={"python", "kafka"},
            deps=["inbound_principals", "schemas"],
            description="Service: sends the shops' cards to `goods`.",
        ),
        dg.AssetSpec(
            "blocking",
            owners=PLATFORM_TEAM,
            group_name=INBOUND,
            kinds={"python", "kafka"},
            deps=["goods", "block_list", "inbound_principals"],
            description="Service: the filter. It passes on the cards that the block "
            "list does not name.",
        ),
        dg.AssetSpec(
            "mm2_source",
            owners=PLATFORM_TEAM,
            group_name=ANALYTICS,
            kinds={"kafka"},
            deps=["goods_filtered", "connectors"],
            description="Connector: mirrors `goods-filtered` to the analytics cluster.",
        ),
        dg.AssetSpec(
            "hdfs_sink",
            owners=PLATFORM_TEAM,
            group_name=ANALYTICS,
            kinds={"kafka", "hadoop"},
            deps=["source_goods_filtered", "connectors"],
            description="Connector: writes the mirrored cards to files on HDFS.",
        ),
        dg.AssetSpec(
            GOODS_FILES,
            metadata=json_schema_columns(_CARDS),
            freshness_policy=UP_TO_DATE,
            owners=PLATFORM_TEAM,
            group_name=ANALYTICS,
            kinds={"hadoop", "json"},
            deps=["hdfs_sink"],
            description="Files of cards on HDFS, a JSON card in each line. A file is a "
            "batch of the recommender.",
        ),
        dg.AssetSpec(
            "search",
            owners=PLATFORM_TEAM,
            group_name=USERS,
            kinds={"python", "duckdb"},
            deps=["source_goods_filtered", "analytics_principals", "search_views"],
            description="The users' search by name and brand: a view in ksqlDB, or an "
            "index on platforms without ksqlDB.",
        ),
        *(topic.spec() for topic in TOPICS),
    ]
