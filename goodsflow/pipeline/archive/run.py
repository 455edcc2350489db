"""One compaction: claim, write, verify, rename into place, remove the sources.

**One run at a time, held by HDFS.** A run makes a folder of its own below ``+tmp`` and
removes all others there. Parquet files go through that folder into place, and a rename
does not make it anew: whoever lost it can archive nothing more, so that what is listed
after the claim is final. Spark, which makes its folders as it needs them, writes beside
it.

**Killed anywhere.** A name in place says that its offsets are archived: until then a
reader of both forms takes the sink's files, from then on the Parquet file. Sources are
removed only once they were compared with what is in place, those that an earlier run
has left included.
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
    """What came of a compaction.

    Attributes:
        files_in: Source files that were archived.
        bytes_in: Their bytes, as on HDFS.
        files_out: Parquet files that were made.
        bytes_out: Their bytes.
        lines: Lines in them.
        cards: Lines that are cards.
        removed: Source files that were removed, of earlier runs' too.
        replaced: Archived files that were written anew, without what is blocked now.
        left: Files that stay, by reason.
        seconds: By phase.
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
        """Say in one line what came of it."""
        left = ", ".join(f"{n} {reason}" for reason, n in sorted(self.left.items()))
        replaced = (
            f"; {self.replaced} archived files were replaced, for what is blocked now"
            if self.replaced
            else ""
        )
        return (
            f"Archived {self.files_in} files with {self.lines} lines in "
            f"{self.files_out} Parquet files, removed {self.removed}; left: "
            f"{left or 'none'}{replaced}."
        )


def archive_topic(
    endpoints: Endpoints,
    until: date,
    settings: ArchiveSettings | None = None,
    *,
    blocked: BlockRules | None = None,
    on_step: Step = lambda _: None,
) -> ArchiveReport:
    """Archive what the recommender has done, of all days up to one.

    Args:
        endpoints: Of the platform.
        until: The last day, in UTC, whose files are taken.
        settings: The defaults where not given.
        blocked: Whose cards are withdrawn, in what was archived before too; nothing
            where not given.
        on_step: Is told what was just done; what it raises ends the run there.

    Raises:
        ArchiveError: Files overlap, a newer run took over, or what was written is
            not what the sources hold.
        GoodsflowError: A system refused or did not answer.
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
                    f"A newer compaction of topic '{settings.topic}' has taken over "
                    f"and removed {run.claim}: this one has gone no further, and the "
                    "newer one does its work."
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
            # Before the files: what is done by then stays done.
            offsets = self._offsets()
            both = self._list()
            plan = plan_archive(
                offsets,
                both.json,
                until,
                archived=both.archived,
                max_files=settings.max_files,
                max_bytes=settings.max_bytes,
            )
        self.report.left = plan.left
        removable = self._removable(both, offsets)
        if plan.groups or removable:
            self._client.make_directory(
                self._scratch, owner=settings.spark_user, mode="755"
            )
            self._remove_superseded(removable)
            for index, groups in enumerate(
                batches(plan.groups, settings.files_per_job)
            ):
                self._archive(groups, f"{self._scratch}/{index}")
        if both.archived and len(self._blocked):
            # What was archived just now is as the list wants it.
            self._withdraw([file.path for file in both.archived])
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
        self, both: FileListing, offsets: Mapping[int, int]
    ) -> list[tuple[TopicFile, ArchivedFile]]:
        newest: dict[int, TopicFile] = {}
        for file in [*both.json, *(file for file, _ in both.superseded)]:
            known = newest.setdefault(file.partition, file)
            if file.last_offset > known.last_offset:
                newest[file.partition] = file
        return [
            (file, holder)
            for file, holder in both.superseded
            if not must_stay(
                file, newest[file.partition], offsets.get(file.partition, 0)
            )
        ]

    def _remove_superseded(
        self, removable: Sequence[tuple[TopicFile, ArchivedFile]]
    ) -> None:
        if not removable:
            return
        held = {file: holder.name for file, holder in removable}
        with self._watch.phase("verify"):
            self._verify(held, sorted({holder.path for _, holder in removable}))
        self._remove(held)

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
        held = {
            file: name
            for group, name in zip(groups, names, strict=True)
            for file in group.files
        }
        with self._watch.phase("verify"):
            lines, cards = self._verify(held, claimed)
        self._at_step("verified")
        with self._watch.phase("publish"):
            for path, target in zip(claimed, targets, strict=True):
                self._client.make_directory(target.rsplit("/", 1)[0])
                self.report.bytes_out += self._client.status(path).size
                self._client.rename(path, target)
                self._at_step("published")
        self.report.files_in += len(held)
        self.report.bytes_in += sum(file.size for file in held)
        self.report.files_out += len(groups)
        self.report.lines += lines
        self.report.cards += cards
        self._remove(held)

    def _withdraw(self, paths: Sequence[str]) -> None:
        """Replace archived files that hold what is blocked, each in one step."""
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
                f"{old} without what is blocked does not hold the same lines. It stays "
                "as it is."
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
                f"Spark wrote {len(found)} Parquet files into {folder}; expected one. "
                "Nothing was archived or removed."
            )
        return found[0]

    def _verify(
        self, held: Mapping[TopicFile, str], paths: Sequence[str]
    ) -> tuple[int, int]:
        """Compare sources with what is archived; return how many lines and cards."""
        with self._spark() as spark:
            sources = source_contents(spark, list(held), self._root)
            archived, cards = archived_contents(spark, paths, self._root)
        problems = differences(held, sources, archived)
        if problems:
            raise VerificationError(
                "Archived files do not hold what their sources do; no source was "
                f"removed: {'; '.join(problems[:5])}"
                + (f", and {len(problems) - 5} more" if len(problems) > 5 else "")
                + ". If the topic was made anew, move its archive away; otherwise find "
                "out who has changed a file."
            )
        return sum(content.lines for content in sources.values()), cards

    def _remove(self, files: Iterable[TopicFile]) -> None:
        with self._watch.phase("remove"):
            for file in files:
                self._client.delete(file.path)
                self.report.removed += 1
                self._at_step("removed")
