"""The batch recommender: its backlog, and a run of it."""

from datetime import datetime
from typing import Any

import dagster as dg
from pydantic import Field

from dagster_project.resources.kafka import PRINCIPAL
from dagster_project.resources.platform import PlatformResource
from goodsflow.model.blocklist import BlockRules
from goodsflow.pipeline.recommender.backlog import Backlog
from goodsflow.pipeline.recommender.gaps import GapReport
from goodsflow.pipeline.recommender.product_lookup import ProductLookup
from goodsflow.pipeline.recommender.report import RunReport
from goodsflow.pipeline.recommender.settings import RecommenderSettings


class RecommenderResource(dg.ConfigurableResource[Any]):
    """A run of the recommender, and how much one takes."""

    platform: dg.ResourceDependency[PlatformResource]
    files_per_window: int = Field(
        default=10, ge=1, description="Number of files in a complete window."
    )
    max_windows: int = Field(
        default=100, ge=1, description="Maximum windows that one run takes."
    )
    per_window: int = Field(
        default=3, ge=1, description="Maximum products recommended for each window."
    )
    lag_limit_seconds: float = Field(
        default=300, description="If a complete window waits longer, its check warns."
    )
    watch_timeout_seconds: float = Field(
        default=6, description="Timeout of each request of a check or a sensor."
    )

    def backlog(self) -> Backlog:
        """Read what a run would find now. Gives up soon.

        Raises:
            GoodsflowError: Kafka or HDFS refused or did not answer.
        """
        from goodsflow.pipeline.recommender.backlog import read_backlog

        settings = self._settings().model_copy(
            update={"hdfs_timeout_seconds": self.watch_timeout_seconds}
        )
        return read_backlog(
            self.platform.endpoints(),
            settings=settings,
            timeout_seconds=self.watch_timeout_seconds,
        )

    def gaps(self) -> GapReport:
        """Look up in the topic what lies between the newest files. Gives up soon.

        Raises:
            GoodsflowError: Kafka or HDFS refused or did not answer.
        """
        from goodsflow.pipeline.recommender.gaps import find_missing_cards

        return find_missing_cards(
            self.platform.endpoints(),
            self._settings(),
            PRINCIPAL,
            timeout_seconds=self.watch_timeout_seconds,
        )

    def product_lookup(self) -> ProductLookup:
        """Look up the products that were recommended last in the files. Gives up soon.

        Raises:
            GoodsflowError: Kafka or HDFS refused or did not answer.
        """
        from goodsflow.pipeline.recommender.product_lookup import look_up_products

        return look_up_products(
            self.platform.endpoints(),
            self._settings(),
            PRINCIPAL,
            timeout_seconds=self.watch_timeout_seconds,
        )

    def recommend(self, *, include_incomplete: bool) -> RunReport:
        """Run the recommender once.

        Raises:
            GoodsflowError: A system refused or did not answer. Nothing has changed.
        """
        from goodsflow.pipeline.recommender.run import recommend

        return recommend(
            self.platform.endpoints(),
            self._settings(),
            include_incomplete=include_incomplete,
            blocked=self._blocked(),
        )

    def backfill(self, start: datetime, end: datetime, topic: str) -> RunReport:
        """Recompute the recommendations of a time span, to another topic.

        Raises:
            GoodsflowError: A system refused or did not answer. Nothing has changed.
        """
        from goodsflow.pipeline.recommender.backfill import backfill

        return backfill(
            self.platform.endpoints(),
            start,
            end,
            topic,
            self._settings(),
            blocked=self._blocked(),
        )

    def _settings(self) -> RecommenderSettings:
        return RecommenderSettings(
            files_per_window=self.files_per_window,
            max_windows=self.max_windows,
            per_window=self.per_window,
        )

    def _blocked(self) -> BlockRules:
        from goodsflow.pipeline.blocklist.reader import read_block_list

        return BlockRules(read_block_list(self.platform.endpoints(), PRINCIPAL))
