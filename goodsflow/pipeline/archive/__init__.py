"""The archive: a few Parquet files instead of the sink's many small files of cards.

Here: which files are archived (``plan``), listing both forms together
(``archived_files``), the Parquet files and their comparison with the sources
(``parquet``), a run (``run``). Not here: when a run starts; Dagster decides that.
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
