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
   * @throws org.apache.kafka.common.config.ConfigException if a value is invalid
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
   * Returns the configurations of the tasks. They differ only in the task's number, which is part
   * of its metrics' names: Connect itself distributes the partitions.
   *
   * @param maxTasks the maximum number of tasks
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

  /** Does nothing: all resources belong to the tasks. */
  @Override
  public void stop() {}

  /** Returns the definition of the configuration. */
  @Override
  public ConfigDef config() {
    return HdfsSinkConfig.definition();
  }

  /** Returns the plugin's version, or {@code undefined} outside of its jar. */
  @Override
  public String version() {
    return pluginVersion();
  }

  static String pluginVersion() {
    String version = HdfsSinkConnector.class.getPackage().getImplementationVersion();
    return version == null ? "undefined" : version;
  }
}
