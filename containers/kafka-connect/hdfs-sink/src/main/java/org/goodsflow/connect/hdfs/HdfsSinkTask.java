package org.goodsflow.connect.hdfs;

import java.io.IOException;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.errors.DataException;
import org.apache.kafka.connect.errors.RetriableException;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.sink.SinkTask;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the partitions that Connect assigns to it. {@link PartitionWriter} decides which records
 * are written; the task positions Connect's consumer accordingly.
 */
public final class HdfsSinkTask extends SinkTask {
  private static final Logger LOG = LoggerFactory.getLogger(HdfsSinkTask.class);

  /** The key of the task's number, which the connector adds to the configuration. */
  static final String TASK_ID = "task.id";

  private final LongSupplier clock;
  private final Function<HdfsSinkConfig, Storage> storageFactory;
  private final Map<TopicPartition, PartitionWriter> writers = new HashMap<>();
  private final Map<TopicPartition, PartitionMetrics> metrics = new HashMap<>();

  /**
   * Partitions whose records in the current batch were polled before the seek that a recovery
   * requested. Connect seeks just before its next poll, and then delivers the records again from
   * the requested offset. So the current ones must all be dropped: writing them could leave a gap.
   * Their offsets don't show this, because a partition also has gaps from compaction and
   * transactions.
   *
   * <p>Connect polls new records only after {@link #put} has returned. After a {@link
   * RetriableException} it keeps the batch and delivers it again, even after the seek. So the set
   * must outlive the failure; it is cleared when the batch is complete.
   */
  private final Set<TopicPartition> beforeSeek = new HashSet<>();

  private Storage storage;
  private Layout layout;
  private RotationPolicy policy;
  private Compression compression;
  private BadRecords badRecords;
  private long retryBackoffMs;
  private Outage outage;
  private Jmx jmx;
  private boolean redelivery;
  private final Set<TopicPartition> warnedOfOld = new HashSet<>();

  /** Creates a task; Connect calls this. */
  public HdfsSinkTask() {
    this(
        () -> TimeUnit.NANOSECONDS.toMillis(System.nanoTime()),
        config -> new HdfsStorage(config.hdfsUrl(), config.hadoopUser(), config.hadoopSettings()));
  }

  /** Creates a task with its own clock in milliseconds and its own storage, for tests. */
  HdfsSinkTask(LongSupplier clock, Function<HdfsSinkConfig, Storage> storageFactory) {
    this.clock = clock;
    this.storageFactory = storageFactory;
  }

  /** Returns the plugin's version. */
  @Override
  public String version() {
    return HdfsSinkConnector.pluginVersion();
  }

  /**
   * Reads the configuration; HDFS need not be available yet.
   *
   * @param props the connector's configuration
   * @throws org.apache.kafka.common.config.ConfigException if a value is invalid
   */
  @Override
  public void start(Map<String, String> props) {
    HdfsSinkConfig config = new HdfsSinkConfig(props);
    layout = new Layout(config.topicsDir());
    policy = config.rotationPolicy();
    compression = config.compression();
    retryBackoffMs = config.retryBackoffMs();
    badRecords = new BadRecords(context.errantRecordReporter());
    storage = storageFactory.apply(config);
    outage = new Outage(clock, retryBackoffMs);
    jmx = new Jmx(props.getOrDefault("name", "unnamed"), props.getOrDefault(TASK_ID, "0"));
    jmx.show(outage);
  }

  /**
   * Takes over partitions. Their recovery is left to {@link #put}, which Connect repeats while HDFS
   * is unreachable: a failure here would end the task.
   *
   * @param partitions the partitions that are new to this task
   */
  @Override
  public void open(Collection<TopicPartition> partitions) {
    for (TopicPartition partition : partitions) {
      PartitionMetrics counts = new PartitionMetrics();
      metrics.put(partition, counts);
      jmx.show(partition, counts);
      writers.put(
          partition,
          new PartitionWriter(partition, storage, layout, policy, compression, counts, clock));
    }
  }

  /**
   * Writes records, and commits the files that are due. If no records arrive within the time set
   * with {@code context.timeout}, Connect calls this without records.
   *
   * @param records the records of a poll
   * @throws RetriableException if HDFS failed or another task took over a partition; the next call
   *     starts with a recovery
   * @throws ConnectException if a record is bad and errors are not tolerated
   */
  @Override
  public void put(Collection<SinkRecord> records) {
    try {
      for (Map.Entry<TopicPartition, PartitionWriter> entry : writers.entrySet()) {
        recoverIfNeeded(entry.getKey(), entry.getValue());
      }
      for (SinkRecord record : records) {
        write(record);
      }
      for (PartitionWriter writer : writers.values()) {
        writer.commitIfDue();
      }
    } catch (IOException e) {
      // The failed partition has dropped its open file. The others keep theirs, and know from their
      // next offsets which records of the repeated batch they have already.
      redelivery = true;
      context.timeout(retryBackoffMs);
      outage.failed(e);
      throw new RetriableException("writing to HDFS failed", e);
    }
    outage.ended();
    redelivery = false;
    beforeSeek.clear();
    askForNextCall();
  }

