package org.goodsflow.connect.hdfs;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;

/**
 * The few operations of a file system that the sink is built on. Each fails with an {@link
 * IOException} both when the file system is out of reach and when it refuses.
 */
interface Storage extends Closeable {
  /** Makes a folder, and those it is in; one that exists stays as it is. */
  void makeFolder(Path folder) throws IOException;

  /** Returns the names in a folder, none if there is no such folder. */
  List<String> list(Path folder) throws IOException;

  /** Deletes a file or a folder with all in it; one that does not exist is no error. */
  void delete(Path path) throws IOException;

  /** Creates a file, which fails if its folder does not exist or the file does. */
  FSDataOutputStream create(Path file) throws IOException;

  /**
   * Moves a file to its final place in one step, making the folder it goes to. Fails, changing
   * nothing, if the file is gone or there is one in the final place.
   */
  void move(Path file, Path target) throws IOException;
}
