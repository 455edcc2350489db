package org.goodsflow.connect.hdfs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.connect.sink.SinkConnector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HdfsSinkConfigTest {
  private static Map<String, String> properties(String... keysAndValues) {
    Map<String, String> properties = new HashMap<>(Map.of("hdfs.url", "hdfs://namenode:8020"));
    for (int i = 0; i < keysAndValues.length; i += 2) {
      properties.put(keysAndValues[i], keysAndValues[i + 1]);
    }
    return properties;
  }

  @Test
  void onlyTheUrlIsNeeded() {
    HdfsSinkConfig config = new HdfsSinkConfig(properties());
    assertEquals(URI.create("hdfs://namenode:8020"), config.hdfsUrl());
    assertEquals("connect", config.hadoopUser());
    assertEquals("/data/kafka/topics", config.topicsDir());
    assertEquals(new RotationPolicy(1000, 128 << 20, 60_000), config.rotationPolicy());
    assertEquals(5000, config.retryBackoffMs());
    assertEquals(Compression.NONE, config.compression());
    assertEquals(Map.of(), config.hadoopSettings());
  }

  @Test
  void hadoopSettingsAndUnknownKeysPass() {
    HdfsSinkConfig config =
        new HdfsSinkConfig(
            properties("hadoop.conf.dfs.replication", "3", "errors.tolerance", "all"));
    assertEquals(Map.of("dfs.replication", "3"), config.hadoopSettings());
  }

  @ParameterizedTest
  @CsvSource({
    "hdfs.url,namenode:8020",
    "hdfs.url,http://namenode:8020",
    "hdfs.url,hdfs://",
    "hdfs.url,hdfs://namenode:8020/data",
    "hdfs.url,hdfs://name node",
    "hdfs.url,''",
    "topics.dir,relative/path",
    "topics.dir,/",
    "topics.dir,//double",
    "flush.size,0",
    "flush.size,many",
    "rotate.interval.ms,0",
    "rotate.interval.ms,-2",
    "file.max.bytes,0",
    "hadoop.user,' '",
    "retry.backoff.ms,0",
    "compression.type,lz4",
    "compression.type,''"
  })
  void badValuesAreNamed(String key, String value) {
    ConfigException problem =
        assertThrows(ConfigException.class, () -> new HdfsSinkConfig(properties(key, value)));
    assertTrue(problem.getMessage().contains(key), problem.getMessage());
  }

  @Test
  void everyKeySaysWhatItIsForAndChecksItsValue() {
    HdfsSinkConfig.definition()
        .configKeys()
        .values()
        .forEach(
            key -> {
              assertTrue(key.documentation.endsWith("."), key.name);
              assertNotNull(key.validator, key.name);
            });
  }

  @Test
  void documentationListsEveryKeyAsItIs() throws IOException {
    List<String> wanted =
        HdfsSinkConfig.definition().configKeys().values().stream()
            .map(
                key ->
                    String.format(
                        "| `%s` | %s | %s | %s |",
                        key.name,
                        key.hasDefault() ? "`" + key.defaultValue + "`" : "required",
                        key.validator.toString().replace("|", "\\|"),
                        key.documentation))
            .sorted()
            .toList();
    List<String> found =
        Files.readAllLines(Path.of("../../../docs/reference/hdfs-sink.md")).stream()
            .filter(line -> line.startsWith("| `") && line.split("\\|").length == 5)
            .filter(line -> !line.contains("hadoop.conf."))
            .sorted()
            .toList();
    assertEquals(String.join("\n", wanted), String.join("\n", found));
  }

  @Test
  void urlMustBeThere() {
    ConfigException problem =
        assertThrows(ConfigException.class, () -> new HdfsSinkConfig(Map.of()));
    assertTrue(problem.getMessage().contains("hdfs.url"), problem.getMessage());
  }

  @Test
  void connectorIsFoundAsAService() {
    assertTrue(
        ServiceLoader.load(SinkConnector.class).stream()
            .anyMatch(provider -> provider.type() == HdfsSinkConnector.class));
  }

  @Test
  void connectorGivesEachTaskTheConfigurationAndItsNumber() {
    HdfsSinkConnector connector = new HdfsSinkConnector();
    connector.start(properties());
    assertEquals(
        List.of(properties("task.id", "0"), properties("task.id", "1")), connector.taskConfigs(2));
    assertEquals(HdfsSinkTask.class, connector.taskClass());
  }
}
