"""The archive: a run that turns files of the sink into Parquet."""

from datetime import date
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from dagster_project.resources.kafka import PRINCIPAL
from dagster_project.resources.platform import PlatformResource
from goodsflow.pipeline.archive.settings import ArchiveSettings

if TYPE_CHECKING:
    from goodsflow.pipeline.archive.run import ArchiveReport


class ArchiveResource(dg.ConfigurableResource[Any]):
    """A run of the archive, and how much goes into one Parquet file."""

    platform: dg.ResourceDependency[PlatformResource]
    max_files: int = Field(
        default=10_000, ge=1, description="Maximum source files in one Parquet file."
    )
    max_bytes: int = Field(
        default=1 << 30,
        ge=1,
        description="Maximum bytes of source files in one Parquet file.",
    )

    def run(self, until: date) -> "ArchiveReport":
        """Archive the processed files of all days up to one.

        Raises:
            GoodsflowError: A system refused or did not answer; no card is lost.
        """
        from goodsflow.model.blocklist import BlockRules
        from goodsflow.pipeline.archive.run import archive_topic
        from goodsflow.pipeline.blocklist.reader import read_block_list

        endpoints = self.platform.endpoints()
        blocked = BlockRules(read_block_list(endpoints, PRINCIPAL))
        return archive_topic(endpoints, until, self.settings(), blocked=blocked)

    def settings(self) -> ArchiveSettings:
        """Return what a run is told."""
        return ArchiveSettings(max_files=self.max_files, max_bytes=self.max_bytes)
