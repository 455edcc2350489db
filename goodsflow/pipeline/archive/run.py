"""One run: claim, write, verify, rename into place, remove the sources.

**One run at a time.** A run creates its own folder below ``+tmp`` and removes all other
folders there. Parquet files are moved into place from that folder, and a rename doesn't
recreate it. So a run that lost its folder can't archive anything, and files that are
listed after the claim are final. Spark creates folders as needed, and therefore writes
to a separate folder.

**Killed at any time.** A Parquet file counts as archived once it has its final name.
Until then, readers of both forms use the sink's files, and from then on the Parquet
file. Sources are removed only after they were compared with the archived file. That
includes sources left by an earlier run.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from goodsflow.clients.hdfs import HdfsClient, HdfsError, HdfsNotFoundError, TopicFile
from goodsflow.clients.kafka.offsets import OffsetReader
from goodsflow.clients.spark import SparkError, spark_session
from goodsflow.common.counting import counted
from goodsflow.common.stopwatch import Stopwatch
from goodsflow.model.blocklist import BlockRules
from goodsflow.model.endpoints import Endpoints
from goodsflow.pipeline.archive.archived_files import (
    ArchivedFile,
    FileListing,
    list_files,
)
from goodsflow.pipeline.archive.errors import TakenOverError, VerificationError
from goodsflow.pipeline.archive.parquet import (
    SPARK_CONFIG,
    archived_contents,
    differences,
    find_blocked,
    source_contents,
    write_parts,
    write_withdrawn,
)
from goodsflow.pipeline.archive.plan import (
    Group,
    batches,
    must_stay,
    plan_archive,
)
from goodsflow.pipeline.archive.settings import ArchiveSettings

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

_LOGGER = logging.getLogger(__name__)

Step = Callable[[str], None]


@dataclass
class ArchiveReport:
    """The result of a run.

    Attributes:
        files_in: Source files that were archived.
        bytes_in: Their size on HDFS.
        files_out: Parquet files that were written.
        bytes_out: Their size.
        lines: Lines in them.
        cards: Lines that are cards.
        removed: Source files that were removed, including those of earlier runs.
        replaced: Archived files that were rewritten without blocked cards.
        left: Files that weren't archived, by reason.
        seconds: Durations by phase.
    """

    files_in: int = 0
    bytes_in: int = 0
    files_out: int = 0
    bytes_out: int = 0
    lines: int = 0
    cards: int = 0
    removed: int = 0
    replaced: int = 0
    left: Mapping[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def summary(self) -> str:
        """Return the result in one line."""
        left = ", ".join(f"{n} {reason}" for reason, n in sorted(self.left.items()))
        replaced = (
            f" Rewrote {counted(self.replaced, 'archived file')} without blocked cards."
            if self.replaced
            else ""
        )
        return (
            f"Archived {counted(self.files_in, 'file')} with "
            f"{counted(self.lines, 'line')} in "
            f"{counted(self.files_out, 'Parquet file')}, and removed "
            f"{counted(self.removed, 'source file')}. Not archived: {left or 'none'}."
            f"{replaced}"
        )


def archive_topic(
    endpoints: Endpoints,
    until: date,
    settings: ArchiveSettings | None = None,
    *,
    blocked: BlockRules | None = None,
    on_step: Step = lambda _: None,
) -> ArchiveReport:
    """Archive the files that the recommender has processed, up to a day.

    Args:
        endpoints: Of the platform.
        until: The last day, in UTC, whose files are archived.
        settings: By default, the default settings.
        blocked: Rules for cards to withdraw, also from earlier archived files; by
            default none.
        on_step: Called after each step with its name. If it raises, the run ends.

    Raises:
        ArchiveError: Files overlap, a newer run took over, or archived files differ
            from their sources.
        GoodsflowError: A system refused or didn't answer.
    """
    settings = settings or ArchiveSettings()
    with HdfsClient.connect(
        endpoints, settings.hdfs_user, settings.hdfs_timeout_seconds
    ) as client:
        run = _Run(endpoints, settings, client, blocked or BlockRules(), on_step)
        try:
            run.execute(until)
        except (HdfsError, SparkError) as error:
            if run.is_taken_over():
                raise TakenOverError(
                    f"A newer run of the archive of topic '{settings.topic}' has taken "
                    f"over and removed {run.claim}. This run stopped, and the newer "
                    "one does its work."
                ) from error
            raise
    _LOGGER.info("%s", run.report.summary())
    return run.report


class _Run:
    def __init__(
        self,
        endpoints: Endpoints,
        settings: ArchiveSettings,
        client: HdfsClient,
        blocked: BlockRules,
        on_step: Step,
    ) -> None:
        self._blocked = blocked
        self._endpoints = endpoints
        self._settings = settings
        self._client = client
        self._at_step = on_step
        self._root = endpoints.hdfs_url.rstrip("/")
        self._tmp = f"{settings.archive_dir.rstrip('/')}/+tmp/{settings.topic}"
        self.claim = f"{self._tmp}/{uuid.uuid4().hex}"
        self._scratch = f"{self.claim}.spark"
        self.report = ArchiveReport()
        self._watch = Stopwatch(self.report.seconds)

    def execute(self, until: date) -> None:
        settings = self._settings
        with self._watch.phase("plan"):
            self._take_over()
            # Before listing the files: what is processed by then stays processed.
            offsets = self._offsets()
            listing = self._list()
            plan = plan_archive(
                offsets,
                listing.json,
                until,
                archived=listing.archived,
                max_files=settings.max_files,
                max_bytes=settings.max_bytes,
            )
        self.report.left = plan.left
        removable = self._removable(listing, offsets)
        if plan.groups or removable:
            self._client.make_directory(
                self._scratch, owner=settings.spark_user, mode="755"
            )
            self._remove_superseded(removable)
            for index, groups in enumerate(
                batches(plan.groups, settings.files_per_job)
            ):
                self._archive(groups, f"{self._scratch}/{index}")
        if listing.archived and len(self._blocked):
            # Files archived by this run are already without blocked cards.
            self._withdraw([file.path for file in listing.archived])
        self._client.delete(self._scratch, recursive=True)
        self._client.delete(self.claim, recursive=True)
        self._at_step("cleaned up")

    def is_taken_over(self) -> bool:
        try:
            self._client.status(self.claim)
        except HdfsNotFoundError:
            return True
        return False

    def _take_over(self) -> None:
        self._client.make_directory(self.claim)
        self._at_step("claimed")
        for other in self._client.list_directory(self._tmp):
            if other.path != self.claim:
                self._client.delete(other.path, recursive=True)
        self._at_step("took over")

    def _offsets(self) -> dict[int, int]:
        settings = self._settings
        reader = OffsetReader.connect(
            self._endpoints,
            "analytics",
            settings.principal,
            settings.kafka_timeout_seconds,
        )
        found = reader.group_offsets(settings.group_id, [settings.topic])
        return {partition: offset for (_, partition), offset in found.items()}

    def _list(self) -> FileListing:
        settings = self._settings
        return list_files(
            self._client, settings.topics_dir, settings.archive_dir, settings.topic
        )

    def _removable(
        self, listing: FileListing, offsets: Mapping[int, int]
    ) -> list[tuple[TopicFile, ArchivedFile]]:
        newest: dict[int, TopicFile] = {}
        for file in [*listing.json, *(file for file, _ in listing.superseded)]:
            known = newest.setdefault(file.partition, file)
            if file.last_offset > known.last_offset:
                newest[file.partition] = file
        return [
            (file, holder)
            for file, holder in listing.superseded
            if not must_stay(
                file, newest[file.partition], offsets.get(file.partition, 0)
            )
        ]

    def _remove_superseded(
        self, removable: Sequence[tuple[TopicFile, ArchivedFile]]
    ) -> None:
        if not removable:
            return
        archived_as = {file: holder.name for file, holder in removable}
        with self._watch.phase("verify"):
            self._verify(archived_as, sorted({holder.path for _, holder in removable}))
        self._remove(archived_as)

    def _archive(self, groups: Sequence[Group], folder: str) -> None:
        with self._watch.phase("write"), self._spark() as spark:
            write_parts(spark, groups, self._root, folder, self._blocked)
        self._at_step("written")
        targets = [group.path(self._settings.archive_dir) for group in groups]
        names = [target.rsplit("/", 1)[-1] for target in targets]
        claimed = [f"{self.claim}/{name}" for name in names]
        for index, path in enumerate(claimed):
            self._client.rename(self._part(folder, index), path)
            self._at_step("collected")
        archived_as = {
            file: name
            for group, name in zip(groups, names, strict=True)
            for file in group.files
        }
        with self._watch.phase("verify"):
            lines, cards = self._verify(archived_as, claimed)
        self._at_step("verified")
        with self._watch.phase("publish"):
            for path, target in zip(claimed, targets, strict=True):
                self._client.make_directory(target.rsplit("/", 1)[0])
                self.report.bytes_out += self._client.status(path).size
                self._client.rename(path, target)
                self._at_step("published")
        self.report.files_in += len(archived_as)
        self.report.bytes_in += sum(file.size for file in archived_as)
        self.report.files_out += len(groups)
        self.report.lines += lines
        self.report.cards += cards
        self._remove(archived_as)

    def _withdraw(self, paths: Sequence[str]) -> None:
        """Replace archived files that contain blocked cards, each atomically."""
        with self._watch.phase("withdraw"), self._spark() as spark:
            found = find_blocked(spark, paths, self._root, self._blocked)
            self._client.make_directory(
                self._scratch, owner=self._settings.spark_user, mode="755"
            )
            for index, path in enumerate(found):
                folder = f"{self._scratch}/withdrawn-{index}"
                write_withdrawn(spark, path, self._root, folder, self._blocked)
                new = f"{self.claim}/{path.rsplit('/', 1)[-1]}"
                self._client.rename(self._only_file(folder), new)
                self._compare(spark, path, new)
                self._at_step("withdrawn")
                self._client.rename(new, path, overwrite=True)
                self._at_step("replaced")
                self.report.replaced += 1

    def _compare(self, spark: SparkSession, old: str, new: str) -> None:
        before, _ = archived_contents(spark, [old], self._root)
        after, _ = archived_contents(spark, [new], self._root)
        if before != after:
            raise VerificationError(
                f"{old} was not replaced: without blocked cards, it doesn't contain "
                "the same lines."
            )

    def _spark(self) -> AbstractContextManager[SparkSession]:
        return spark_session(
            self._endpoints,
            SPARK_CONFIG,
            timeout_seconds=self._settings.spark_timeout_seconds,
        )

    def _part(self, folder: str, index: int) -> str:
        return self._only_file(f"{folder}/part={index}")

    def _only_file(self, folder: str) -> str:
        found = [
            status.path
            for status in self._client.list_directory(folder)
            if status.name.endswith(".parquet")
        ]
        if len(found) != 1:
            raise VerificationError(
                f"Spark wrote {counted(len(found), 'Parquet file')} to {folder}, "
                "expected one. Nothing was archived or removed."
            )
        return found[0]

    def _verify(
        self, archived_as: Mapping[TopicFile, str], paths: Sequence[str]
    ) -> tuple[int, int]:
        """Compare sources with archived files; return the counts of lines and cards."""
        with self._spark() as spark:
            sources = source_contents(spark, list(archived_as), self._root)
            archived, cards = archived_contents(spark, paths, self._root)
        problems = differences(archived_as, sources, archived)
        if problems:
            raise VerificationError(
                "Archived files differ from their sources, and no source was removed: "
                + "; ".join(problems[:5])
                + (f", and {len(problems) - 5} more" if len(problems) > 5 else "")
                + ". If the topic was recreated, move its archive away. Otherwise find "
                "out who changed a file."
            )
        return sum(content.lines for content in sources.values()), cards

    def _remove(self, files: Iterable[TopicFile]) -> None:
        with self._watch.phase("remove"):
            for file in files:
                self._client.delete(file.path)
                self.report.removed += 1
                self._at_step("removed")