  private void recoverIfNeeded(TopicPartition partition, PartitionWriter writer)
      throws IOException {
    if (writer.needsRecovery()) {
      context.offset(partition, writer.recover());
      beforeSeek.add(partition);
    }
  }

  private void write(SinkRecord record) throws IOException {
    // The original topic and offset: the consumer can seek only to those.
    TopicPartition partition =
        new TopicPartition(record.originalTopic(), record.originalKafkaPartition());
    long offset = record.originalKafkaOffset();
    PartitionWriter writer = writers.get(partition);
    if (writer == null) {
      throw new ConnectException("got a record of " + partition + ", which is not assigned");
    }
    if (beforeSeek.contains(partition)) {
      return;
    }
    if (!writer.isNew(offset)) {
      noteOld(partition, offset);
    } else if (record.value() == null) {
      writer.skip(offset);
    } else {
      writeValue(partition, writer, record);
    }
  }

  private void writeValue(TopicPartition partition, PartitionWriter writer, SinkRecord record)
      throws IOException {
    long offset = record.originalKafkaOffset();
    byte[] line;
    try {
      line = WireFormat.line(record.value());
    } catch (DataException e) {
      badRecords.report(record, e);
      metrics.get(partition).deadLetter();
      writer.skip(offset);
      return;
    }
    writer.write(offset, line);
  }

  private void noteOld(TopicPartition partition, long offset) {
    // This is normal in a repeated batch. In any other, the consumer did not find the offset that
    // it was to resume from.
    if (!redelivery && warnedOfOld.add(partition)) {
      LOG.warn(
          "{} continues at offset {}, before its files: was the topic deleted and created again?",
          partition, offset);
    }
  }

  private void askForNextCall() {
    long ms = Long.MAX_VALUE;
    for (PartitionWriter writer : writers.values()) {
      ms = Math.min(ms, writer.msToCommit());
    }
    if (ms != Long.MAX_VALUE) {
      // Connect ignores zero.
      context.timeout(Math.max(1, ms));
    }
  }

  /**
   * Returns the offsets after the committed files, and after tombstones and dead letters that
   * follow them, so that the consumer group's lag is what HDFS does not have yet. They are
   * informational: the sink itself uses the files' names. Unchanged offsets are returned again, as
   * Connect may have failed to store them; it skips those that it has stored.
   *
   * @param currentOffsets what Connect has delivered, which is ignored
   * @return the offsets of the partitions that have any
   */
  @Override
  public Map<TopicPartition, OffsetAndMetadata> preCommit(
      Map<TopicPartition, OffsetAndMetadata> currentOffsets) {
    Map<TopicPartition, OffsetAndMetadata> ends = new HashMap<>();
    writers.forEach(
        (partition, writer) ->
            writer
                .doneEnd()
                .ifPresent(end -> ends.put(partition, new OffsetAndMetadata(end))));
    return ends;
  }

  /**
   * Gives up partitions, and drops what is not committed; their next owner reads it again.
   *
   * @param partitions the partitions
   */
  @Override
  public void close(Collection<TopicPartition> partitions) {
    boolean reachable = true;
    for (TopicPartition partition : partitions) {
      warnedOfOld.remove(partition);
      beforeSeek.remove(partition);
      PartitionMetrics counts = metrics.remove(partition);
      if (counts != null) {
        Jmx.hide(counts);
      }
      PartitionWriter writer = writers.remove(partition);
      if (writer == null) {
        continue;
      }
      // Wait for only one failure: the next owner cleans up anyway.
      if (reachable) {
        reachable = discard(partition, writer);
      } else {
        writer.abandon();
      }
    }
  }

  private static boolean discard(TopicPartition partition, PartitionWriter writer) {
    try {
      writer.discard();
      return true;
    } catch (IOException e) {
      LOG.warn("cannot remove the temporary folder of {}: {}", partition, e.toString());
      return false;
    }
  }

  /** Gives up all partitions and closes the connection to HDFS. */
  @Override
  public void stop() {
    close(List.copyOf(writers.keySet()));
    if (storage == null) {
      return;
    }
    Jmx.hide(outage);
    try {
      storage.close();
    } catch (IOException e) {
      LOG.warn("cannot close the connection to HDFS: {}", e.toString());
    }
  }
}
