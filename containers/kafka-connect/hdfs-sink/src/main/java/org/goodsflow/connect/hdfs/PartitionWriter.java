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
 * <p>A writer starts with {@link #recover}, and every {@link IOException} that it throws takes it
 * back there, its open file dropped. Nothing is decided by what went wrong: whether HDFS was out of
 * reach, another owner removed this one's folder, or a call's answer got lost, the names of the
 * committed files say afterwards what has been written.
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
   * Makes a writer that has yet to recover.
   *
   * @param partition the partition
   * @param storage where to write
   * @param layout which files to write
   * @param policy when to commit them
   * @param compression how to write them
   * @param metrics counts what is written
   * @param clock a clock that does not jump, in milliseconds
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

  /** Tells whether {@link #recover} has to come before anything else. */
  boolean needsRecovery() {
    return folder == null;
  }

  /**
   * Becomes the only owner of the partition and finds out where it stands.
   *
   * <p>The order matters. Once the other owners' folders are gone none of them can create or move a
   * file any more, so that the list of committed files read after that is final. The folder is a
   * new one each time: should a move that this writer has given up still be on its way, it fails
   * too.
   *
   * @return the offset to read on from
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
    LOG.info("{} reads on from offset {}, {} other owners fenced", partition, nextOffset, fenced);
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

  /** Tells whether a record is new: offsets below the expected one are written or skipped. */
  boolean isNew(long offset) {
    return offset >= nextOffset;
  }

  /** Passes over a new record that is not to be written. */
  void skip(long offset) {
    nextOffset = offset + 1;
  }

  /** Writes a new record's line, and commits the file if it is full then. */
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

  /** Returns in how many milliseconds the open file is due, {@code Long.MAX_VALUE} if none is. */
  long msToCommit() {
    return file == null
        ? Long.MAX_VALUE
        : policy.remainingMs(file.ageMs(clock.getAsLong()));
  }

  /**
   * Returns the offset before which nothing is left to do: the next one where no file is open, else
   * the one after the last committed file; nothing if there is neither.
   */
  OptionalLong doneEnd() {
    long done = file == null && !needsRecovery() ? Math.max(nextOffset, committedEnd) : committedEnd;
    return done > 0 ? OptionalLong.of(done) : OptionalLong.empty();
  }

  /**
   * Drops what is not committed and removes the writer's folder, so that nothing is left behind.
   *
   * @throws IOException if that failed; the next owner removes the folder then
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

  /** Drops what is not committed, without a word to HDFS but for closing the open file. */
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
      // To be expected after a failure. The file is never read, and goes with its folder.
      LOG.debug("closing {} failed: {}", dropped.path(), e.toString());
    }
  }
}
