"""From lines of files to recommended cards: functions from DataFrame to DataFrame.

``docs/explanation/recommender.md`` has the formula and an example by hand.

**The latest card.** A line's position is its file's first offset and its line number.
All cards of a product are in one partition, so the card with the greatest position is
the latest.

**Deterministic.** Prices and weights are summed as decimals, so no sum depends on the
order in which tasks finish.

**Original bytes.** The original line is kept and returned. Cards are parsed only for
the fields that the score needs, and are never serialized again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from goodsflow.model.blocklist import FIELDS, BlockRules, Scope
from goodsflow.pipeline.blocklist.spark import IS_BLOCKED, mark_blocked
from goodsflow.pipeline.recommender.search_interest import Interest
from goodsflow.pipeline.recommender.settings import Scoring
from goodsflow.pipeline.recommender.windows import HISTORY

if TYPE_CHECKING:
    from pyspark.sql.column import Column
    from pyspark.sql.dataframe import DataFrame

CARD_SCHEMA = (
    "product_id STRING, name STRING, brand STRING, "
    "price STRUCT<amount: DOUBLE, currency: STRING>, "
    "stock STRUCT<available: BIGINT, reserved: BIGINT>"
)
"""The fields of a card that the score needs."""

EVENT_SCHEMA = "type STRING, query STRUCT<name: STRING, brand: STRING>, at TIMESTAMP"
"""The fields of an event that the score needs."""

_AMOUNT_TYPE = "DECIMAL(20, 4)"
_SUM_TYPE = "DECIMAL(38, 4)"
_WEIGHT_TYPE = "DECIMAL(28, 12)"
_SEARCHES_SCHEMA = (
    "window INT, part_of_name STRING, part_of_brand STRING, weight DOUBLE"
)


def parse_cards(lines: DataFrame) -> DataFrame:
    """Extract the fields that the score needs from each line.

    Args:
        lines: From ``file_lines.read_lines``.

    Returns:
        The same rows with ``is_card``, ``product_id``, ``name``, ``brand``, ``amount``,
        ``currency`` and ``free_stock``, which may be null if the line isn't a card.
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
        F.coalesce("card.name", F.lit("")).alias("name"),
        F.coalesce("card.brand", F.lit("")).alias("brand"),
        F.col("card.price.amount").try_cast(_AMOUNT_TYPE).alias("amount"),
        F.coalesce("card.price.currency", F.lit("")).alias("currency"),
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


def gather_products(cards: DataFrame) -> DataFrame:
    """Aggregate the cards of each product by window and currency.

    Args:
        cards: From ``parse_cards``.

    Returns:
        Columns ``window``, ``is_card``, ``product_id``, ``currency``, ``price_sum``,
        ``price_count``, ``place`` and ``latest``: position and fields of the latest
        card. Lines that aren't cards are counted in one row per window, with
        ``is_card`` false.
    """
    from pyspark.sql.connect import functions as F  # noqa: N812

    place = F.struct("first_offset", "line_number", "partition")
    latest = F.struct("amount", "free_stock", "name", "brand", "line")
    keys = [
        F.when(F.col("is_card"), F.col(name)).alias(name)
        for name in ("product_id", "currency")
    ]
    return cards.groupBy("window", "is_card", *keys).agg(
        F.sum("amount").cast(_SUM_TYPE).alias("price_sum"),
        F.count("*").alias("price_count"),
        F.max(place).alias("place"),
        F.max_by(latest, place).alias("latest"),
    )


@dataclass(frozen=True)
class Counts:
    """Counts of the lines of a run.

    Attributes:
        cards: Lines that are cards, without history.
        bad_lines: Lines that aren't cards, without history.
        products: Products per window and currency, with history.
    """

    cards: int
    bad_lines: int
    products: int


def count_lines(products: DataFrame) -> Counts:
    """Count the lines of a run.

    Args:
        products: From ``gather_products``.
    """
    from pyspark.sql.connect import functions as F  # noqa: N812

    def count(condition: Column, value: Column) -> Column:
        return F.coalesce(F.sum(F.when(condition, value)), F.lit(0))

    is_new, is_card = F.col("window") > HISTORY, F.col("is_card")
    found = products.select(
        count(is_new & is_card, F.col("price_count")).alias("cards"),
        count(is_new & ~is_card, F.col("price_count")).alias("bad_lines"),
        count(is_card, F.lit(1)).alias("products"),
    ).collect()[0]
    return Counts(found["cards"], found["bad_lines"], found["products"])


