package org.goodsflow.connect.hdfs;

import java.io.IOException;
import java.util.List;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.function.LongSupplier;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes one partition's records, each to exactly one committed file.
 *
 * <p>A writer starts with {@link #recover}. After every {@link IOException} that it throws, it
 * drops its open file and starts there again. The cause does not matter: whether HDFS was
 * unreachable, another owner removed this one's folder, or a response was lost, the names of the
 * committed files show what has been written.
 */
final class PartitionWriter {
  private static final Logger LOG = LoggerFactory.getLogger(PartitionWriter.class);
  private static final long NONE = -1;

  private final TopicPartition partition;
  private final Storage storage;
  private final Layout layout;
  private final RotationPolicy policy;
  private final Compression compression;
  private final PartitionMetrics metrics;
  private final LongSupplier clock;

  private Path folder;
  private OpenFile file;
  private long nextOffset;
  private long committedEnd = NONE;

  /**
   * Creates a writer that must recover first.
   *
   * @param partition the partition
   * @param storage where to write
   * @param layout the paths of the files
   * @param policy when to commit them
   * @param compression how to compress them
   * @param metrics the partition's metrics
   * @param clock a monotonic clock in milliseconds
   */
  PartitionWriter(
      TopicPartition partition,
      Storage storage,
      Layout layout,
      RotationPolicy policy,
      Compression compression,
      PartitionMetrics metrics,
      LongSupplier clock) {
    this.partition = partition;
    this.storage = storage;
    this.layout = layout;
    this.policy = policy;
    this.compression = compression;
    this.metrics = metrics;
    this.clock = clock;
  }

  /** Returns whether {@link #recover} must be called first. */
  boolean needsRecovery() {
    return folder == null;
  }

  /**
   * Becomes the only owner of the partition, and determines its next offset.
   *
   * <p>The order matters. Once the other owners' folders are deleted, no other owner can create or
   * move a file, so the list of committed files that is read then is final. The folder is new each
   * time, so that a move that this writer gave up earlier and that is still pending fails, too.
   *
   * @return the offset to resume from
   */
  long recover() throws IOException {
    abandon();
    String own = UUID.randomUUID().toString();
    Path owners = layout.ownersFolder(partition);
    storage.makeFolder(new Path(owners, own));
    int fenced = 0;
    for (String other : storage.list(owners)) {
      if (!other.equals(own)) {
        storage.delete(new Path(owners, other));
        fenced++;
      }
    }
    committedEnd = endOf(storage.list(layout.committedFolder(partition)));
    nextOffset = Math.max(committedEnd, 0);
    metrics.recovered(committedEnd);
    folder = new Path(owners, own);
    LOG.info("{} resumes from offset {}, {} other owners fenced", partition, nextOffset, fenced);
    return nextOffset;
  }

  private long endOf(List<String> names) {
    return names.stream()
        .flatMap(name -> CommittedFile.parse(name).stream())
        .filter(committed -> committed.partition().equals(partition))
        .mapToLong(committed -> committed.last() + 1)
        .max()
        .orElse(NONE);
  }

  /** Returns whether a record is new; lower offsets have been written or skipped. */
  boolean isNew(long offset) {
    return offset >= nextOffset;
  }

  /** Skips a new record. */
  void skip(long offset) {
    nextOffset = offset + 1;
  }

  /** Writes a new record's line, and commits the file if it is full. */
  void write(long offset, byte[] line) throws IOException {
    try {
      if (file != null && policy.overflows(file.bytes(), line.length + 1L)) {
        commit();
      }
      if (file == null) {
        Path path = new Path(folder, String.format("%010d.json", offset));
        FSDataOutputStream stream = storage.create(path);
        file = new OpenFile(path, stream, compression, offset, clock.getAsLong());
      }
      file.write(offset, line);
      nextOffset = offset + 1;
      metrics.opened(file.records());
      if (policy.isFull(file.records(), file.bytes())) {
        commit();
      }
    } catch (IOException e) {
      abandon();
      throw e;
    }
  }

  /** Commits the open file if it is old enough. */
  void commitIfDue() throws IOException {
    if (msToCommit() > 0) {
      return;
    }
    try {
      commit();
    } catch (IOException e) {
      abandon();
      throw e;
    }
  }

  /** Returns the milliseconds until the open file is due, or {@code Long.MAX_VALUE}. */
  long msToCommit() {
    return file == null
        ? Long.MAX_VALUE
        : policy.remainingMs(file.ageMs(clock.getAsLong()));
  }

  /**
   * Returns the offset up to which everything is done: the next offset if no file is open, else the
   * one after the last committed file; empty if there is neither.
   */
  OptionalLong doneEnd() {
    long done = file == null && !needsRecovery() ? Math.max(nextOffset, committedEnd) : committedEnd;
    return done > 0 ? OptionalLong.of(done) : OptionalLong.empty();
  }

  /**
   * Drops what is not committed, and removes the writer's folder.
   *
   * @throws IOException if that failed; then the next owner removes the folder
   */
  void discard() throws IOException {
    Path own = folder;
    try {
      if (own != null) {
        storage.delete(own);
      }
    } finally {
      abandon();
    }
  }

  private void commit() throws IOException {
    CommittedFile committed =
        new CommittedFile(partition, file.first(), file.last(), compression);
    file.complete();
    storage.move(file.path(), layout.committed(committed));
    LOG.debug("committed {} with {} records", committed.name(), file.records());
    committedEnd = file.last() + 1;
    metrics.committed(file);
    file = null;
  }

  /** Drops what is not committed, without a request to HDFS except to close the open file. */
  void abandon() {
    folder = null;
    if (file == null) {
      return;
    }
    OpenFile dropped = file;
    file = null;
    metrics.closed();
    try {
      dropped.close();
    } catch (IOException e) {
      // Expected after a failure. The file is never read, and is removed with its folder.
      LOG.debug("closing {} failed: {}", dropped.path(), e.toString());
    }
  }
}
