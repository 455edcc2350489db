package org.goodsflow.connect.hdfs;

import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs failures of HDFS: the first, then one a minute, and their end. */
final class Outage implements TaskMetricsMXBean {
  private static final Logger LOG = LoggerFactory.getLogger(HdfsSinkTask.class);
  private static final long QUIET_MS = 60_000;

  private final LongSupplier clock;
  private final long retryBackoffMs;
  private long retries;
  private long failures;
  private long beganMs;
  private long toldMs;

  /**
   * Starts without an outage.
   *
   * @param clock a monotonic clock in milliseconds
   * @param retryBackoffMs how long the task waits after each failure
   */
  Outage(LongSupplier clock, long retryBackoffMs) {
    this.clock = clock;
    this.retryBackoffMs = retryBackoffMs;
  }

  /** Notes a failure. */
  synchronized void failed(Exception problem) {
    long now = clock.getAsLong();
    retries++;
    failures++;
    if (failures == 1) {
      beganMs = now;
      LOG.warn(
          "writing to HDFS failed; the task retries every {} ms until it succeeds: {}",
          retryBackoffMs, problem.toString());
      toldMs = now;
    } else if (now - toldMs >= QUIET_MS) {
      LOG.warn(
          "writing to HDFS has been failing for {} s, after {} tries: {}",
          (now - beganMs) / 1000, failures, problem.toString());
      toldMs = now;
    }
  }

  /** Notes that everything has been written. */
  synchronized void ended() {
    if (failures > 0) {
      LOG.info(
          "writing to HDFS succeeds again, after {} s and {} failed tries",
          (clock.getAsLong() - beganMs) / 1000, failures);
      failures = 0;
    }
  }

  @Override
  public synchronized long getRetries() {
    return retries;
  }

  @Override
  public synchronized int getWaiting() {
    return failures > 0 ? 1 : 0;
  }
}
