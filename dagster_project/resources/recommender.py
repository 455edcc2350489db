"""The batch recommender: what waits for it, and a run of it."""

from typing import Any

import dagster as dg
from pydantic import Field

from dagster_project.resources.platform import PlatformResource
from goodsflow.recommender.report import RunReport
from goodsflow.recommender.settings import RecommenderSettings
from goodsflow.recommender.waiting import WaitingFiles


class RecommenderResource(dg.ConfigurableResource[Any]):
    """How much a run of the recommender takes."""

    platform: dg.ResourceDependency[PlatformResource]
    files_per_window: int = Field(
        default=10, ge=1, description="Files that make a window complete."
    )
    max_windows: int = Field(
        default=100, ge=1, description="Windows that one run takes at most."
    )
    per_window: int = Field(
        default=3, ge=1, description="Products recommended for each window at most."
    )
    blocked_products: list[str] | None = Field(
        default=None,
        description="Product IDs that are not recommended. Not given: those that the "
        "filter blocks, as $GOODSFLOW_BLOCKING_BLOCKED_PRODUCTS says.",
    )
    watch_timeout_seconds: float = Field(
        default=6, description="For each question of a sensor."
    )

    def waiting(self) -> WaitingFiles:
        """Look at what a run would find now. Gives up soon.

        Raises:
            GoodsflowError: Kafka or HDFS refused or did not answer.
        """
        from goodsflow.recommender.waiting import waiting_files

        settings = self._settings().model_copy(
            update={"hdfs_timeout_seconds": self.watch_timeout_seconds}
        )
        return waiting_files(
            self.platform.endpoints(),
            settings=settings,
            timeout_seconds=self.watch_timeout_seconds,
        )

    def recommend(self, *, include_incomplete: bool) -> RunReport:
        """Run the recommender once.

        Raises:
            GoodsflowError: A system refused or did not answer; nothing has changed.
        """
        from goodsflow.recommender.run import recommend

        return recommend(
            self.platform.endpoints(),
            self._settings(),
            include_incomplete=include_incomplete,
        )

    def _settings(self) -> RecommenderSettings:
        return RecommenderSettings(
            files_per_window=self.files_per_window,
            max_windows=self.max_windows,
            per_window=self.per_window,
            blocked_products=self._blocked(),
        )

    def _blocked(self) -> frozenset[str]:
        if self.blocked_products is not None:
            return frozenset(self.blocked_products)
        from goodsflow.blocking.settings import BlockingSettings

        filtered = BlockingSettings()
        # What the filter blocks by default never came through it.
        is_set = "blocked_products" in filtered.model_fields_set
        return filtered.blocked_products if is_set else frozenset()
