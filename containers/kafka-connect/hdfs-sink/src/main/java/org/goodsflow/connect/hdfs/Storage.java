package org.goodsflow.connect.hdfs;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;

/**
 * The file system operations that the sink needs. Each throws an {@link IOException} if the file
 * system is unreachable or refuses.
 */
interface Storage extends Closeable {
  /** Creates a folder and its parents; an existing folder is unchanged. */
  void makeFolder(Path folder) throws IOException;

  /** Returns the names in a folder; none if it does not exist. */
  List<String> list(Path folder) throws IOException;

  /** Deletes a file, or a folder with its content; a missing one is not an error. */
  void delete(Path path) throws IOException;

  /** Creates a file; fails if its folder does not exist or the file exists. */
  FSDataOutputStream create(Path file) throws IOException;

  /**
   * Moves a file to its final place atomically, and creates the target's folder. Fails without a
   * change if the file is missing or the target exists.
   */
  void move(Path file, Path target) throws IOException;
}
