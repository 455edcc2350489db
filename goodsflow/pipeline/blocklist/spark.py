"""The block list applied to a Spark DataFrame."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from goodsflow.model.blocklist import BlockRules, Scope

if TYPE_CHECKING:
    from pyspark.sql.column import Column
    from pyspark.sql.dataframe import DataFrame

IS_BLOCKED = "is_blocked"

_FEW_RULES = 100
"""More rules are joined: Spark is slow to plan a condition of thousands of values."""


def mark_blocked(
    rows: DataFrame, rules: BlockRules, columns: Mapping[Scope, Column]
) -> DataFrame:
    """Add the column ``is_blocked``, which is never null. No row is added or lost.

    Args:
        rows: Any rows.
        rules: The rules in force.
        columns: By scope, the column that its rules apply to.
    """
    from pyspark.sql.connect import functions as F  # noqa: N812

    conditions = []
    listed = []
    for scope, column in columns.items():
        texts = sorted(rules.texts(scope))
        if not texts:
            continue
        if len(texts) <= _FEW_RULES:
            conditions.append(F.coalesce(column.isin(texts), F.lit(False)))
            continue
        name = f"blocked_{scope}"
        found = rows.sparkSession.createDataFrame(
            [(text,) for text in texts], f"{name} STRING"
        )
        rows = rows.join(F.broadcast(found), on=column == F.col(name), how="left")
        conditions.append(F.col(name).isNotNull())
        listed.append(name)
    is_blocked = reduce(or_, conditions) if conditions else F.lit(False)
    return rows.withColumn(IS_BLOCKED, is_blocked).drop(*listed)
