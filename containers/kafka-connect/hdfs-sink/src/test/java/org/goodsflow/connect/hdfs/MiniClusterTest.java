package org.goodsflow.connect.hdfs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.SafeModeAction;
import org.apache.hadoop.hdfs.DistributedFileSystem;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.connect.sink.SinkRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The task on a real NameNode and two DataNodes. */
@Timeout(60)
class MiniClusterTest {
  private static final String TOPICS_DIR = "/data/kafka/topics";

  @TempDir static java.nio.file.Path folder;
  private static MiniDFSCluster cluster;
  private static int tests;

  private final TopicPartition partition = new TopicPartition("goods-" + tests++, 0);
  private final List<SinkRecord> topic = new ArrayList<>();
  private final List<FakeConnect> workers = new ArrayList<>();
  private Files files;

  @BeforeAll
  static void startCluster() throws IOException {
    Configuration configuration = new Configuration();
    configuration.set("dfs.namenode.safemode.extension", "0");
    configuration.set("dfs.permissions.superusergroup", "connect");
    cluster =
        new MiniDFSCluster.Builder(configuration, folder.toFile()).numDataNodes(2).build();
    cluster.waitActive();
    Path topics = new Path(TOPICS_DIR);
    cluster.getFileSystem().mkdirs(topics);
    cluster.getFileSystem().setOwner(topics, "connect", "connect");
  }

  @AfterAll
  static void stopCluster() {
    cluster.shutdown();
  }

  @BeforeEach
  void openFiles() throws IOException {
    files = new Files(cluster.getFileSystem(), TOPICS_DIR);
  }

  @AfterEach
  void stopTasks() {
    workers.forEach(worker -> worker.task.stop());
  }

  private FakeConnect owner() {
    Map<String, String> properties =
        Map.of(
            "hdfs.url", cluster.getURI().toString(),
            "topics.dir", TOPICS_DIR,
            "flush.size", "3",
            "rotate.interval.ms", "-1");
    FakeConnect worker =
        new FakeConnect(new HdfsSinkTask(), properties, Map.of(partition, topic), true);
    workers.add(worker);
    worker.assign(partition, 0);
    assertTrue(worker.poll(0));
    return worker;
  }

  private void produce(long first, long last) {
    LongStream.rangeClosed(first, last).forEach(o -> topic.add(Files.card(partition, o)));
  }

  private static List<Long> range(long first, long last) {
    return LongStream.rangeClosed(first, last).boxed().toList();
  }

  private static void pollUntilDone(FakeConnect worker) throws InterruptedException {
    for (int tries = 0; !worker.poll(100); tries++) {
      assertTrue(tries < 100, "the task recovers within a while");
      TimeUnit.MILLISECONDS.sleep(100);
    }
    assertTrue(worker.poll(100));
  }

  @Test
  void filesAreTheUsersAndReplicatedTwice() throws IOException {
    produce(0, 2);
    assertTrue(owner().poll(100));
    assertEquals(range(0, 2), files.offsets(partition));
    CommittedFile committed = new CommittedFile(partition, 0, 2, Compression.NONE);
    FileStatus status =
        cluster.getFileSystem().getFileStatus(new Layout(TOPICS_DIR).committed(committed));
    assertEquals("connect", status.getOwner());
    assertEquals(2, status.getReplication());
  }

  @Test
  void removedFolderFailsEveryStepOfItsOwner() throws IOException {
    Path own = new Path(TOPICS_DIR, "fenced");
    try (Storage storage = new HdfsStorage(cluster.getURI(), "connect", Map.of())) {
      storage.makeFolder(own);
      Path complete = new Path(own, "complete");
      storage.create(complete).close();
      FSDataOutputStream open = storage.create(new Path(own, "open"));
      open.write(1);
      storage.delete(own);
      Path late = new Path(own, "late");
      assertThrows(FileNotFoundException.class, () -> storage.create(late));
      Path target = new Path(TOPICS_DIR, "target");
      assertThrows(IOException.class, () -> storage.move(complete, target));
      assertThrows(IOException.class, open::close);
      storage.create(target).close();
      Path file = new Path(TOPICS_DIR, "file");
      storage.create(file).close();
      assertThrows(IOException.class, () -> storage.move(file, target));
      assertFalse(cluster.getFileSystem().rename(file, target), "HDFS refuses by itself too");
    }
  }

  @Test
  void newOwnerFencesTheOldOne() throws Exception {
    produce(0, 8);
    FakeConnect first = owner();
    first.poll(5); // 3 and 4 are in an open file.
    FakeConnect second = owner();
    assertEquals(1, files.owners(partition).size());
    assertTrue(second.poll(1));
    assertFalse(first.poll(1));
    pollUntilDone(first);
    assertFalse(second.poll(100));
    assertEquals(range(0, 8), files.offsets(partition));
  }

  @Test
  void restartOfTheNameNodeIsWaitedOut() throws Exception {
    produce(0, 10);
    FakeConnect worker = owner();
    assertTrue(worker.poll(5));
    cluster.shutdownNameNode(0);
    long start = System.nanoTime();
    assertFalse(worker.poll(2));
    assertFalse(worker.poll(2));
    long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start);
    assertTrue(seconds < 30, seconds + " s");
    cluster.restartNameNode(0);
    pollUntilDone(worker);
    openFiles();
    assertEquals(range(0, 8), files.offsets(partition));
  }

  @Test
  void safeModeIsWaitedOut() throws Exception {
    produce(0, 5);
    FakeConnect worker = owner();
    assertTrue(worker.poll(4));
    DistributedFileSystem fs = cluster.getFileSystem();
    fs.setSafeMode(SafeModeAction.ENTER);
    assertFalse(worker.poll(2));
    assertFalse(worker.poll(2));
    fs.setSafeMode(SafeModeAction.LEAVE);
    pollUntilDone(worker);
    assertEquals(range(0, 5), files.offsets(partition));
  }

  @Test
  void lossOfADataNodeInTheMiddleOfAFileIsSurvived() throws Exception {
    produce(0, 2);
    FakeConnect worker = owner();
    assertTrue(worker.poll(1));
    MiniDFSCluster.DataNodeProperties lost = cluster.stopDataNode(0);
    if (!worker.poll(100)) {
      pollUntilDone(worker);
    }
    assertEquals(range(0, 2), files.offsets(partition));
    assertTrue(cluster.restartDataNode(lost));
    cluster.waitActive();
  }
}
