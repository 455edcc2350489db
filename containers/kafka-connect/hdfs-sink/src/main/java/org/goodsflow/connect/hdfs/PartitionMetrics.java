package org.goodsflow.connect.hdfs;

/** The metrics of one partition's writer; JMX reads them from another thread. */
final class PartitionMetrics implements PartitionMetricsMXBean {
  private long records;
  private long bytes;
  private long files;
  private long lastCommittedOffset = -1;
  private int openFiles;
  private int openRecords;
  private long deadLetters;

  /** Notes the offset after the committed files, as found by a recovery. */
  synchronized void recovered(long committedEnd) {
    lastCommittedOffset = Math.max(committedEnd, 0) - 1;
  }

  /** Notes the number of records in the open file. */
  synchronized void opened(int records) {
    openFiles = 1;
    openRecords = records;
  }

  /** Notes that the open file was committed. */
  synchronized void committed(OpenFile file) {
    files++;
    records += file.records();
    bytes += file.storedBytes();
    lastCommittedOffset = file.last();
    closed();
  }

  /** Notes that no file is open. */
  synchronized void closed() {
    openFiles = 0;
    openRecords = 0;
  }

  /** Notes that a record was reported as bad. */
  synchronized void deadLetter() {
    deadLetters++;
  }

  @Override
  public synchronized long getRecordsWritten() {
    return records;
  }

  @Override
  public synchronized long getBytesWritten() {
    return bytes;
  }

  @Override
  public synchronized long getFilesCommitted() {
    return files;
  }

  @Override
  public synchronized long getLastCommittedOffset() {
    return lastCommittedOffset;
  }

  @Override
  public synchronized int getOpenFiles() {
    return openFiles;
  }

  @Override
  public synchronized int getOpenRecords() {
    return openRecords;
  }

  @Override
  public synchronized long getDeadLetters() {
    return deadLetters;
  }
}
