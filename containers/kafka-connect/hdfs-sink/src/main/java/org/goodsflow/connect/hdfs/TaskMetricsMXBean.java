package org.goodsflow.connect.hdfs;

/** What JMX shows of a task as a whole, since its start. */
public interface TaskMetricsMXBean {
  /** Returns how many times HDFS failed, after each of which the task waits and tries again. */
  long getRetries();

  /** Returns 1 while the task waits for HDFS, 0 while it writes. */
  int getWaiting();
}
