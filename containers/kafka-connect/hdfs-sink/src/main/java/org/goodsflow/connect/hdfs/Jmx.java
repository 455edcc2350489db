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
 * Shows a task's metrics over JMX, named as Connect names its own. They never get in the way of
 * writing: what JMX refuses is a warning.
 */
final class Jmx {
  private static final Logger LOG = LoggerFactory.getLogger(Jmx.class);
  private static final String DOMAIN = "goodsflow.connect";

  // A task that hangs may be given up by Connect, and end only after its successor has begun:
  // then it must not take the successor's metrics away.
  private static final Map<ObjectName, Object> SHOWN = new HashMap<>();

  private final String task;

  /**
   * Prepares names.
   *
   * @param connector the connector's name
   * @param taskId the task's number
   */
  Jmx(String connector, String taskId) {
    task = "connector=" + Sanitizer.jmxSanitize(connector) + ",task=" + taskId;
  }

  /** Shows a task's metrics, in place of a predecessor's. */
  void show(TaskMetricsMXBean metrics) {
    show("type=hdfs-sink-task-metrics," + task, metrics);
  }

  /** Shows a partition's metrics, in place of a predecessor's. */
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
        LOG.warn("no metrics for {}: {}", keys, e.toString());
      }
    }
  }

  /** Takes metrics away, unless a successor's are shown in their place. */
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
      LOG.debug("{} was gone already", name);
    } catch (JMException e) {
      LOG.warn("the metrics {} stay: {}", name, e.toString());
    }
    return true;
  }
}
