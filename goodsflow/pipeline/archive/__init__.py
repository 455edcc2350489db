"""Compaction: the sink's many small files of cards, as few Parquet files.

Here: which files may be archived (``planning``), both forms as one (``reading``), the
Parquet files and their comparison with the sources (``parquet``), one run (``run``).
Not here: who starts a run and when; that is Dagster's.
"""

from goodsflow.pipeline.archive.archived_files import (
    ArchivedFile,
    FileListing,
    combine,
    list_archive,
    list_files,
)
from goodsflow.pipeline.archive.errors import (
    ArchiveError,
    OverlappingArchiveError,
    TakenOverError,
    VerificationError,
)
from goodsflow.pipeline.archive.run import ArchiveReport, archive_topic
from goodsflow.pipeline.archive.settings import ArchiveSettings

__all__ = [
    "ArchiveError",
    "ArchiveReport",
    "ArchiveSettings",
    "ArchivedFile",
    "FileListing",
    "OverlappingArchiveError",
    "TakenOverError",
    "VerificationError",
    "archive_topic",
    "combine",
    "list_archive",
    "list_files",
]
