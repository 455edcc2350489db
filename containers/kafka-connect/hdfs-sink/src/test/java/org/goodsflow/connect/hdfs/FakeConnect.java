package org.goodsflow.connect.hdfs;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.connect.errors.RetriableException;
import org.apache.kafka.connect.sink.ErrantRecordReporter;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.sink.SinkTaskContext;

/**
 * Drives a task as Connect's worker does: it seeks as requested before the next poll, and delivers
 * a failed batch again without polling meanwhile.
 */
final class FakeConnect implements SinkTaskContext {
  final HdfsSinkTask task;
  final List<Long> reported = new ArrayList<>();
  long timeoutMs = -1;

  private final Map<TopicPartition, ? extends List<SinkRecord>> topics;
  private final Map<String, String> properties;
  private final boolean tolerant;
  private final Map<TopicPartition, Long> positions = new HashMap<>();
  private final Map<TopicPartition, Long> seeks = new HashMap<>();
  private final List<SinkRecord> batch = new ArrayList<>();

  FakeConnect(
      HdfsSinkTask task,
      Map<String, String> properties,
      Map<TopicPartition, ? extends List<SinkRecord>> topics,
      boolean tolerant) {
    this.task = task;
    this.properties = properties;
    this.topics = topics;
    this.tolerant = tolerant;
    task.initialize(this);
    task.start(properties);
  }

  /** Assigns a partition, with an offset as Connect's own position. */
  void assign(TopicPartition partition, long position) {
    positions.put(partition, position);
    task.open(List.of(partition));
  }

  void revoke(TopicPartition partition) {
    positions.remove(partition);
    seeks.remove(partition);
    batch.removeIf(record -> partitionOf(record).equals(partition));
    task.close(List.of(partition));
  }

  /**
   * Polls once.
   *
   * @param max the maximum number of records to poll of each partition
   * @return false if the task asks for the batch again
   */
  boolean poll(int max) {
    positions.putAll(seeks);
    seeks.clear();
    timeoutMs = -1;
    if (batch.isEmpty()) {
      positions.keySet().forEach(partition -> fetch(partition, max));
    }
    try {
      task.put(new ArrayList<>(batch));
    } catch (RetriableException e) {
      return false;
    }
    batch.clear();
    return true;
  }

  private void fetch(TopicPartition partition, int max) {
    topics.get(partition).stream()
        .filter(record -> record.kafkaOffset() >= positions.get(partition))
        .limit(max)
        .forEach(batch::add);
    batch.stream()
        .filter(record -> partitionOf(record).equals(partition))
        .forEach(record -> positions.put(partition, record.kafkaOffset() + 1));
  }

  private static TopicPartition partitionOf(SinkRecord record) {
    return new TopicPartition(record.topic(), record.kafkaPartition());
  }

  @Override
  public ErrantRecordReporter errantRecordReporter() {
    return tolerant ? this::report : null;
  }

  private CompletableFuture<Void> report(SinkRecord record, Throwable problem) {
    reported.add(record.kafkaOffset());
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public Map<String, String> configs() {
    return properties;
  }

  @Override
  public void offset(Map<TopicPartition, Long> offsets) {
    seeks.putAll(offsets);
  }

  @Override
  public void offset(TopicPartition partition, long offset) {
    seeks.put(partition, offset);
  }

  @Override
  public void timeout(long ms) {
    timeoutMs = ms;
  }

  @Override
  public Set<TopicPartition> assignment() {
    return positions.keySet();
  }

  @Override
  public void pause(TopicPartition... partitions) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void resume(TopicPartition... partitions) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void requestCommit() {
    throw new UnsupportedOperationException();
  }
}
