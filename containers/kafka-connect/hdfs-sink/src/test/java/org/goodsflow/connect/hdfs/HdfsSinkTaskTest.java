package org.goodsflow.connect.hdfs;

import static org.goodsflow.connect.hdfs.Files.card;
import static org.goodsflow.connect.hdfs.Files.record;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.LongStream;
import javax.management.InstanceNotFoundException;
import javax.management.JMException;
import javax.management.ObjectName;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.connect.errors.DataException;
import org.apache.kafka.connect.sink.SinkRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The task on the local file system; {@link MiniClusterTest} has the real one. */
class HdfsSinkTaskTest {
  private static final TopicPartition GOODS = new TopicPartition("goods", 0);
  private static final TopicPartition OTHER = new TopicPartition("goods", 1);

  @TempDir java.nio.file.Path folder;
  private final Map<TopicPartition, List<SinkRecord>> topics = new HashMap<>();
  private final List<FakeConnect> workers = new ArrayList<>();
  private long now = 1_000_000;
  private FlakyStorage storage;
  private Files files;

  @BeforeEach
  void makeTopics() throws IOException {
    topics.put(GOODS, new ArrayList<>());
    topics.put(OTHER, new ArrayList<>());
    files = new Files(FileSystem.getLocal(new Configuration()), folder + "/topics");
  }

  @AfterEach
  void stopTasks() {
    workers.forEach(worker -> worker.task.stop());
  }

  private FakeConnect worker(boolean tolerant, String... settings) {
    Map<String, String> properties = new HashMap<>();
    properties.put("hdfs.url", "file:///");
    properties.put("topics.dir", folder + "/topics");
    properties.put("flush.size", "3");
    properties.put("rotate.interval.ms", "5000");
    properties.put("retry.backoff.ms", "700");
    for (int i = 0; i < settings.length; i += 2) {
      properties.put(settings[i], settings[i + 1]);
    }
    HdfsSinkTask task =
        new HdfsSinkTask(
            () -> now,
            config ->
                storage = new FlakyStorage(new HdfsStorage(config.hdfsUrl(), "connect", Map.of())));
    FakeConnect worker = new FakeConnect(task, properties, topics, tolerant);
    workers.add(worker);
    return worker;
  }

  /** A worker that has the partition and has already sought to its next offset. */
  private FakeConnect ownerOf(TopicPartition partition) {
    FakeConnect worker = worker(true);
    worker.assign(partition, 0);
    assertTrue(worker.poll(0));
    return worker;
  }

  private void produce(TopicPartition partition, long first, long last) {
    LongStream.rangeClosed(first, last).forEach(o -> topics.get(partition).add(card(partition, o)));
  }

  private static List<Long> range(long first, long last) {
    return LongStream.rangeClosed(first, last).boxed().toList();
  }

  private static Map<TopicPartition, OffsetAndMetadata> committed(FakeConnect worker) {
    return worker.task.preCommit(Map.of(GOODS, new OffsetAndMetadata(99)));
  }

  @Test
  void fullFilesAreCommitted() throws IOException {
    FakeConnect worker = ownerOf(GOODS);
    produce(GOODS, 0, 7);
    assertEquals(Map.of(), committed(worker));
    assertTrue(worker.poll(100));
    assertEquals(
        List.of("goods+0+0000000000+0000000002.json", "goods+0+0000000003+0000000005.json"),
        files.committed(GOODS));
    assertEquals(range(0, 5), files.offsets(GOODS));
    assertEquals(Map.of(GOODS, new OffsetAndMetadata(6)), committed(worker));
  }

  @Test
  void bytesMakeAFileFull() throws IOException {
    FakeConnect worker = worker(true, "flush.size", "1000", "file.max.bytes", "40");
    worker.assign(GOODS, 0);
    worker.poll(0);
    produce(GOODS, 0, 6);
    worker.poll(100);
    // A line has 13 bytes, so that three fit.
    assertEquals(
        List.of("goods+0+0000000000+0000000002.json", "goods+0+0000000003+0000000005.json"),
        files.committed(GOODS));
  }

