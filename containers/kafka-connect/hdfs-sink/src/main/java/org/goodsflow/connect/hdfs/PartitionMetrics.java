package org.goodsflow.connect.hdfs;

/** Counts what one partition's writer does; JMX reads it from another thread. */
final class PartitionMetrics implements PartitionMetricsMXBean {
  private long records;
  private long bytes;
  private long files;
  private long lastCommittedOffset = -1;
  private int openFiles;
  private int openRecords;
  private long deadLetters;

  /** Notes that a recovery found the committed files to end before an offset. */
  synchronized void recovered(long committedEnd) {
    lastCommittedOffset = Math.max(committedEnd, 0) - 1;
  }

  /** Notes that the open file has so many records by now. */
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
