"""The backlog: files that wait for the recommender, read without a transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from goodsflow.clients.hdfs import HdfsClient, TopicFile, list_topic_files
from goodsflow.clients.kafka.offsets import OffsetReader
from goodsflow.model.endpoints import Endpoints
from goodsflow.pipeline.recommender.settings import RecommenderSettings
from goodsflow.pipeline.recommender.windows import plan_windows


@dataclass(frozen=True)
class Backlog:
    """The files that wait for the recommender.

    Attributes:
        files: All files after the committed offsets, in processing order.
        complete_windows: The number of complete windows that one run would take.
        files_per_window: The number of files in a complete window.
        start_offsets: The committed offsets by partition.
        end_offsets: The same after a run over the complete windows.
    """

    files: tuple[TopicFile, ...]
    complete_windows: int
    files_per_window: int
    start_offsets: Mapping[int, int]
    end_offsets: Mapping[int, int]


def read_backlog(
    endpoints: Endpoints,
    principal: str = "dagster",
    settings: RecommenderSettings | None = None,
    *,
    timeout_seconds: float = 10.0,
) -> Backlog:
    """Read the group's offsets, and list the files after them.

    If nothing was written yet, the backlog is empty.

    Args:
        endpoints: Of the platform.
        principal: May describe the group; also the user on HDFS.
        settings: By default, the default settings.
        timeout_seconds: For each request to Kafka.

    Raises:
        OverlappingFilesError: Files overlap each other or an offset.
        MissingFilesError: No file reaches an offset.
        GoodsflowError: Kafka or HDFS refused or didn't answer.
    """
    settings = settings or RecommenderSettings()
    reader = OffsetReader.connect(endpoints, "analytics", principal, timeout_seconds)
    committed = reader.group_offsets(settings.group_id, [settings.source_topic])
    offsets = {partition: offset for (_, partition), offset in committed.items()}
    with HdfsClient.connect(
        endpoints, principal, settings.hdfs_timeout_seconds
    ) as client:
        files = list_topic_files(client, settings.topics_dir, settings.source_topic)
    plan = plan_windows(
        offsets,
        files,
        files_per_window=settings.files_per_window,
        max_windows=settings.max_windows,
    )
    return Backlog(
        files=plan.waiting,
        complete_windows=len(plan.windows),
        files_per_window=settings.files_per_window,
        start_offsets=plan.offsets_before,
        end_offsets=plan.offsets_after,
    )
