"""The recommender's state from earlier windows: one snapshot on HDFS per run.

``<state dir>/<name>/snapshot.json`` has the users' interest and the names of all
segments of prices. ``<state dir>/<name>/prices`` is the segment that this run added, as
Parquet: a row for each product and currency. A run saves its snapshot before its
transaction, and the transaction commits the snapshot's name with the offsets. If a
snapshot's name was never committed, it is a leftover of a failed run, and nobody reads
it.

**Cost.** A run writes only new prices: prices are sums, so the sums of all segments add
up. Small segments are merged with the new one as soon as that has half as many rows, so
a price is rewritten only a logarithmic number of times, and there are few folders to
read. (A log-structured merge tree does the same: P. O'Neil et al., 1996.)
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from goodsflow.clients.hdfs import HdfsClient, HdfsNotFoundError
from goodsflow.pipeline.recommender.cursor import Cursor
from goodsflow.pipeline.recommender.search_interest import Interest

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession
    from pyspark.sql.dataframe import DataFrame

PRICES_SCHEMA = (
    "product_id STRING, currency STRING, price_sum DECIMAL(38, 4), price_count BIGINT"
)
"""For each product and currency: the sum and the number of the prices seen."""

SMALL_ROWS = 20_000
"""Writing so many prices is faster than reading one more folder."""

_NAME = re.compile(r"\d{20}-[0-9a-f]{8}")


def new_name(cursor: Cursor) -> str:
    """Return a name for the snapshot of a run that ends at ``cursor``.

    It starts with the sum of all offsets, so names sort in the order of runs. A random
    part follows, so no two runs write to the same folder.
    """
    return f"{_total(cursor):020d}-{uuid.uuid4().hex[:8]}"


def is_named_for(name: str, cursor: Cursor) -> bool:
    """Return whether a snapshot's name matches a cursor's offsets.

    It doesn't if somebody changed or deleted some of the offsets.
    """
    is_name = _NAME.fullmatch(name) is not None
    return is_name and int(name.partition("-")[0]) == _total(cursor)


def _total(cursor: Cursor) -> int:
    return sum(cursor.offsets.values()) + sum(cursor.event_offsets.values())


@dataclass(frozen=True)
class Segment:
    """The prices that one run wrote: its snapshot's name and the number of rows."""

    name: str
    rows: int


@dataclass(frozen=True)
class Snapshot:
    """The state after a run.

    Attributes:
        segments: The segments of prices, the oldest first.
        interest: The users' interest.
    """

    segments: tuple[Segment, ...] = ()
    interest: Interest = field(default_factory=Interest)

    @property
    def rows(self) -> int:
        """The number of rows of prices to read."""
        return sum(segment.rows for segment in self.segments)

    def to_json(self) -> str:
        """Return the snapshot as a JSON object."""
        segments = [asdict(segment) for segment in self.segments]
        found = {"segments": segments, "interest": self.interest.to_dict()}
        return json.dumps(found, ensure_ascii=False)

    @classmethod
    def from_json(cls, content: bytes) -> Snapshot:
        """Read what ``to_json`` returned."""
        found = json.loads(content)
        return cls(
            tuple(Segment(**each) for each in found["segments"]),
            Interest.from_dict(found["interest"]),
        )


def split_segments(
    segments: Sequence[Segment], rows: int
) -> tuple[Sequence[Segment], Sequence[Segment]]:
    """Return the segments to keep, and those to merge with the new rows.

    Args:
        segments: The oldest first.
        rows: The number of new rows.
    """
    first = len(segments)
    while first and segments[first - 1].rows <= max(2 * rows, SMALL_ROWS):
        first -= 1
        rows += segments[first].rows
    return segments[:first], segments[first:]


class StateStore:
    """The snapshots in one directory.

    Args:
        client: An HDFS client that may write there.
        root: Prefix of paths for Spark, such as ``hdfs://namenode:8020``.
        state_dir: The directory, which must exist.
    """

    def __init__(self, client: HdfsClient, root: str, state_dir: str) -> None:
        self._client = client
        self._root = root
        self._dir = state_dir.rstrip("/")

    def has(self, name: str | None) -> bool:
        """Whether there is such a snapshot. One that a cursor names is complete.

        Raises:
            HdfsError: The NameNode refused or didn't answer.
        """
        if name is None or not _NAME.fullmatch(name):
            return False
        try:
            return self._client.status(self._snapshot(name)).size > 0
        except HdfsNotFoundError:
            return False

    def load(self, name: str | None) -> Snapshot:
        """Return a snapshot; an empty one if ``name`` is None.

        Raises:
            HdfsError: The NameNode or a DataNode refused or didn't answer.
        """
        if name is None:
            return Snapshot()
        return Snapshot.from_json(self._client.read(self._snapshot(name)))

    def prices(self, spark: SparkSession, segments: Sequence[Segment]) -> DataFrame:
        """Return the rows of segments. A product may have a row in each."""
        if not segments:
            return spark.createDataFrame([], PRICES_SCHEMA)
        paths = [self._prices(segment.name) for segment in segments]
        return spark.read.schema(PRICES_SCHEMA).parquet(*paths)

    def save(
        self, name: str, kept: Sequence[Segment], prices: DataFrame, interest: Interest
    ) -> None:
        """Write a snapshot.

        Args:
            name: The name of the snapshot.
            kept: The segments that are kept.
            prices: The segment to write.
            interest: The users' interest.

        Raises:
            HdfsError: The NameNode or a DataNode refused or didn't answer.
            SparkError: Spark refused or failed.
        """
        from pyspark.sql.connect import functions as F  # noqa: N812
        from pyspark.sql.connect.observation import Observation

        written = Observation()
        rows = F.count(F.lit(1)).alias("rows")
        # pyspark's annotation means the Observation of its other API.
        seen = prices.observe(written, rows)  # type: ignore[arg-type]
        seen.write.parquet(self._prices(name))
        segments = (*kept, Segment(name, written.get["rows"]))
        content = Snapshot(segments, interest).to_json()
        self._client.write(self._snapshot(name), content.encode())

    def prune(self, current: str, segments: Sequence[Segment]) -> None:
        """Remove snapshots older than ``current``, except the segments still in use.

        Newer snapshots are kept: they may belong to a run newer than the caller.

        Args:
            current: The name of the current snapshot.
            segments: The segments that it names.

        Raises:
            HdfsError: The NameNode refused or didn't answer.
        """
        needed = {segment.name for segment in segments}
        for status in self._client.list_directory(self._dir):
            name = status.name
            if _NAME.fullmatch(name) and name < current and name not in needed:
                self._client.delete(status.path, recursive=True)

    def _prices(self, name: str) -> str:
        return f"{self._root}{self._dir}/{name}/prices"

    def _snapshot(self, name: str) -> str:
        return f"{self._dir}/{name}/snapshot.json"
