"""From the lines of files to the recommended cards: DataFrame in, DataFrame out.

**The latest card.** A record's place is its partition's offset, and a line's place is
its file's first offset and its position in the file. A key lives in one partition, so
among a product's cards the greatest place is the latest. The position is exact because
a file is read whole and split here: Spark's own line reader may split a large file
between tasks, after which no function of Spark numbers the lines of the file.

**The score** of a product is its mean price in the window over its latest price: above
1 it is cheaper than it was. Prices are averaged as decimals, so that the sum, and with
it the order of equals, does not depend on the order in which tasks finish.

**Original bytes.** The line itself is carried along and returned; cards are parsed only
for what the score needs, and never written anew. Splitting decodes the text, which puts
U+FFFD where a byte is not UTF-8. A line with that character, in a file that is not
UTF-8, is therefore no card.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from goodsflow.recommender.windows import Window

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession
    from pyspark.sql.dataframe import DataFrame

CARD_SCHEMA = (
    "product_id STRING, "
    "price STRUCT<amount: DOUBLE, currency: STRING>, "
    "stock STRUCT<available: BIGINT, reserved: BIGINT>"
)
"""What the score needs of a card."""

_AMOUNT_TYPE = "DECIMAL(20, 4)"
_WINDOWS_SCHEMA = "file_name STRING, window INT, partition INT, first_offset BIGINT"


def read_lines(spark: SparkSession, windows: Sequence[Window], root: str) -> DataFrame:
    """Read the files of all windows as lines, each with its window and its place.

    Args:
        spark: A session on the cluster that sees the files.
        windows: At least one.
        root: Prefix of the files' paths, such as ``hdfs://namenode:8020``.

    Returns:
        Columns ``window``, ``partition``, ``first_offset``, ``line_number`` (from 0),
        ``line`` and ``is_intact`` (its bytes are those of the file), a row for each
        line that is not blank.
    """
    from pyspark.sql.connect import functions as F  # noqa: N812 - pyspark's own convention

    rows = [
        (file.name, window.index, file.partition, file.first_offset)
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
            "is_utf8",
            F.posexplode(F.split("value", "\n")).alias("line_number", "line"),
        )
        .where(F.trim("line") != "")
        .select(
            "window",
            "partition",
            "first_offset",
            "line_number",
            "line",
            (F.col("is_utf8") | ~F.contains("line", F.lit("\ufffd"))).alias(
                "is_intact"
            ),
        )
    )


def parse_cards(lines: DataFrame) -> DataFrame:
    """Take from each line what the score needs.

    Args:
        lines: As ``read_lines`` returns them.

    Returns:
        The same rows with ``is_card``, ``product_id``, ``amount`` and ``free_stock``,
        which are null where the line is no card.
    """
    from pyspark.sql.connect import functions as F  # noqa: N812

    options = {"mode": "PERMISSIVE", "allowNonNumericNumbers": "false"}
    card = F.from_json("line", CARD_SCHEMA, options)
    fields = lines.withColumn("card", card).select(
        "window",
        "partition",
        "first_offset",
        "line_number",
        "line",
        "is_intact",
        F.col("card.product_id").alias("product_id"),
        F.col("card.price.amount").try_cast(_AMOUNT_TYPE).alias("amount"),
        F.expr("try_subtract(card.stock.available, card.stock.reserved)").alias(
            "free_stock"
        ),
    )
    is_card = (
        F.col("is_intact")
        & (F.col("product_id") != "")
        & (F.col("amount") >= 0)
        & F.col("free_stock").isNotNull()
    )
    return fields.withColumn("is_card", F.coalesce(is_card, F.lit(False)))


def recommend_cards(cards: DataFrame, per_window: int) -> DataFrame:
    """Pick the best cards of each window.

    Of the products whose latest card in the window has free stock and a price, those
    with the greatest score; equals go by ``product_id``.

    Args:
        cards: As ``parse_cards`` returns them.
        per_window: How many products at most.

    Returns:
        Columns ``window``, ``rank`` (from 1), ``product_id``, ``score``,
        ``mean_amount``, ``amount`` and ``line``: the latest card's bytes as they were
        read.
    """
    from pyspark.sql.connect import functions as F  # noqa: N812
    from pyspark.sql.connect.window import Window as Over

    place = F.struct("first_offset", "line_number", "partition")
    products = (
        cards.where("is_card")
        .groupBy("window", "product_id")
        .agg(
            F.avg("amount").alias("mean_amount"),
            F.max_by(F.struct("amount", "free_stock", "line"), place).alias("latest"),
        )
    )
    scored = products.where("latest.free_stock > 0 AND latest.amount > 0").select(
        "window",
        "product_id",
        F.expr("CAST(mean_amount / latest.amount AS DOUBLE)").alias("score"),
        F.col("mean_amount").cast("DOUBLE").alias("mean_amount"),
        F.col("latest.amount").cast("DOUBLE").alias("amount"),
        F.col("latest.line").cast("BINARY").alias("line"),
    )
    best_first = Over.partitionBy("window").orderBy(
        F.desc("score"), F.asc("product_id")
    )
    return (
        scored.withColumn("rank", F.row_number().over(best_first))
        .where(F.col("rank") <= per_window)
        .select(
            "window", "rank", "product_id", "score", "mean_amount", "amount", "line"
        )
    )
