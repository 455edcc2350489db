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
 * Writes the partitions that Connect assigns to it. Which records are written is decided by {@link
 * PartitionWriter}; the task brings Connect's consumer in line with that.
 */
public final class HdfsSinkTask extends SinkTask {
  private static final Logger LOG = LoggerFactory.getLogger(HdfsSinkTask.class);

  /** The key of the task's number, which the connector adds to its configuration. */
  static final String TASK_ID = "task.id";

  private final LongSupplier clock;
  private final Function<HdfsSinkConfig, Storage> storageFactory;
  private final Map<TopicPartition, PartitionWriter> writers = new HashMap<>();
  private final Map<TopicPartition, PartitionMetrics> metrics = new HashMap<>();

  /**
   * Partitions whose records of the batch at hand were polled before the seek that a recovery asked
   * for. Connect seeks just before its next poll, so that these records come again, from the offset
   * asked for on, and the ones at hand must all be dropped: written, they could leave a gap. Their
   * offsets cannot tell, as a partition has gaps of its own where records were compacted away or a
   * transaction ended.
   *
   * <p>Connect polls new records only after {@link #put} returned. After a {@link
   * RetriableException} it keeps the batch and hands it over again, after the seek as well, so that
   * the set has to outlive the failure; it is emptied when the batch is done with.
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

  /** Makes a task, as Connect does. */
  public HdfsSinkTask() {
    this(
        () -> TimeUnit.NANOSECONDS.toMillis(System.nanoTime()),
        config -> new HdfsStorage(config.hdfsUrl(), config.hadoopUser(), config.hadoopSettings()));
  }

  /** Makes a task with a clock in milliseconds and a storage of its own, for tests. */
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
   * Reads the configuration; HDFS need not be there yet.
   *
   * @param props the connector's configuration
   * @throws org.apache.kafka.common.config.ConfigException if a value is bad
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
   * Takes partitions on. Their recovery is left to {@link #put}, which Connect repeats when HDFS is
   * out of reach; thrown from here, that failure would end the task.
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
   * Writes records, and commits the files that are due. Connect calls this without records too when
   * none have come for the time asked for with {@code context.timeout}.
   *
   * @param records the records of a poll
   * @throws RetriableException if HDFS failed or another task took a partition over; the next call
   *     recovers before anything else
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
      // What the failed partition had open is dropped by now. The others keep theirs, and know by
      // their next offsets what they have of the batch that comes again.
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
    // The original ones: files are named for what the consumer can seek to.
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
    // In a batch that comes again this is as it should be. In any other the consumer did not find
    // the offset it was to read on from.
    if (!redelivery && warnedOfOld.add(partition)) {
      LOG.warn("{} goes on at {}, before its files: was the topic made anew?", partition, offset);
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
   * Returns the offsets after the committed files, and after tombstones and dead letters behind
   * them, so that the consumer group's lag is what HDFS does not have yet. They are for show: the
   * sink itself goes by the files' names. Offsets that have not changed are returned again, as
   * Connect may have failed to store them; it skips those that it has.
   *
   * @param currentOffsets what Connect has handed over, which does not matter here
   * @return the offsets of partitions of which something is done
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
   * Gives partitions up, dropping what is not committed; their next owner reads it again.
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
      // One failure is enough of a wait: the next owner cleans up all the same.
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
      LOG.warn("could not remove the temporary folder of {}: {}", partition, e.toString());
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
      LOG.warn("could not close the connection to HDFS: {}", e.toString());
    }
  }
}
