package org.goodsflow.connect.hdfs;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;

/** A Hadoop file system of the task's own, connected to on first use. Not for several threads. */
final class HdfsStorage implements Storage {
  /**
   * The client's settings where the configuration has none. The limits keep a call within about
   * half a minute, as it is Connect that retries: the client's own patience would keep the task
   * from polling until the group took its partitions away.
   */
  static final Map<String, String> DEFAULTS =
      Map.ofEntries(
          Map.entry("dfs.replication", "2"),
          // With two DataNodes there is no third to replace a lost one in the middle of a file.
          Map.entry("dfs.client.block.write.replace-datanode-on-failure.policy", "NEVER"),
          Map.entry("ipc.client.connect.timeout", "5000"),
          Map.entry("ipc.client.connect.retry.interval", "1000"),
          Map.entry("ipc.client.connect.max.retries", "2"),
          Map.entry("ipc.client.connect.max.retries.on.timeouts", "1"),
          Map.entry("ipc.client.rpc-timeout.ms", "20000"),
          Map.entry("dfs.client.retry.policy.enabled", "false"),
          Map.entry("dfs.client.socket-timeout", "10000"),
          Map.entry("dfs.datanode.socket.write.timeout", "10000"),
          Map.entry("dfs.client.datanode-restart.timeout", "5"),
          Map.entry("dfs.client.block.write.locateFollowingBlock.retries", "3"),
          // The task closes it: Hadoop's own shutdown hook would do so below a running task.
          Map.entry("fs.automatic.close", "false"));

  private final URI url;
  private final String user;
  private final Configuration configuration;
  private FileSystem fileSystem;

  /**
   * Prepares a connection.
   *
   * @param url the file system
   * @param user the user's name for Hadoop's simple authentication
   * @param settings the client's settings, which come before {@link #DEFAULTS}
   */
  HdfsStorage(URI url, String user, Map<String, String> settings) {
    this.url = url;
    this.user = user;
    configuration = new Configuration();
    // The plugin's classes, whichever thread asks for them.
    configuration.setClassLoader(HdfsStorage.class.getClassLoader());
    DEFAULTS.forEach(configuration::set);
    settings.forEach(configuration::set);
  }

  @Override
  public void makeFolder(Path folder) throws IOException {
    if (!connected().mkdirs(folder)) {
      throw new IOException("could not make the folder " + folder);
    }
  }

  @Override
  public List<String> list(Path folder) throws IOException {
    List<String> names = new ArrayList<>();
    try {
      RemoteIterator<FileStatus> entries = connected().listStatusIterator(folder);
      while (entries.hasNext()) {
        names.add(entries.next().getPath().getName());
      }
    } catch (FileNotFoundException e) {
      return List.of();
    }
    return names;
  }

  @Override
  public void delete(Path path) throws IOException {
    // False says that there was nothing to delete.
    connected().delete(path, true);
  }

  @Override
  public FSDataOutputStream create(Path file) throws IOException {
    FileSystem fs = connected();
    int bufferBytes = configuration.getInt("io.file.buffer.size", 4096);
    short replication = fs.getDefaultReplication(file);
    long blockBytes = fs.getDefaultBlockSize(file);
    return fs.createNonRecursive(file, false, bufferBytes, replication, blockBytes, null);
  }

  @Override
  public void move(Path file, Path target) throws IOException {
    FileSystem fs = connected();
    makeFolder(target.getParent());
    // HDFS checks again within the rename; a local file system would overwrite the file.
    if (fs.exists(target)) {
      throw new FileAlreadyExistsException(target + " exists already");
    }
    if (!fs.rename(file, target)) {
      throw new IOException("could not move " + file + " to " + target);
    }
  }

  @Override
  public void close() throws IOException {
    if (fileSystem != null) {
      fileSystem.close();
    }
  }

  private FileSystem connected() throws IOException {
    if (fileSystem == null) {
      try {
        // A new instance: the shared one could be closed by another task.
        fileSystem = FileSystem.newInstance(url, configuration, user);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw (IOException) new InterruptedIOException("interrupted").initCause(e);
      } catch (IllegalArgumentException e) {
        // So comes a host name that does not resolve, as while a container is not there.
        if (e.getCause() instanceof UnknownHostException) {
          throw new IOException(e.getCause());
        }
        throw e;
      }
    }
    return fileSystem;
  }
}
