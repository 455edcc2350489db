"""What waits for the recommender: a cheap look for a sensor, without a transaction."""

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
    """What a run would find now.

    Attributes:
        files: All files beyond the offsets, in the order in which they will be taken.
        complete_windows: Complete windows that one run would take; capped.
        files_per_window: Files that make a window complete.
        start_offsets: Committed offsets by partition.
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
    """Look at the group's offsets and the files beyond them.

    Nothing written yet is an answer without files; what cannot be read is an error.

    Args:
        endpoints: Of the platform.
        principal: May describe the group; also the user on HDFS.
        settings: The defaults where not given.
        timeout_seconds: For each question to Kafka.

    Raises:
        OverlappingFilesError: Files overlap each other or an offset.
        MissingFilesError: No file reaches up to an offset.
        GoodsflowError: Kafka or HDFS refused or did not answer.
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