  @Test
  void recordLargerThanAFileIsAFileOfItsOwn() throws IOException {
    FakeConnect worker = worker(true, "flush.size", "1000", "file.max.bytes", "5");
    worker.assign(GOODS, 0);
    worker.poll(0);
    produce(GOODS, 0, 1);
    worker.poll(100);
    assertEquals(2, files.committed(GOODS).size());
  }

  @Test
  void fileIsCommittedByTheClockWithNoTraffic() throws IOException {
    FakeConnect worker = ownerOf(GOODS);
    assertEquals(-1, worker.timeoutMs);
    produce(GOODS, 0, 0);
    worker.poll(100);
    assertEquals(5000, worker.timeoutMs);
    now += 4999;
    produce(GOODS, 1, 1);
    worker.poll(100);
    assertEquals(1, worker.timeoutMs);
    assertEquals(List.of(), files.committed(GOODS));
    now += 1;
    worker.poll(100);
    assertEquals(List.of("goods+0+0000000000+0000000001.json"), files.committed(GOODS));
    assertEquals(-1, worker.timeoutMs);
  }

  @Test
  void nextOwnerGoesOnAfterTheLastFile() throws IOException {
    produce(GOODS, 0, 9);
    ownerOf(GOODS).poll(5);
    // Connect's own position is wrong in both cases.
    for (long position : new long[] {1, 9}) {
      FakeConnect next = worker(true);
      next.assign(GOODS, position);
      assertTrue(next.poll(1));
      next.poll(3);
    }
    assertEquals(range(0, 8), files.offsets(GOODS));
  }

  @Test
  void withNoFileEverythingIsReadAgain() throws IOException {
    produce(GOODS, 0, 2);
    FakeConnect worker = worker(true);
    worker.assign(GOODS, 2);
    worker.poll(100);
    worker.poll(100);
    assertEquals(range(0, 2), files.offsets(GOODS));
  }

  @Test
  void foreignFilesDoNotCount() throws IOException {
    java.nio.file.Path committed = folder.resolve("topics/goods/partition=0");
    java.nio.file.Files.createDirectories(committed);
    for (String name :
        List.of("_SUCCESS", "goods+1+0000000000+0000000099.json", "goods+0+0+99.json")) {
      java.nio.file.Files.createFile(committed.resolve(name));
    }
    produce(GOODS, 0, 2);
    ownerOf(GOODS).poll(100);
    assertTrue(files.committed(GOODS).contains("goods+0+0000000000+0000000002.json"));
  }

  @Test
  void gzipFilesHoldTheSameLines() throws IOException {
    FakeConnect worker = worker(true, "compression.type", "gzip");
    worker.assign(GOODS, 0);
    worker.poll(0);
    produce(GOODS, 0, 7);
    worker.poll(100);
    now += 5000;
    worker.poll(0);
    assertEquals(
        List.of(
            "goods+0+0000000000+0000000002.json.gz",
            "goods+0+0000000003+0000000005.json.gz",
            "goods+0+0000000006+0000000007.json.gz"),
        files.committed(GOODS));
    assertEquals(range(0, 7), files.offsets(GOODS));
  }

  @Test
  void ownerGoesOnAfterFilesOfTheOtherCompression() throws IOException {
    produce(GOODS, 0, 8);
    for (String compression : new String[] {"none", "gzip", "none"}) {
      FakeConnect worker = worker(true, "compression.type", compression);
      worker.assign(GOODS, 0);
      worker.poll(0);
      worker.poll(3);
    }
    assertEquals(3, files.committed(GOODS).size());
    assertEquals(range(0, 8), files.offsets(GOODS));
  }

  @Test
  void failureInTheMiddleOfAGzipFileIsNoDuplicate() throws IOException {
    FakeConnect worker = worker(true, "compression.type", "gzip");
    worker.assign(GOODS, 0);
    worker.poll(0);
    produce(GOODS, 0, 5);
    worker.poll(2);
    storage.failsBefore = operation -> operation.equals("write");
    assertFalse(worker.poll(2));
    storage.failsBefore = operation -> false;
    worker.poll(100);
    worker.poll(100);
    assertEquals(range(0, 5), files.offsets(GOODS));
  }

