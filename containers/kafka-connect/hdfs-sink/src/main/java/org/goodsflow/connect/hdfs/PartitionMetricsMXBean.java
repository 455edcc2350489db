package org.goodsflow.connect.hdfs;

/** What JMX shows of one partition that a task has, since the task got it. */
public interface PartitionMetricsMXBean {
  /** Returns how many records are in the files that were committed. */
  long getRecordsWritten();

  /** Returns how many bytes these files have on HDFS. */
  long getBytesWritten();

  /** Returns how many files were committed. */
  long getFilesCommitted();

  /** Returns the offset of the last record in a committed file, -1 if there is no file. */
  long getLastCommittedOffset();

  /** Returns how many files are open: 1 while records wait for their commit, else 0. */
  int getOpenFiles();

  /** Returns how many records the open file has. */
  int getOpenRecords();

  /** Returns how many records were reported as bad. */
  long getDeadLetters();
}
