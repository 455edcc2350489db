package org.goodsflow.connect.hdfs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CommittedFileTest {
  private static final TopicPartition PARTITION = new TopicPartition("source.goods-filtered", 3);

  @Test
  void nameSaysPartitionAndOffsets() {
    assertEquals(
        "source.goods-filtered+3+0000000007+0000000042.json",
        new CommittedFile(PARTITION, 7, 42, Compression.NONE).name());
  }

  @Test
  void nameOfACompressedFileEndsWithGz() {
    assertEquals(
        "source.goods-filtered+3+0000000007+0000000042.json.gz",
        new CommittedFile(PARTITION, 7, 42, Compression.GZIP).name());
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 7, 9_999_999_999L, 10_000_000_000L, 123_456_789_012_345_678L})
  void nameIsReadBack(long last) {
    for (Compression compression : Compression.values()) {
      CommittedFile file = new CommittedFile(PARTITION, 0, last, compression);
      assertEquals(Optional.of(file), CommittedFile.parse(file.name()));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "_SUCCESS",
        "part-00000.json",
        "goods+0+0000000000+0000000001.json.crc",
        "goods+0+0000000000+0000000001.avro",
        "goods+0+0000000000+0000000001.json.bz2",
        "goods+0+0000000000+0000000001.gz",
        ".goods+0+0000000000.json",
        "goods+0+0000000000.json",
        "goods+0+0+1.json",
        "goods+00+0000000000+0000000001.json",
        "goods+0+00000000000+0000000001.json",
        "goods+0+0000000002+0000000001.json",
        "goods+-1+0000000000+0000000001.json",
        "go/ods+0+0000000000+0000000001.json",
        "goods+0+0000000000+9999999999999999999.json",
        "goods+0+0000000000+0000000001+0000000002.json",
        "+0+0000000000+0000000001.json"
      })
  void otherNamesAreForeign(String name) {
    assertEquals(Optional.empty(), CommittedFile.parse(name));
  }
}
