package org.goodsflow.connect.hdfs;

import java.io.Closeable;
import java.io.IOException;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;

/** A temporary file that records are being written to. */
final class OpenFile implements Closeable {
  private final Path path;
  private final FSDataOutputStream stream;
  private final long openedMs;
  private final long first;
  private long last;
  private int records;

  /**
   * Takes on a file that has just been created.
   *
   * @param path where it is
   * @param stream its open stream, closed by {@link #complete} or {@link #close}
   * @param first the offset of its first record, which is yet to be written
   * @param nowMs the clock's time in milliseconds
   */
  OpenFile(Path path, FSDataOutputStream stream, long first, long nowMs) {
    this.path = path;
    this.stream = stream;
    this.first = first;
    this.last = first;
    this.openedMs = nowMs;
  }

  /** Returns where the file is. */
  Path path() {
    return path;
  }

  /** Returns the offset of the first record. */
  long first() {
    return first;
  }

  /** Returns the offset of the last record written. */
  long last() {
    return last;
  }

  /** Returns how many records were written. */
  int records() {
    return records;
  }

  /** Returns how many bytes were written. */
  long bytes() {
    return stream.getPos();
  }

  /** Returns how long the file has been open at a time of the clock, both in milliseconds. */
  long ageMs(long nowMs) {
    return nowMs - openedMs;
  }

  /** Writes a record's line and the line's end. */
  void write(long offset, byte[] line) throws IOException {
    stream.write(line);
    stream.write('\n');
    last = offset;
    records++;
  }

  /** Closes the file once all its bytes are on the DataNodes' disks. */
  void complete() throws IOException {
    // Kafka may forget the records once the file is committed: memory alone is not enough then.
    stream.hsync();
    stream.close();
  }

  /** Lets go of a file that is not wanted any more. */
  @Override
  public void close() throws IOException {
    stream.close();
  }
}
