"""Converting the sink's files to Parquet, and comparing both, with Spark.

**Bytes.** Files are read as ISO 8859-1, in which each byte is one character. So each
line keeps its original bytes, even if they aren't valid text. A file is read as a
whole, so line numbers are exact.

**Comparison.** For each source file: the number of lines, the number of bytes including
line breaks, and the sum of hashes of the lines with their numbers. Sources are read
again for the comparison, and their bytes are counted before they are split.

**Withdrawn cards.** For a blocked card, the position is kept and the content is
removed: its line and its columns are null, and ``withdrawn_hash`` and
``withdrawn_bytes`` keep the values for the comparison, which therefore gives the same
result as before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from goodsflow.clients.hdfs import TopicFile
from goodsflow.common.counting import counted
from goodsflow.model.blocklist import BlockRules, Scope
from goodsflow.pipeline.archive.plan import Group
from goodsflow.pipeline.blocklist.spark import IS_BLOCKED, mark_blocked

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession
    from pyspark.sql.dataframe import DataFrame

SPARK_CONFIG = {
    "spark.app.name": "archive",
    "spark.sql.session.timeZone": "UTC",
    # The default type is deprecated in Parquet.
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.shuffle.partitions": "4",
}

_CARD_SCHEMA = (
    "product_id STRING, name STRING, brand STRING, category STRING, "
    "price STRUCT<amount: DOUBLE, currency: STRING>, "
    "stock STRUCT<available: BIGINT, reserved: BIGINT>, "
    "store_id STRING, updated_at STRING"
)
_SOURCE_COLUMNS = {
    "file_name": "STRING",
    "part": "INT",
    "partition": "INT",
    "first_offset": "BIGINT",
    "last_offset": "BIGINT",
    "written_at": "TIMESTAMP",
}
_LINE_COLUMNS = {"line_number": "INT", "line": "BINARY"}
_CARD_COLUMNS = {
    "product_id": ("product_id", "STRING"),
    "name": ("name", "STRING"),
    "brand": ("brand", "STRING"),
    "category": ("category", "STRING"),
    "amount": ("price.amount", "DECIMAL(20, 4)"),
    "currency": ("price.currency", "STRING"),
    "available": ("stock.available", "BIGINT"),
    "reserved": ("stock.reserved", "BIGINT"),
    "store_id": ("store_id", "STRING"),
    "updated_at": ("updated_at", "TIMESTAMP"),
}
"""Columns of a card, each with its field and its type."""

_WITHDRAWN_COLUMNS = {"withdrawn_hash": "BIGINT", "withdrawn_bytes": "INT"}

ARCHIVE_COLUMNS: Mapping[str, str] = {
    # Spark writes a folder for each part, and leaves the column out.
    **{name: kind for name, kind in _SOURCE_COLUMNS.items() if name != "part"},
    **_LINE_COLUMNS,
    **{name: kind for name, (_, kind) in _CARD_COLUMNS.items()},
    **_WITHDRAWN_COLUMNS,
}
"""The columns of an archived file, with their types in Spark."""

_COMPARED_COLUMNS = (
    "file_name",
    "line_number",
    "line",
    "product_id",
    *_WITHDRAWN_COLUMNS,
)
_PLACE_COLUMNS = frozenset({*_SOURCE_COLUMNS, "line_number"})
_BLOCK_COLUMNS: dict[Scope, str] = {
    "product": "product_id",
    "brand": "brand",
    "store": "store_id",
    "category": "category",
}
_ROW_GROUP_BYTES = 16 << 20
"""Each task holds a row group in memory; the default is too large for a small
executor."""
_MAX_TASKS = 64


@dataclass(frozen=True)
class Content:
    """The compared content of a source file, or of its archived lines."""

    lines: int
    bytes: int
    hashes: int


def write_parts(
    spark: SparkSession,
    groups: Sequence[Group],
    root: str,
    folder: str,
    blocked: BlockRules,
) -> None:
    """Write a Parquet file for each group, in ``folder/part=<index>/``.

    Args:
        spark: A session on the cluster that sees the files.
        groups: At least one.
        root: Prefix of paths, such as ``hdfs://namenode:8020``.
        folder: Must not exist yet.
        blocked: Rules for the cards to withdraw.
    """
    parts = max(1, min(len(groups), _MAX_TASKS))
    lines = _read_lines(spark, groups, root)
    (
        _withdraw(_with_cards(lines), blocked)
        # All lines of a group are in one task, and therefore in one file.
        .repartition(parts, "part")
        .sortWithinPartitions("part", "first_offset", "line_number")
        .write.option("compression", "zstd")
        .option("parquet.block.size", _ROW_GROUP_BYTES)
        .partitionBy("part")
        .parquet(f"{root}{folder}")
    )


def find_blocked(
    spark: SparkSession, paths: Sequence[str], root: str, blocked: BlockRules
) -> list[str]:
    """Return the archived files with blocked cards that aren't withdrawn yet."""
    from pyspark.sql.connect import functions as F  # noqa: N812

    cards = spark.read.parquet(*(f"{root}{path}" for path in paths)).select(
        F.col("_metadata.file_name").alias("archived_as"), *_BLOCK_COLUMNS.values()
    )
    found = (
        _mark(cards, blocked).where(F.col(IS_BLOCKED)).select("archived_as").distinct()
    )
    names = {row["archived_as"] for row in found.collect()}
    return [path for path in paths if path.rsplit("/", 1)[-1] in names]


