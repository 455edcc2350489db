"""What goes wrong in a run of the recommender.

Tree::

    RecommenderError
    ├── OverlappingFilesError     two files hold the same offsets
    ├── MissingFilesError         files that the offsets count as done are gone
    ├── BackfillError             a recomputation that would be taken for news
    ├── FenceError                a newer run took over; this one published nothing
    └── PublicationError          the transaction was aborted, or is in doubt
"""

from goodsflow.common.errors import GoodsflowError


class RecommenderError(GoodsflowError):
    """A run of the recommender failed; its offsets are where they were."""


class OverlappingFilesError(RecommenderError):
    """Committed files overlap each other or the offset up to which files are done."""


class MissingFilesError(RecommenderError):
    """The offsets are beyond all files: files are gone, or were written anew."""


class BackfillError(RecommenderError):
    """A recomputation was asked for where its users would take it for news."""


class FenceError(RecommenderError):
    """A newer run has fenced this one."""


class PublicationError(RecommenderError):
    """The transaction failed; its text says whether its outcome is known."""
