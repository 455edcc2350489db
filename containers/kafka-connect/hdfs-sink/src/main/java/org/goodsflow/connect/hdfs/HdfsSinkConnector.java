package org.goodsflow.connect.hdfs;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.connector.Task;
import org.apache.kafka.connect.sink.SinkConnector;

/** A Kafka Connect sink that writes the JSON cards of topics to HDFS, each exactly once. */
public final class HdfsSinkConnector extends SinkConnector {
  private Map<String, String> properties = Map.of();

  /**
   * Checks and keeps the configuration.
   *
   * @param props the connector's configuration
   * @throws org.apache.kafka.common.config.ConfigException if a value is bad
   */
  @Override
  public void start(Map<String, String> props) {
    new HdfsSinkConfig(props);
    properties = Map.copyOf(props);
  }

  /** Returns the class of the tasks. */
  @Override
  public Class<? extends Task> taskClass() {
    return HdfsSinkTask.class;
  }

  /**
   * Returns the same configuration for every task but for the task's number, which only names its
   * metrics: Connect itself shares the partitions out.
   *
   * @param maxTasks how many tasks there may be
   */
  @Override
  public List<Map<String, String>> taskConfigs(int maxTasks) {
    return IntStream.range(0, maxTasks).mapToObj(this::taskConfig).toList();
  }

  private Map<String, String> taskConfig(int task) {
    Map<String, String> config = new HashMap<>(properties);
    config.put(HdfsSinkTask.TASK_ID, String.valueOf(task));
    return config;
  }

  /** Does nothing: all that is open belongs to the tasks. */
  @Override
  public void stop() {}

  /** Returns the definition of the configuration. */
  @Override
  public ConfigDef config() {
    return HdfsSinkConfig.definition();
  }

  /** Returns the plugin's version, {@code undefined} outside of its jar. */
  @Override
  public String version() {
    return pluginVersion();
  }

  static String pluginVersion() {
    String version = HdfsSinkConnector.class.getPackage().getImplementationVersion();
    return version == null ? "undefined" : version;
  }
}
