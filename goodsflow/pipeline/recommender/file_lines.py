"""The lines of the sink's files and of archived files, each with its position.

**Positions.** Each file is read as a whole and split here, so the line numbers are
exact. Spark's own line reader may split a large file between tasks, and then no Spark
function knows the line numbers.

**Bytes.** Splitting decodes the text and replaces invalid UTF-8 with U+FFFD. In a file
that isn't valid UTF-8, a line with that character is therefore marked as not intact.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from goodsflow.pipeline.recommender.windows import HISTORY, Window

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession
    from pyspark.sql.dataframe import DataFrame

_WINDOWS_SCHEMA = (
    "file_name STRING, window INT, partition INT, first_offset BIGINT, "
    "written_at DOUBLE"
)


def read_lines(spark: SparkSession, windows: Sequence[Window], root: str) -> DataFrame:
    """Read the files of all windows as lines, each with its window and its position.

    Args:
        spark: A session on the cluster that sees the files.
        windows: At least one.
        root: Prefix of the files' paths, such as ``hdfs://namenode:8020``.

    Returns:
        A row for each non-blank line, with columns ``window``, ``partition``,
        ``first_offset``, ``written_at`` (seconds since 1970), ``line_number`` (from 0),
        ``line`` and ``is_intact`` (whether ``line`` has the file's bytes).
    """
    from pyspark.sql.connect import functions as F  # noqa: N812 - pyspark's own convention

    rows = [
        (
            file.name,
            window.index,
            file.partition,
            file.first_offset,
            file.modified_at.timestamp(),
        )
        for window in windows
        for file in window.files
    ]
    paths = [f"{root}{file.path}" for window in windows for file in window.files]
    places = spark.createDataFrame(rows, _WINDOWS_SCHEMA)
    contents = (
        spark.read.format("text")
        .option("wholetext", "true")
        .load(paths)
        .select(F.col("_metadata.file_name").alias("file_name"), "value")
        .withColumn("is_utf8", F.is_valid_utf8("value"))
    )
    return (
        contents.join(F.broadcast(places), on="file_name", how="inner")
        .select(
            "window",
            "partition",
            "first_offset",
            "written_at",
            "is_utf8",
            F.posexplode(F.split("value", "\n")).alias("line_number", "line"),
        )
        .where(F.trim("line") != "")
        .select(
            "window",
            "partition",
            "first_offset",
            "written_at",
            "line_number",
            "line",
            (F.col("is_utf8") | ~F.contains("line", F.lit("\ufffd"))).alias(
                "is_intact"
            ),
        )
    )


def read_archived(
    spark: SparkSession, paths: Sequence[str], windows: Sequence[Window] | None = None
) -> DataFrame:
    """Read the lines of archived files, like ``read_lines`` for the sink's files.

    Args:
        spark: A session on the cluster that sees the files.
        paths: With the prefix of the file system; at least one.
        windows: The windows of the source files; other source files are skipped. By
            default, all lines belong to the history.
    """
    from pyspark.sql.connect import functions as F  # noqa: N812

    archived = spark.read.parquet(*paths).withColumn("window", F.lit(HISTORY))
    if windows is not None:
        rows = [(f.name, window.index) for window in windows for f in window.files]
        places = spark.createDataFrame(rows, "file_name STRING, window INT")
        archived = archived.drop("window").join(
            F.broadcast(places), on="file_name", how="inner"
        )
    text = F.col("line").cast("STRING")
    # Withdrawn lines are null.
    return archived.where(F.col("line").isNotNull()).select(
        "window",
        "partition",
        "first_offset",
        F.col("written_at").cast("DOUBLE").alias("written_at"),
        "line_number",
        text.alias("line"),
        F.is_valid_utf8(text).alias("is_intact"),
    )


def archived_sources(spark: SparkSession, paths: Sequence[str]) -> DataFrame:
    """Return the source files of archived files.

    Args:
        spark: A session on the cluster that sees the files.
        paths: With the prefix of the file system; at least one.

    Returns:
        A row for each non-empty source file, with columns ``file_name``, ``partition``,
        ``first_offset``, ``last_offset`` and ``written_at`` (seconds since 1970).
    """
    from pyspark.sql.connect import functions as F  # noqa: N812

    return (
        spark.read.parquet(*paths)
        .select(
            "file_name",
            "partition",
            "first_offset",
            "last_offset",
            F.col("written_at").cast("DOUBLE").alias("written_at"),
        )
        .distinct()
    )
