"""What goes wrong in a run of the archive.

Tree::

    ArchiveError
    ├── OverlappingArchiveError   files of one or both forms share offsets
    ├── TakenOverError            a newer run took over, and this one stopped
    └── VerificationError         archived files differ from their sources
"""

from goodsflow.common.errors import GoodsflowError


class ArchiveError(GoodsflowError):
    """A run of the archive failed. Readers of both forms still see every card."""


class OverlappingArchiveError(ArchiveError):
    """Archived files overlap each other, or contain only part of a sink file."""


class TakenOverError(ArchiveError):
    """A newer run removed this run's folder."""


class VerificationError(ArchiveError):
    """An archived file doesn't contain the lines of its sources."""
