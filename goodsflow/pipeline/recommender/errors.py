"""What goes wrong in a run of the recommender.

Tree::

    RecommenderError
    ├── OverlappingFilesError     two files contain the same offsets
    ├── MissingFilesError         processed files are missing
    ├── BackfillError             a backfill into the recommender's own topic
    ├── FenceError                a newer run took over; this one published nothing
    └── PublicationError          the transaction was aborted, or is in doubt
"""

from goodsflow.common.errors import GoodsflowError


class RecommenderError(GoodsflowError):
    """A run of the recommender failed; its offsets are unchanged."""


class OverlappingFilesError(RecommenderError):
    """Files overlap each other or a committed offset."""


class MissingFilesError(RecommenderError):
    """The offsets are after the last file: files are missing, or were rewritten."""


class BackfillError(RecommenderError):
    """A backfill would publish to the topic that users follow."""


class FenceError(RecommenderError):
    """A newer run has fenced this one."""


class PublicationError(RecommenderError):
    """The transaction failed; its text says whether its outcome is known."""