def add_prices(known: DataFrame, products: DataFrame) -> DataFrame:
    """Add the prices of the windows to the known prices.

    Args:
        known: Prices of any segments, with schema ``state.PRICES_SCHEMA``.
        products: From ``gather_products``.
    """
    from pyspark.sql.connect import functions as F  # noqa: N812

    columns = ("product_id", "currency", "price_sum", "price_count")
    return (
        known.unionByName(products.where("is_card").select(*columns))
        .groupBy("product_id", "currency")
        .agg(
            F.sum("price_sum").cast(_SUM_TYPE).alias("price_sum"),
            F.sum("price_count").alias("price_count"),
        )
    )


def count_searches(
    lines: DataFrame, times: Sequence[float], half_life_seconds: float
) -> DataFrame:
    """Sum up the searches among the events, by search and window.

    An event counts from its own timestamp, but no later than the time at which its file
    was written, so a clock that is ahead doesn't make a search stronger.

    Args:
        lines: From ``file_lines.read_lines``, of files of events.
        times: The windows' times in seconds since 1970, in ascending order.
        half_life_seconds: The time after which a search counts half.

    Returns:
        Columns ``name``, ``brand`` (in lower case, ``""`` if not searched for),
        ``window`` (the first one at or after the search; one after the last if there is
        none) and ``weight`` at the time of that window, or of the last one.
    """
    from pyspark.sql.connect import functions as F  # noqa: N812

    moments = F.array(*(F.lit(float(time)) for time in times))
    event = F.from_json("line", EVENT_SCHEMA, {"mode": "PERMISSIVE"})
    searches = (
        lines.where("is_intact")
        .withColumn("event", event)
        .where("event.type = 'search' AND event.at IS NOT NULL")
        .select(
            F.lower(F.coalesce("event.query.name", F.lit(""))).alias("name"),
            F.lower(F.coalesce("event.query.brand", F.lit(""))).alias("brand"),
            F.least(
                F.unix_millis("event.at") / F.lit(1000.0), F.col("written_at")
            ).alias("at"),
        )
        # A search for everything shows no interest in anything.
        .where("name != '' OR brand != ''")
        .withColumn("window", F.size(F.filter(moments, lambda t: t < F.col("at"))))
    )
    then = F.element_at(moments, F.least("window", F.lit(len(times) - 1)) + 1)
    weight = F.pow(F.lit(2.0), (F.col("at") - then) / F.lit(half_life_seconds))
    return searches.groupBy("name", "brand", "window").agg(
        F.sum(weight.cast(_WEIGHT_TYPE)).cast("DOUBLE").alias("weight")
    )


