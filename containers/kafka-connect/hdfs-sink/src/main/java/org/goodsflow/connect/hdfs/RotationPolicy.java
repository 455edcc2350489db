package org.goodsflow.connect.hdfs;

/**
 * When a file is full and has to be committed.
 *
 * @param maxRecords how many records a file holds
 * @param maxBytes how many bytes a file holds; a single larger record makes a file of its own
 * @param intervalMs how long a file may stay open after its first record, in milliseconds, or
 *     {@link #NEVER}
 */
record RotationPolicy(int maxRecords, long maxBytes, long intervalMs) {
  /** The interval of files that are not committed by age. */
  static final long NEVER = -1;

  /** Tells whether a file of this many records and bytes is full. */
  boolean isFull(int records, long bytes) {
    return records >= maxRecords || bytes >= maxBytes;
  }

  /** Tells whether a line of that many bytes does not fit any more into a file that has some. */
  boolean overflows(long bytes, long lineBytes) {
    return bytes + lineBytes > maxBytes;
  }

  /**
   * Returns how long a file may stay open yet.
   *
   * @param ageMs milliseconds since the file's first record
   * @return milliseconds, 0 if it is due now; {@code Long.MAX_VALUE} without a limit
   */
  long remainingMs(long ageMs) {
    return intervalMs == NEVER ? Long.MAX_VALUE : Math.max(0, intervalMs - ageMs);
  }
}
