"""The batch recommender: reads files of cards, publishes recommendations exactly once.

Here: which files a run takes (``windows``), what it recommends from them (``scoring``,
``search_interest``), what it knows from earlier runs (``state``), a run as one Kafka
transaction (``run``), and which files wait (``backlog``). Not here: when a run starts;
Dagster decides that.
"""

from goodsflow.pipeline.recommender.backlog import Backlog, read_backlog
from goodsflow.pipeline.recommender.cursor import Cursor
from goodsflow.pipeline.recommender.errors import (
    BackfillError,
    FenceError,
    MissingFilesError,
    OverlappingFilesError,
    PublicationError,
    RecommenderError,
)
from goodsflow.pipeline.recommender.report import Recommendation, RunReport
from goodsflow.pipeline.recommender.run import recommend
from goodsflow.pipeline.recommender.settings import RecommenderSettings
from goodsflow.pipeline.recommender.windows import Window, WindowPlan, plan_windows

__all__ = [
    "BackfillError",
    "Backlog",
    "Cursor",
    "FenceError",
    "MissingFilesError",
    "OverlappingFilesError",
    "PublicationError",
    "Recommendation",
    "RecommenderError",
    "RecommenderSettings",
    "RunReport",
    "Window",
    "WindowPlan",
    "plan_windows",
    "read_backlog",
    "recommend",
]