  private static Object metric(String keys, String attribute) throws JMException {
    return ManagementFactory.getPlatformMBeanServer()
        .getAttribute(new ObjectName("goodsflow.connect:" + keys), attribute);
  }

  @Test
  void metricsSayWhatIsWrittenAndWhatWaits() throws Exception {
    FakeConnect worker = worker(true, "name", "a sink", "task.id", "1");
    worker.assign(GOODS, 0);
    String task = "type=hdfs-sink-task-metrics,connector=a sink,task=1";
    String partition =
        "type=hdfs-sink-partition-metrics,connector=a sink,task=1,topic=goods,partition=0";
    assertEquals(-1L, metric(partition, "LastCommittedOffset"));
    worker.poll(0);
    produce(GOODS, 0, 3);
    topics.get(GOODS).add(record(GOODS, 4, new byte[3]));
    worker.poll(100);
    assertEquals(3L, metric(partition, "RecordsWritten"));
    assertEquals(39L, metric(partition, "BytesWritten"));
    assertEquals(1L, metric(partition, "FilesCommitted"));
    assertEquals(2L, metric(partition, "LastCommittedOffset"));
    assertEquals(1, metric(partition, "OpenFiles"));
    assertEquals(1, metric(partition, "OpenRecords"));
    assertEquals(1L, metric(partition, "DeadLetters"));
    assertEquals(0L, metric(task, "Retries"));

    storage.failsBefore = operation -> true;
    now += 5000;
    worker.poll(0);
    worker.poll(0);
    assertEquals(2L, metric(task, "Retries"));
    assertEquals(1, metric(task, "Waiting"));
    assertEquals(0, metric(partition, "OpenFiles"));
    storage.failsBefore = operation -> false;
    worker.poll(0);
    assertEquals(0, metric(task, "Waiting"));

    // A successor's metrics outlive a task that ends late.
    FakeConnect successor = worker(true, "name", "a sink", "task.id", "1");
    successor.assign(GOODS, 0);
    successor.poll(0);
    worker.task.stop();
    assertEquals(0L, metric(task, "Retries"));
    assertEquals(2L, metric(partition, "LastCommittedOffset"));
    successor.task.stop();
    assertThrows(InstanceNotFoundException.class, () -> metric(task, "Retries"));
    assertThrows(InstanceNotFoundException.class, () -> metric(partition, "OpenFiles"));
  }

  @Test
  void tombstonesAndGapsLeaveNoLine() throws IOException {
    FakeConnect worker = ownerOf(GOODS);
    topics.get(GOODS).add(record(GOODS, 3, null));
    produce(GOODS, 10, 10);
    topics.get(GOODS).add(record(GOODS, 11, null));
    produce(GOODS, 20, 21);
    worker.poll(100);
    assertEquals(List.of("goods+0+0000000010+0000000021.json"), files.committed(GOODS));
    assertEquals(
        List.of("{\"offset\":10}", "{\"offset\":20}", "{\"offset\":21}"), files.lines(GOODS));
    assertEquals(Map.of(GOODS, new OffsetAndMetadata(22)), committed(worker));
  }

  @Test
  void tombstonesBehindTheLastFileAreNoLag() throws IOException {
    FakeConnect worker = ownerOf(GOODS);
    topics.get(GOODS).add(record(GOODS, 0, null));
    worker.poll(100);
    assertEquals(Map.of(GOODS, new OffsetAndMetadata(1)), committed(worker));
    produce(GOODS, 1, 4); // 4 is in an open file.
    topics.get(GOODS).add(record(GOODS, 5, null));
    worker.poll(100);
    assertEquals(Map.of(GOODS, new OffsetAndMetadata(4)), committed(worker));
    now += 5000;
    worker.poll(0);
    assertEquals(Map.of(GOODS, new OffsetAndMetadata(6)), committed(worker));
  }

