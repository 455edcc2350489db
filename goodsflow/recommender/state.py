"""What the recommender knows from earlier windows: a snapshot on HDFS, one a run.

``<state dir>/<name>/prices`` is Parquet, a row for each product and currency;
``<state dir>/<name>/interest.json`` is what users look for. A run writes its snapshot
before its transaction, and the transaction commits its name with the offsets: whatever
is not named there is left over from a run that failed, and nobody reads it.
"""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

from goodsflow.hdfs import HdfsClient, HdfsNotFoundError
from goodsflow.recommender.cursor import Cursor
from goodsflow.recommender.interest import Interest

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession
    from pyspark.sql.dataframe import DataFrame

PRICES_SCHEMA = (
    "product_id STRING, currency STRING, price_sum DECIMAL(38, 4), price_count BIGINT"
)
"""Of each product in each currency: the sum of all prices seen, and how many."""

_NAME = re.compile(r"\d{20}-[0-9a-f]{8}")


def new_name(cursor: Cursor) -> str:
    """Name the snapshot of a run that ends at ``cursor``.

    The sum of all offsets comes first, so that names sort as runs follow each other; a
    part by chance follows, so that no two runs write to one place.
    """
    total = sum(cursor.offsets.values()) + sum(cursor.event_offsets.values())
    return f"{total:020d}-{uuid.uuid4().hex[:8]}"


class StateStore:
    """The snapshots in one directory.

    Args:
        client: Of HDFS, as who may write there.
        root: Prefix of paths for Spark, such as ``hdfs://namenode:8020``.
        state_dir: The directory; it is there.
    """

    def __init__(self, client: HdfsClient, root: str, state_dir: str) -> None:
        self._client = client
        self._root = root
        self._dir = state_dir.rstrip("/")

    def has(self, name: str | None) -> bool:
        """Whether there is such a snapshot; it is complete where a cursor names it.

        Raises:
            HdfsError: The NameNode refused or did not answer.
        """
        if name is None or not _NAME.fullmatch(name):
            return False
        try:
            return self._client.status(self._interest(name)).size > 0
        except HdfsNotFoundError:
            return False

    def prices(self, spark: SparkSession, name: str | None) -> DataFrame:
        """Return the prices of a snapshot; none where ``name`` is None."""
        if name is None:
            return spark.createDataFrame([], PRICES_SCHEMA)
        return spark.read.schema(PRICES_SCHEMA).parquet(self._prices(name))

    def interest(self, name: str | None) -> Interest:
        """Return the interest of a snapshot; none where ``name`` is None.

        Raises:
            HdfsError: The NameNode or a DataNode refused or did not answer.
        """
        if name is None:
            return Interest()
        return Interest.from_json(self._client.read(self._interest(name)))

    def save(self, name: str, prices: DataFrame, interest: Interest) -> None:
        """Write a snapshot.

        Raises:
            HdfsError: The NameNode or a DataNode refused or did not answer.
            SparkError: Spark refused or failed.
        """
        prices.write.parquet(self._prices(name))
        self._client.write(self._interest(name), interest.to_json().encode())

    def prune(self, current: str) -> None:
        """Remove the snapshots that were superseded before ``current`` was written.

        Those after it may belong to a run that is newer than the caller.

        Raises:
            HdfsError: The NameNode refused or did not answer.
        """
        for status in self._client.list_directory(self._dir):
            if _NAME.fullmatch(status.name) and status.name < current:
                self._client.delete(status.path, recursive=True)

    def _prices(self, name: str) -> str:
        return f"{self._root}{self._dir}/{name}/prices"

    def _interest(self, name: str) -> str:
        return f"{self._dir}/{name}/interest.json"
