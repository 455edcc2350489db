package org.goodsflow.connect.hdfs;

/** The metrics of a whole task, since its start. */
public interface TaskMetricsMXBean {
  /** Returns the number of HDFS failures; the task waits and retries after each. */
  long getRetries();

  /** Returns 1 while the task waits for HDFS, 0 while it writes. */
  int getWaiting();
}
