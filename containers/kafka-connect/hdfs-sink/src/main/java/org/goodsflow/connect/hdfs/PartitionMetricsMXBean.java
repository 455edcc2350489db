package org.goodsflow.connect.hdfs;

/** The metrics of one partition of a task, since the task took it over. */
public interface PartitionMetricsMXBean {
  /** Returns the number of records in committed files. */
  long getRecordsWritten();

  /** Returns the size of these files on HDFS in bytes. */
  long getBytesWritten();

  /** Returns the number of committed files. */
  long getFilesCommitted();

  /** Returns the offset of the last record in a committed file, -1 if there is none. */
  long getLastCommittedOffset();

  /** Returns the number of open files: 1 while records wait for their commit, else 0. */
  int getOpenFiles();

  /** Returns the number of records in the open file. */
  int getOpenRecords();

  /** Returns the number of records that were reported as bad. */
  long getDeadLetters();
}
