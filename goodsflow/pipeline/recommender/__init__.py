"""The batch recommender: files of cards in, recommendations out, exactly once.

Here: which files a run takes (``windows``), what it recommends of them (``scoring``,
``interest``), what it knows of earlier ones (``state``), the run in one Kafka
transaction (``run``) and what waits (``waiting``). Not here: who
starts a run and when; that is Dagster's.
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
