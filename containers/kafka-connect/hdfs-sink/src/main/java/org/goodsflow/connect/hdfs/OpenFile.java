package org.goodsflow.connect.hdfs;

import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.util.zip.GZIPOutputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;

/** A temporary file to which records are written. */
final class OpenFile implements Closeable {
  private static final int BUFFER_BYTES = 64 * 1024;

  private final Path path;
  private final FSDataOutputStream stream;
  private final Compression compression;
  private final long openedMs;
  private final long first;
  private Gzip gzip;
  private OutputStream lines;
  private long last;
  private int records;
  private long bytes;

  /**
   * Wraps a file that has just been created.
   *
   * @param path the file's path
   * @param stream its open stream, closed by {@link #complete} or {@link #close}
   * @param compression how to write the lines
   * @param first the offset of its first record, which is not written yet
   * @param nowMs the clock's time in milliseconds
   */
  OpenFile(
      Path path, FSDataOutputStream stream, Compression compression, long first, long nowMs) {
    this.path = path;
    this.stream = stream;
    this.compression = compression;
    this.first = first;
    this.last = first;
    this.openedMs = nowMs;
  }

  /** Returns the file's path. */
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

  /** Returns the number of records written. */
  int records() {
    return records;
  }

  /** Returns the number of bytes written, before compression. */
  long bytes() {
    return bytes;
  }

  /** Returns the file's size on HDFS in bytes, once it is complete. */
  long storedBytes() {
    return stream.getPos();
  }

  /** Returns how long the file has been open at a given time, both in milliseconds. */
  long ageMs(long nowMs) {
    return nowMs - openedMs;
  }

  /** Writes a record's line and a line feed. */
  void write(long offset, byte[] line) throws IOException {
    if (lines == null) {
      lines = open();
    }
    lines.write(line);
    lines.write('\n');
    last = offset;
    records++;
    bytes += line.length + 1L;
  }

  private OutputStream open() throws IOException {
    if (compression == Compression.NONE) {
      return stream;
    }
    gzip = new Gzip(stream);
    return new BufferedOutputStream(gzip, BUFFER_BYTES);
  }

  /** Closes the file once all its bytes are on the DataNodes' disks. */
  void complete() throws IOException {
    if (gzip != null) {
      lines.flush();
      gzip.finish();
      gzip.release();
    }
    // After the commit, Kafka may delete the records: they must not be in memory only.
    stream.hsync();
    stream.close();
  }

  /** Closes a file that is no longer needed. */
  @Override
  public void close() throws IOException {
    if (gzip != null) {
      gzip.release();
    }
    stream.close();
  }

  private static final class Gzip extends GZIPOutputStream {
    Gzip(OutputStream out) throws IOException {
      super(out, BUFFER_BYTES);
    }

    /** Frees off-heap memory, which {@code close} does only if it can write. */
    void release() {
      def.end();
    }
  }
}
