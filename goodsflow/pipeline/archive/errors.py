"""What goes wrong in a compaction.

Tree::

    ArchiveError
    ├── OverlappingArchiveError   files of one or both forms share offsets
    ├── TakenOverError            a newer run took over; this one goes no further
    └── VerificationError         what is archived is not what the sources hold
"""

from goodsflow.common.errors import GoodsflowError


class ArchiveError(GoodsflowError):
    """A compaction failed; every card is still where a reader of both forms sees it."""


class OverlappingArchiveError(ArchiveError):
    """Archived files overlap each other, or a file of the sink that they half hold."""


class TakenOverError(ArchiveError):
    """A newer run has removed this one's folder."""


class VerificationError(ArchiveError):
    """An archived file does not hold the lines of its sources."""
