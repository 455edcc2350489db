package org.goodsflow.connect.hdfs;

import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.util.zip.GZIPOutputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;

/** A temporary file that records are being written to. */
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
   * Takes on a file that has just been created.
   *
   * @param path where it is
   * @param stream its open stream, closed by {@link #complete} or {@link #close}
   * @param compression how to write the lines
   * @param first the offset of its first record, which is yet to be written
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

  /** Returns how many bytes of lines were written, before any compression. */
  long bytes() {
    return bytes;
  }

  /** Returns how many bytes the file has on HDFS, once it is complete. */
  long storedBytes() {
    return stream.getPos();
  }

  /** Returns how long the file has been open at a time of the clock, both in milliseconds. */
  long ageMs(long nowMs) {
    return nowMs - openedMs;
  }

  /** Writes a record's line and the line's end. */
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
    // Kafka may forget the records once the file is committed: memory alone is not enough then.
    stream.hsync();
    stream.close();
  }

  /** Lets go of a file that is not wanted any more. */
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

    /** Frees the memory outside of Java's heap, which {@code close} does only if it can write. */
    void release() {
      def.end();
    }
  }
}
