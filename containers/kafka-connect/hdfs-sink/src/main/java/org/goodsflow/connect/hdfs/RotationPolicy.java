package org.goodsflow.connect.hdfs;

/**
 * When a file is full and has to be committed.
 *
 * @param maxRecords the maximum number of records in a file
 * @param maxBytes the maximum size of a file in bytes; a single larger record gets its own file
 * @param intervalMs how long a file may stay open after its first record, in milliseconds, or
 *     {@link #NEVER}
 */
record RotationPolicy(int maxRecords, long maxBytes, long intervalMs) {
  /** The interval if files are not committed by age. */
  static final long NEVER = -1;

  /** Returns whether a file of this many records and bytes is full. */
  boolean isFull(int records, long bytes) {
    return records >= maxRecords || bytes >= maxBytes;
  }

  /** Returns whether a line no longer fits into a file of this many bytes. */
  boolean overflows(long bytes, long lineBytes) {
    return bytes + lineBytes > maxBytes;
  }

  /**
   * Returns how much longer a file may stay open.
   *
   * @param ageMs milliseconds since the file's first record
   * @return milliseconds, 0 if it is due now; {@code Long.MAX_VALUE} without a limit
   */
  long remainingMs(long ageMs) {
    return intervalMs == NEVER ? Long.MAX_VALUE : Math.max(0, intervalMs - ageMs);
  }
}