def write_withdrawn(
    spark: SparkSession, path: str, root: str, folder: str, blocked: BlockRules
) -> None:
    """Write an archived file again, without the content of blocked cards.

    Args:
        spark: A session on the cluster that sees the files.
        path: The archived file.
        root: Prefix of paths.
        folder: For the new file; must not exist yet.
        blocked: Rules for the cards to withdraw.
    """
    from pyspark.sql.connect import functions as F  # noqa: N812

    archived: DataFrame = spark.read.parquet(f"{root}{path}")
    for name, kind in _WITHDRAWN_COLUMNS.items():
        if name not in archived.columns:
            archived = archived.withColumn(name, F.lit(None).cast(kind))
    (
        _withdraw(archived, blocked)
        .repartition(1)
        .sortWithinPartitions("first_offset", "line_number")
        .write.option("compression", "zstd")
        .option("parquet.block.size", _ROW_GROUP_BYTES)
        .parquet(f"{root}{folder}")
    )


def _mark(cards: DataFrame, blocked: BlockRules) -> DataFrame:
    from pyspark.sql.connect import functions as F  # noqa: N812

    columns = {scope: F.col(name) for scope, name in _BLOCK_COLUMNS.items()}
    return mark_blocked(cards, blocked, columns)


def _withdraw(cards: DataFrame, blocked: BlockRules) -> DataFrame:
    """Remove the content of blocked cards; keep cards that are already withdrawn."""
    from pyspark.sql.connect import functions as F  # noqa: N812

    known = {
        "withdrawn_hash": F.xxhash64("line_number", "line"),
        "withdrawn_bytes": F.octet_length("line"),
    }
    marked = _mark(cards, blocked)
    names = [name for name in cards.columns if name not in known]
    is_blocked = F.col(IS_BLOCKED)
    before = {
        name: F.col(name) if name in cards.columns else F.lit(None).cast(kind)
        for name, kind in _WITHDRAWN_COLUMNS.items()
    }
    return marked.select(
        *(
            F.col(name)
            if name in _PLACE_COLUMNS
            else F.when(~is_blocked, F.col(name)).alias(name)
            for name in names
        ),
        *(
            F.when(is_blocked, value).otherwise(before[name]).alias(name)
            for name, value in known.items()
        ),
    )


def source_contents(
    spark: SparkSession, files: Sequence[TopicFile], root: str
) -> dict[str, Content]:
    """Return the content of source files, by name."""
    from pyspark.sql.connect import functions as F  # noqa: N812

    whole = _read_whole(spark, files, root).withColumn(
        "length",
        F.octet_length("content")
        + F.when(F.expr("endswith(content, X'0A')"), 0).otherwise(1),
    )
    totals = (
        whole.select("file_name", "length", _split_lines())
        .withColumn("line", F.encode("text", "ISO-8859-1"))
        .groupBy("file_name")
        .agg(*_content(F.max("length"), F.xxhash64("line_number", "line")))
    )
    return {row["file_name"]: _to_content(row) for row in totals.collect()}


