package org.goodsflow.connect.hdfs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.connect.sink.SinkRecord;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random failures and rebalances, with owners that do not know of each other. */
class RandomFailuresTest {
  private static final List<TopicPartition> PARTITIONS =
      List.of(new TopicPartition("goods", 0), new TopicPartition("goods", 1));

  @TempDir java.nio.file.Path folder;
  private final Map<TopicPartition, List<SinkRecord>> topics =
      Map.of(PARTITIONS.get(0), new ArrayList<>(), PARTITIONS.get(1), new ArrayList<>());
  private final Map<TopicPartition, List<Long>> expected =
      Map.of(PARTITIONS.get(0), new ArrayList<>(), PARTITIONS.get(1), new ArrayList<>());
  private final long[] ends = new long[2];
  private Random random;
  private long now;
  private boolean healthy;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void everyCardIsInOneFile(int seed) throws IOException {
    random = new Random(seed);
    List<FakeConnect> workers = List.of(worker(), worker(), worker());
    for (int step = 0; step < 400; step++) {
      produce();
      act(workers.get(random.nextInt(workers.size())));
      now += random.nextInt(800);
    }
    workers.forEach(worker -> worker.task.stop());
    drain();
    Files files = new Files(FileSystem.getLocal(new Configuration()), folder + "/topics");
    for (TopicPartition partition : PARTITIONS) {
      assertEquals(expected.get(partition), files.offsets(partition), "seed " + seed);
    }
  }

  private FakeConnect worker() {
    HdfsSinkTask task =
        new HdfsSinkTask(
            () -> now,
            config -> {
              FlakyStorage storage =
                  new FlakyStorage(new HdfsStorage(config.hdfsUrl(), "connect", Map.of()));
              storage.failsBefore = operation -> !healthy && random.nextInt(25) == 0;
              storage.failsAfter = operation -> !healthy && random.nextInt(25) == 0;
              return storage;
            });
    Map<String, String> properties =
        Map.of(
            "hdfs.url", "file:///",
            "topics.dir", folder + "/topics",
            "flush.size", "5",
            // Owners with both settings: a changed configuration reaches one after the other.
            "compression.type", random.nextBoolean() ? "gzip" : "none",
            "rotate.interval.ms", "3000");
    return new FakeConnect(task, properties, topics, true);
  }

  /** Appends cards, tombstones, bad records and gaps. */
  private void produce() {
    for (int i = 0; i < 2; i++) {
      TopicPartition partition = PARTITIONS.get(i);
      for (int n = random.nextInt(3); n > 0; n--) {
        long offset = ends[i];
        int kind = random.nextInt(10);
        ends[i] += kind == 0 ? 3 : 1;
        if (kind == 1) {
          topics.get(partition).add(Files.record(partition, offset, null));
        } else if (kind == 2) {
          topics.get(partition).add(Files.record(partition, offset, new byte[] {9}));
        } else {
          topics.get(partition).add(Files.card(partition, offset));
          expected.get(partition).add(offset);
        }
      }
    }
  }

  private void act(FakeConnect worker) {
    TopicPartition partition = PARTITIONS.get(random.nextInt(2));
    switch (random.nextInt(12)) {
      case 0 -> {
        if (worker.assignment().contains(partition)) {
          worker.revoke(partition);
        }
      }
      case 1 -> {
        // Often another worker has it at the same time.
        if (!worker.assignment().contains(partition)) {
          worker.assign(partition, random.nextInt((int) ends[partition.partition()] + 1));
        }
      }
      default -> worker.poll(random.nextInt(8));
    }
  }

  private void drain() {
    healthy = true;
    FakeConnect last = worker();
    PARTITIONS.forEach(partition -> last.assign(partition, 0));
    last.poll(0);
    last.poll(100_000);
    now += 3000;
    last.poll(0);
    last.task.stop();
  }
}