def recommend_cards(
    products: DataFrame,
    known: DataFrame,
    interests: Sequence[Interest],
    *,
    blocked: BlockRules | None = None,
    per_window: int = 3,
    scoring: Scoring | None = None,
) -> DataFrame:
    """Pick the best cards of each window.

    Candidates are products whose latest card in the window has free stock and a price,
    which aren't blocked, and which aren't sold out in a later window. Those with the
    highest score win; ties are broken by ``product_id``.

    Args:
        products: From ``gather_products``. Windows before 0 are history.
        known: The prices of earlier windows, with schema ``state.PRICES_SCHEMA``. A
            product may have several rows.
        interests: The users' interest at each window, by its index.
        blocked: Rules for cards not to recommend; by default none.
        per_window: The maximum number of products per window.
        scoring: By default, the default settings.

    Returns:
        Columns ``window``, ``rank`` (from 1), ``product_id``, ``score``,
        ``mean_amount``, ``amount``, ``currency``, ``free_stock``, ``interest`` and
        ``line``: the latest card's original bytes.
    """
    from pyspark.sql.connect import functions as F  # noqa: N812
    from pyspark.sql.connect.window import Window as Over

    scoring = scoring or Scoring()
    products = products.where("is_card").drop("is_card")
    history = (
        Over.partitionBy("product_id", "currency")
        .orderBy("window")
        .rowsBetween(Over.unboundedPreceding, Over.currentRow)
    )
    newest = Over.partitionBy("product_id").orderBy(F.desc("place"))
    newest_of_window = Over.partitionBy("window", "product_id").orderBy(F.desc("place"))
    # The history may be long: look up only the products of the windows.
    offered = (
        known.join(
            F.broadcast(products.select("product_id", "currency").distinct()),
            on=["product_id", "currency"],
            how="inner",
        )
        .groupBy("product_id", "currency")
        .agg(
            F.sum("price_sum").cast(_SUM_TYPE).alias("sum_before"),
            F.sum("price_count").alias("count_before"),
        )
    )
    candidates = _drop_blocked(
        products.join(F.broadcast(offered), on=["product_id", "currency"], how="left")
        .select(
            "window",
            "product_id",
            "currency",
            "latest.*",
            (
                F.sum("price_sum").over(history) + F.coalesce("sum_before", F.lit(0))
            ).alias("price_sum"),
            (
                F.sum("price_count").over(history)
                + F.coalesce("count_before", F.lit(0))
            ).alias("price_count"),
            F.first("latest.free_stock").over(newest).alias("free_now"),
            F.row_number().over(newest_of_window).alias("recency"),
        )
        .where("recency = 1 AND window >= 0")
        .where("amount > 0 AND free_stock > 0 AND free_now > 0"),
        blocked or BlockRules(),
    ).withColumn(
        "mean_amount", F.col("price_sum").cast(_SUM_TYPE) / F.col("price_count")
    )
    shown = _interest_of(candidates, interests, scoring)
    price = F.expr("CAST(mean_amount / amount AS DOUBLE)")
    free = F.col("free_stock").cast("DOUBLE")
    availability = free / (free + F.lit(scoring.scarce_stock))
    interest = F.lit(1.0) + F.lit(scoring.interest_weight) * F.log1p("interest")
    best_first = Over.partitionBy("window").orderBy(
        F.desc("score"), F.asc("product_id")
    )
    return (
        candidates.join(F.broadcast(shown), on=["window", "product_id"], how="left")
        .withColumn("interest", F.coalesce("interest", F.lit(0.0)))
        .withColumn("score", price * availability * interest)
        .withColumn("rank", F.row_number().over(best_first))
        .where(F.col("rank") <= per_window)
        .select(
            "window",
            "rank",
            "product_id",
            "score",
            F.col("mean_amount").cast("DOUBLE").alias("mean_amount"),
            F.col("amount").cast("DOUBLE").alias("amount"),
            "currency",
            "free_stock",
            "interest",
            F.col("line").cast("BINARY").alias("line"),
        )
    )


def _drop_blocked(candidates: DataFrame, blocked: BlockRules) -> DataFrame:
    """Drop the candidates that a rule blocks."""
    from pyspark.sql.connect import functions as F  # noqa: N812

    line = F.col("line").cast("STRING")
    columns: dict[Scope, Column] = {
        scope: F.get_json_object(line, f"$.{name}") for scope, name in FIELDS.items()
    }
    # Only the other fields are extracted from the line.
    columns["product"] = F.col("product_id")
    marked = mark_blocked(candidates, blocked, columns)
    return marked.where(~F.col(IS_BLOCKED)).drop(IS_BLOCKED)


def _interest_of(
    candidates: DataFrame, interests: Sequence[Interest], scoring: Scoring
) -> DataFrame:
    """Return ``window``, ``product_id`` and ``interest`` of searched products."""
    from pyspark.sql.connect import functions as F  # noqa: N812

    rows = [
        (index, search.name, search.brand, weight)
        for index, interest in enumerate(interests)
        for search, weight in interest.strongest(scoring.max_searches)
    ]
    searches = candidates.sparkSession.createDataFrame(rows, _SEARCHES_SCHEMA)
    asked_for = F.contains(F.lower("name"), F.col("part_of_name")) & F.contains(
        F.lower("brand"), F.col("part_of_brand")
    )
    return (
        candidates.join(F.broadcast(searches), on="window", how="inner")
        .where(asked_for)
        .groupBy("window", "product_id")
        .agg(F.sum(F.col("weight").cast(_WEIGHT_TYPE)).cast("DOUBLE").alias("interest"))
    )