def archived_contents(
    spark: SparkSession, paths: Sequence[str], root: str
) -> tuple[dict[tuple[str, str], Content], int]:
    """Return the content of archived files by file and source, and the cards in all."""
    from pyspark.sql.connect import functions as F  # noqa: N812

    length = F.coalesce("withdrawn_bytes", F.octet_length("line")) + F.lit(1)
    hashed = F.coalesce("withdrawn_hash", F.xxhash64("line_number", "line"))
    totals = (
        # Files from older versions lack some of these columns.
        spark.read.schema(
            _to_ddl({name: ARCHIVE_COLUMNS[name] for name in _COMPARED_COLUMNS})
        )
        .parquet(*(f"{root}{path}" for path in paths))
        .select(F.col("_metadata.file_name").alias("archived_as"), "*")
        .groupBy("archived_as", "file_name")
        .agg(
            *_content(F.sum(length), hashed),
            F.count_if(
                F.col("product_id").isNotNull() | F.col("withdrawn_hash").isNotNull()
            ).alias("cards"),
        )
    )
    rows = totals.collect()
    contents = {(r["archived_as"], r["file_name"]): _to_content(r) for r in rows}
    return contents, sum(row["cards"] for row in rows)


def differences(
    parquet_names: Mapping[TopicFile, str],
    sources: Mapping[str, Content],
    archived: Mapping[tuple[str, str], Content],
) -> list[str]:
    """Describe each source file whose archived lines differ.

    Args:
        parquet_names: Source files, each with the name of its Parquet file.
        sources: From ``source_contents``.
        archived: From ``archived_contents``.
    """
    return [
        f"{file.path} has {_describe(sources.get(file.name))}, but {name} has "
        f"{_describe(archived.get((name, file.name)))} of it"
        for file, name in parquet_names.items()
        if sources.get(file.name) is None
        or sources.get(file.name) != archived.get((name, file.name))
    ]


def _describe(content: Content | None) -> str:
    if content is None:
        return "no lines"
    lines = counted(content.lines, "line")
    return f"{lines} in {content.bytes:,} bytes ({content.hashes:x})"


def _read_whole(
    spark: SparkSession, files: Sequence[TopicFile], root: str
) -> DataFrame:
    from pyspark.sql.connect import functions as F  # noqa: N812

    return (
        spark.read.format("text")
        .option("wholetext", "true")
        .load([f"{root}{file.path}" for file in files])
        .select(
            F.col("_metadata.file_name").alias("file_name"),
            F.col("value").cast("BINARY").alias("content"),
        )
    )


def _split_lines() -> Any:
    from pyspark.sql.connect import functions as F  # noqa: N812

    text = F.decode("content", "ISO-8859-1")
    # An empty text after the last line break is not a line.
    ended = F.when(F.endswith(text, F.lit("\n")), text).otherwise(
        F.concat(text, F.lit("\n"))
    )
    lines = F.split(ended, "\n")
    return F.posexplode(F.slice(lines, F.lit(1), F.size(lines) - 1)).alias(
        "line_number", "text"
    )


def _read_lines(spark: SparkSession, groups: Sequence[Group], root: str) -> DataFrame:
    from pyspark.sql.connect import functions as F  # noqa: N812

    rows = [
        (
            file.name,
            part,
            file.partition,
            file.first_offset,
            file.last_offset,
            file.modified_at,
        )
        for part, group in enumerate(groups)
        for file in group.files
    ]
    files = [file for group in groups for file in group.files]
    sources = spark.createDataFrame(rows, _to_ddl(_SOURCE_COLUMNS))
    return (
        _read_whole(spark, files, root)
        .join(F.broadcast(sources), on="file_name", how="inner")
        .select(*sources.columns, _split_lines())
        .withColumn("line", F.encode("text", "ISO-8859-1"))
        .drop("text")
    )


def _with_cards(lines: DataFrame) -> DataFrame:
    """Add the columns of a card, which are null if the line isn't a card."""
    from pyspark.sql.connect import functions as F  # noqa: N812

    text = F.col("line").cast("STRING")
    options = {"mode": "PERMISSIVE", "allowNonNumericNumbers": "false"}
    card = F.when(F.is_valid_utf8(text), F.from_json(text, _CARD_SCHEMA, options))
    found = lines.withColumn("parsed", card)
    is_card = F.expr("coalesce(parsed.product_id, '') != ''")
    return found.withColumn("card", F.when(is_card, F.col("parsed"))).select(
        *lines.columns,
        *(
            F.col(f"card.{field}").try_cast(kind).alias(name)
            for name, (field, kind) in _CARD_COLUMNS.items()
        ),
    )


def _to_ddl(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in columns.items())


def _content(length: Any, hashed: Any) -> list[Any]:
    from pyspark.sql.connect import functions as F  # noqa: N812

    return [
        F.count("line_number").alias("lines"),
        length.alias("bytes"),
        F.sum(hashed.cast("DECIMAL(38, 0)")).alias("hashes"),
    ]


def _to_content(row: Any) -> Content:
    return Content(int(row["lines"]), int(row["bytes"]), int(row["hashes"]))
