package org.goodsflow.connect.hdfs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.connect.sink.SinkRecord;

/** Records to write, and the content of the written files. */
final class Files {
  private final FileSystem fs;
  private final Layout layout;

  Files(FileSystem fs, String topicsDir) {
    this.fs = fs;
    this.layout = new Layout(topicsDir);
  }

  /** A record whose card contains its offset. */
  static SinkRecord card(TopicPartition partition, long offset) {
    return record(partition, offset, WireFormatTest.value("{\"offset\":" + offset + "}"));
  }

  static SinkRecord record(TopicPartition partition, long offset, Object value) {
    return new SinkRecord(
        partition.topic(), partition.partition(), null, null, null, value, offset);
  }

  /** The names of a partition's committed files, sorted. */
  List<String> committed(TopicPartition partition) throws IOException {
    Path folder = layout.committedFolder(partition);
    if (!fs.exists(folder)) {
      return List.of();
    }
    return Stream.of(fs.listStatus(folder)).map(f -> f.getPath().getName()).sorted().toList();
  }

  /** All lines of a partition's committed files, in the order of their offsets. */
  List<String> lines(TopicPartition partition) throws IOException {
    List<String> lines = new ArrayList<>();
    for (String name : committed(partition)) {
      lines.addAll(lines(new Path(layout.committedFolder(partition), name)));
    }
    return lines;
  }

  private List<String> lines(Path path) throws IOException {
    // Judged by the name only, as every reader must.
    try (FSDataInputStream file = fs.open(path);
        InputStream stream = path.getName().endsWith(".gz") ? new GZIPInputStream(file) : file) {
      String text = new String(stream.readAllBytes(), UTF_8);
      assertTrue(text.endsWith("\n"), "the last line of " + path + " has an end");
      return text.lines().toList();
    }
  }

  /** The offsets of the cards, having checked each file's name against its cards. */
  List<Long> offsets(TopicPartition partition) throws IOException {
    List<Long> all = new ArrayList<>();
    for (String name : committed(partition)) {
      CommittedFile file = CommittedFile.parse(name).orElseThrow();
      List<Long> offsets =
          lines(layout.committed(file)).stream()
              .map(line -> Long.valueOf(line.replaceAll("\\D", "")))
              .toList();
      assertEquals(file.first(), offsets.get(0), name);
      assertEquals(file.last(), offsets.get(offsets.size() - 1), name);
      all.addAll(offsets);
    }
    return all;
  }

  /** The folders of a partition's owners. */
  List<Path> owners(TopicPartition partition) throws IOException {
    Path folder = layout.ownersFolder(partition);
    return fs.exists(folder)
        ? Stream.of(fs.listStatus(folder)).map(FileStatus::getPath).toList()
        : List.of();
  }
}