  @Test
  void badRecordsAreReportedAndSkipped() throws IOException {
    FakeConnect worker = ownerOf(GOODS);
    produce(GOODS, 0, 1);
    topics.get(GOODS).add(record(GOODS, 2, new byte[] {1, 2, 3, 4, 5, '{', '}'}));
    topics.get(GOODS).add(record(GOODS, 3, WireFormatTest.value("[]")));
    produce(GOODS, 4, 4);
    assertTrue(worker.poll(100));
    assertEquals(List.of(2L, 3L), worker.reported);
    assertEquals(List.of("goods+0+0000000000+0000000004.json"), files.committed(GOODS));
    assertEquals(List.of(0L, 1L, 4L), files.offsets(GOODS));
  }

  @Test
  void badRecordEndsTheTaskWithoutAReporter() {
    FakeConnect worker = worker(false);
    worker.assign(GOODS, 0);
    worker.poll(0);
    topics.get(GOODS).add(record(GOODS, 17, new byte[3]));
    DataException problem = assertThrows(DataException.class, () -> worker.poll(100));
    assertTrue(problem.getMessage().startsWith("goods, partition 0, offset 17: "));
  }

  @Test
  void newOwnerFencesTheOldOne() throws IOException {
    produce(GOODS, 0, 7);
    FakeConnect first = ownerOf(GOODS);
    first.poll(5); // 3 and 4 are in an open file.
    FakeConnect second = ownerOf(GOODS);
    assertEquals(1, files.owners(GOODS).size());
    second.poll(1); // 3
    assertFalse(first.poll(1), "the old owner's file is full, but cannot be moved");
    assertEquals(range(0, 2), files.offsets(GOODS));
    // Now the first is the owner again, drops its batch, and fences the second.
    assertTrue(first.poll(100));
    assertTrue(first.poll(100));
    assertFalse(second.poll(100));
    assertEquals(range(0, 5), files.offsets(GOODS));
    second.poll(100);
    second.poll(100);
    now += 5000;
    second.poll(0);
    assertEquals(range(0, 7), files.offsets(GOODS));
  }

  @Test
  void fencedOwnerCannotCreate() throws IOException {
    produce(GOODS, 0, 5);
    FakeConnect first = ownerOf(GOODS);
    FakeConnect second = ownerOf(GOODS);
    assertFalse(first.poll(100));
    assertEquals(1, files.owners(GOODS).size());
    assertTrue(second.poll(100));
    assertEquals(range(0, 5), files.offsets(GOODS));
  }

  @Test
  void existingTargetIsNotOverwritten() throws IOException {
    FakeConnect worker = ownerOf(GOODS);
    java.nio.file.Path target =
        folder.resolve("topics/goods/partition=0/goods+0+0000000000+0000000002.json");
    java.nio.file.Files.createDirectories(target.getParent());
    java.nio.file.Files.writeString(target, "{\"offset\":0}\n{\"offset\":2}\n");
    produce(GOODS, 0, 5);
    assertFalse(worker.poll(100));
    assertTrue(worker.poll(100));
    assertTrue(worker.poll(100));
    assertEquals(List.of(0L, 2L, 3L, 4L, 5L), files.offsets(GOODS));
  }

  @Test
  void batchThatComesAgainAfterARecoveryIsDropped() throws IOException {
    FakeConnect worker = ownerOf(GOODS);
    produce(GOODS, 0, 7);
    worker.poll(2); // 0 and 1 are in an open file, which the failure drops.
    storage.failsBefore = operation -> operation.equals("write");
    assertFalse(worker.poll(2)); // 2 and 3
    assertEquals(700, worker.timeoutMs);
    storage.failsBefore = operation -> false;
    assertTrue(worker.poll(2));
    assertEquals(List.of(), files.committed(GOODS));
    assertTrue(worker.poll(100));
    assertEquals(range(0, 5), files.offsets(GOODS));
  }

  @Test
  void batchStaysDroppedWhileAnotherPartitionFails() throws IOException {
    FakeConnect worker = worker(true);
    worker.assign(GOODS, 0);
    worker.assign(OTHER, 0);
    worker.poll(0);
    produce(GOODS, 0, 5);
    produce(OTHER, 0, 5);
    worker.poll(1);
    AtomicBoolean down = new AtomicBoolean(true);
    storage.failsBefore = operation -> down.get() && operation.equals("write");
    assertFalse(worker.poll(1));
    // One partition recovers, the next write of the other one fails: the batch is delivered again.
    assertFalse(worker.poll(1));
    down.set(false);
    assertTrue(worker.poll(1));
    worker.poll(100);
    assertEquals(range(0, 5), files.offsets(GOODS));
    assertEquals(range(0, 5), files.offsets(OTHER));
  }

