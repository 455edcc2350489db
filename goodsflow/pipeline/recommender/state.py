"""What the recommender knows from earlier windows: a snapshot on HDFS, one a run.

``<state dir>/<name>/snapshot.json`` is what users look for, and the names of the
snapshots among whose prices its own are; ``<state dir>/<name>/prices`` are the prices
that its run has added, as Parquet: a row for each product and currency. A run writes
its snapshot before its transaction, and the transaction commits its name with the
offsets: whatever is not named there is left over from a run that failed, and nobody
reads it.

**Cost.** A run writes what is new and not what it knew already: prices are sums, so
those of several snapshots add up to all. Small ones are written once more with the new
ones as soon as these are half as many, so that a price is written about as often as the
number of prices can be halved, and few folders are to be read. (A log-structured merge
tree does the same: P. O'Neil et al., 1996.)
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
"""Of each product in each currency: the sum of the prices seen, and how many."""

SMALL_ROWS = 20_000
"""So many prices are written in less time than one more folder takes to read."""

_NAME = re.compile(r"\d{20}-[0-9a-f]{8}")


def new_name(cursor: Cursor) -> str:
    """Name the snapshot of a run that ends at ``cursor``.

    The sum of all offsets comes first, so that names sort as runs follow each other; a
    part by chance follows, so that no two runs write to one place.
    """
    return f"{_total(cursor):020d}-{uuid.uuid4().hex[:8]}"


def is_named_for(name: str, cursor: Cursor) -> bool:
    """Say whether a snapshot is the one that was left where a cursor stands.

    Somebody may have moved or deleted some offsets by hand, and others still name it.
    """
    is_name = _NAME.fullmatch(name) is not None
    return is_name and int(name.partition("-")[0]) == _total(cursor)


def _total(cursor: Cursor) -> int:
    return sum(cursor.offsets.values()) + sum(cursor.event_offsets.values())


@dataclass(frozen=True)
class Segment:
    """The prices that one run wrote: the name of its snapshot, and how many rows."""

    name: str
    rows: int


@dataclass(frozen=True)
class Snapshot:
    """What is known after a run.

    Attributes:
        segments: Whose prices add up to all, the oldest first.
        interest: What users look for.
    """

    segments: tuple[Segment, ...] = ()
    interest: Interest = field(default_factory=Interest)

    @property
    def rows(self) -> int:
        """How many rows of prices are to be read."""
        return sum(segment.rows for segment in self.segments)

    def to_json(self) -> str:
        """Return it as a JSON object."""
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
    """Return which segments stay, and which are written anew with as many new rows.

    Args:
        segments: The oldest first.
        rows: How many are new.
    """
    first = len(segments)
    while first and segments[first - 1].rows <= max(2 * rows, SMALL_ROWS):
        first -= 1
        rows += segments[first].rows
    return segments[:first], segments[first:]


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
            return self._client.status(self._snapshot(name)).size > 0
        except HdfsNotFoundError:
            return False

    def load(self, name: str | None) -> Snapshot:
        """Return a snapshot; an empty one where ``name`` is None.

        Raises:
            HdfsError: The NameNode or a DataNode refused or did not answer.
        """
        if name is None:
            return Snapshot()
        return Snapshot.from_json(self._client.read(self._snapshot(name)))

    def prices(self, spark: SparkSession, segments: Sequence[Segment]) -> DataFrame:
        """Return the rows of segments; a product may have one in each."""
        if not segments:
            return spark.createDataFrame([], PRICES_SCHEMA)
        paths = [self._prices(segment.name) for segment in segments]
        return spark.read.schema(PRICES_SCHEMA).parquet(*paths)

    def save(
        self, name: str, kept: Sequence[Segment], prices: DataFrame, interest: Interest
    ) -> None:
        """Write a snapshot.

        Args:
            name: Of the snapshot.
            kept: The segments that stay as they are.
            prices: The segment to write.
            interest: What users look for.

        Raises:
            HdfsError: The NameNode or a DataNode refused or did not answer.
            SparkError: Spark refused or failed.
        """
        from pyspark.sql.connect import functions as F  # noqa: N812
        from pyspark.sql.connect.observation import Observation

        written = Observation()
        rows = F.count(F.lit(1)).alias("rows")
        # pyspark's annotation names the Observation of its other API.
        seen = prices.observe(written, rows)  # type: ignore[arg-type]
        seen.write.parquet(self._prices(name))
        segments = (*kept, Segment(name, written.get["rows"]))
        content = Snapshot(segments, interest).to_json()
        self._client.write(self._snapshot(name), content.encode())

    def prune(self, current: str, segments: Sequence[Segment]) -> None:
        """Remove what was superseded before ``current`` was written.

        What is newer may belong to a run that is newer than the caller.

        Args:
            current: Name of the snapshot that counts.
            segments: Those that it names.

        Raises:
            HdfsError: The NameNode refused or did not answer.
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
