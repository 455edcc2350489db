package org.goodsflow.connect.hdfs;

import java.lang.management.ManagementFactory;
import java.util.HashMap;
import java.util.Map;
import javax.management.InstanceNotFoundException;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Sanitizer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes a task's metrics over JMX, with names like those of Connect's own. They never interfere
 * with writing: an error of JMX is only a warning.
 */
final class Jmx {
  private static final Logger LOG = LoggerFactory.getLogger(Jmx.class);
  private static final String DOMAIN = "goodsflow.connect";

  // Connect may give up a hanging task, which then ends after its successor has started. It must
  // not remove the successor's metrics.
  private static final Map<ObjectName, Object> SHOWN = new HashMap<>();

  private final String task;

  /**
   * Prepares the metrics' names.
   *
   * @param connector the connector's name
   * @param taskId the task's number
   */
  Jmx(String connector, String taskId) {
    task = "connector=" + Sanitizer.jmxSanitize(connector) + ",task=" + taskId;
  }

  /** Publishes a task's metrics, replacing a predecessor's. */
  void show(TaskMetricsMXBean metrics) {
    show("type=hdfs-sink-task-metrics," + task, metrics);
  }

  /** Publishes a partition's metrics, replacing a predecessor's. */
  void show(TopicPartition partition, PartitionMetricsMXBean metrics) {
    show(
        String.format(
            "type=hdfs-sink-partition-metrics,%s,topic=%s,partition=%d",
            task, partition.topic(), partition.partition()),
        metrics);
  }

  private static void show(String keys, Object metrics) {
    MBeanServer server = ManagementFactory.getPlatformMBeanServer();
    synchronized (SHOWN) {
      try {
        ObjectName name = new ObjectName(DOMAIN + ":" + keys);
        if (SHOWN.remove(name) != null) {
          server.unregisterMBean(name);
        }
        server.registerMBean(metrics, name);
        SHOWN.put(name, metrics);
      } catch (JMException e) {
        LOG.warn("cannot publish the metrics {}: {}", keys, e.toString());
      }
    }
  }

  /** Removes metrics, unless a successor's have replaced them. */
  static void hide(Object metrics) {
    MBeanServer server = ManagementFactory.getPlatformMBeanServer();
    synchronized (SHOWN) {
      SHOWN.entrySet()
          .removeIf(shown -> shown.getValue() == metrics && unregister(server, shown.getKey()));
    }
  }

  private static boolean unregister(MBeanServer server, ObjectName name) {
    try {
      server.unregisterMBean(name);
    } catch (InstanceNotFoundException e) {
      LOG.debug("{} was already removed", name);
    } catch (JMException e) {
      LOG.warn("cannot remove the metrics {}: {}", name, e.toString());
    }
    return true;
  }
}