  @Test
  void healthyPartitionTakesABatchOnceOnly() throws IOException {
    FakeConnect worker = worker(true);
    worker.assign(GOODS, 0);
    worker.assign(OTHER, 0);
    worker.poll(0);
    produce(GOODS, 0, 1);
    produce(OTHER, 0, 2);
    storage.failsBefore = operation -> operation.equals("move"); // OTHER's file is full.
    assertFalse(worker.poll(100));
    storage.failsBefore = operation -> false;
    assertTrue(worker.poll(100));
    worker.poll(100);
    now += 5000;
    worker.poll(100);
    assertEquals(range(0, 1), files.offsets(GOODS));
    assertEquals(range(0, 2), files.offsets(OTHER));
  }

  @Test
  void lostAnswerOfAMoveIsNoDuplicate() throws IOException {
    FakeConnect worker = ownerOf(GOODS);
    produce(GOODS, 0, 5);
    storage.failsAfter = operation -> operation.equals("move");
    assertFalse(worker.poll(4));
    storage.failsAfter = operation -> false;
    assertTrue(worker.poll(100));
    assertTrue(worker.poll(100));
    assertEquals(range(0, 5), files.offsets(GOODS));
  }

  @Test
  void outageFromTheStartIsWaitedOut() throws IOException {
    FakeConnect worker = worker(true);
    storage.failsBefore = operation -> true;
    produce(GOODS, 0, 2);
    worker.assign(GOODS, 0);
    for (int i = 0; i < 3; i++) {
      assertFalse(worker.poll(100));
      assertEquals(700, worker.timeoutMs);
      assertEquals(Map.of(), committed(worker));
    }
    storage.failsBefore = operation -> false;
    assertTrue(worker.poll(100));
    assertTrue(worker.poll(100));
    assertEquals(range(0, 2), files.offsets(GOODS));
  }

  @Test
  void closeLeavesNothingBehind() throws IOException {
    FakeConnect worker = ownerOf(GOODS);
    produce(GOODS, 0, 3);
    worker.poll(100);
    assertEquals(1, files.owners(GOODS).size());
    worker.revoke(GOODS);
    assertEquals(List.of(), files.owners(GOODS));
    assertEquals(range(0, 2), files.offsets(GOODS));
    worker.assign(GOODS, 3);
    worker.poll(100);
    worker.poll(100);
    now += 5000;
    worker.poll(100);
    assertEquals(range(0, 3), files.offsets(GOODS));
  }

  @Test
  void closeAndStopSurviveAnOutage() {
    FakeConnect worker = worker(true);
    worker.assign(GOODS, 0);
    worker.assign(OTHER, 0);
    worker.poll(0);
    produce(GOODS, 0, 0);
    produce(OTHER, 0, 0);
    worker.poll(100);
    storage.failsBefore = operation -> true;
    worker.task.close(List.of(GOODS, OTHER));
    worker.task.stop();
    assertEquals(Map.of(), committed(worker));
  }

  @Test
  void ownerStorageRefusesWhatFencingNeeds() throws IOException {
    try (Storage local = new HdfsStorage(java.net.URI.create("file:///"), "connect", Map.of())) {
      Path gone = new Path(folder + "/gone/file");
      assertThrows(IOException.class, () -> local.create(gone));
      assertThrows(IOException.class, () -> local.move(gone, new Path(folder + "/to")));
      Path file = new Path(folder + "/file");
      local.create(file).close();
      assertThrows(IOException.class, () -> local.create(file));
      Path target = new Path(folder + "/target");
      local.create(target).close();
      assertThrows(IOException.class, () -> local.move(file, target));
      local.delete(gone);
      assertEquals(List.of(), local.list(gone));
    }
  }
}
