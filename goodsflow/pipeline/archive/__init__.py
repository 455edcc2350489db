"""Compaction: the sink's many small files of cards, as few Parquet files.

Here: which files may be archived (``planning``), both forms as one (``reading``), the
Parquet files and their comparison with the sources (``parquet``), one run (``run``).
Not here: who starts a run and when; that is Dagster's.
"""

from goodsflow.pipeline.archive.errors import (
    CompactionError,
    OverlappingArchiveError,
    TakenOverError,
    VerificationError,
)
from goodsflow.pipeline.archive.reading import (
    ArchivedFile,
    BothForms,
    combine,
    list_archive,
    read_both,
)
from goodsflow.pipeline.archive.run import CompactionReport, compact
from goodsflow.pipeline.archive.settings import CompactionSettings

__all__ = [
    "ArchivedFile",
    "BothForms",
    "CompactionError",
    "CompactionReport",
    "CompactionSettings",
    "OverlappingArchiveError",
    "TakenOverError",
    "VerificationError",
    "combine",
    "compact",
    "list_archive",
    "read_both",
]
