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

/** A task's own Hadoop file system, connected on first use. It is not thread-safe. */
final class HdfsStorage implements Storage {
  /**
   * The client's default settings. They limit a call to about half a minute, because Connect
   * retries: the client's own retries would keep the task from polling until the group revoked its
   * partitions.
   */
  static final Map<String, String> DEFAULTS =
      Map.ofEntries(
          Map.entry("dfs.replication", "2"),
          // With two DataNodes, there is no third one to replace a lost one in the middle of a
          // file.
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
          // The task closes it: Hadoop's shutdown hook would close it under a running task.
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
   * @param settings the client's settings, which override {@link #DEFAULTS}
   */
  HdfsStorage(URI url, String user, Map<String, String> settings) {
    this.url = url;
    this.user = user;
    configuration = new Configuration();
    // Use the plugin's classes in every thread.
    configuration.setClassLoader(HdfsStorage.class.getClassLoader());
    DEFAULTS.forEach(configuration::set);
    settings.forEach(configuration::set);
  }

  @Override
  public void makeFolder(Path folder) throws IOException {
    if (!connected().mkdirs(folder)) {
      throw new IOException("cannot create the folder " + folder);
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
    // It returns false if there was nothing to delete.
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
      throw new IOException("cannot move " + file + " to " + target);
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
        // A new instance, as another task could close a shared one.
        fileSystem = FileSystem.newInstance(url, configuration, user);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw (IOException) new InterruptedIOException("interrupted").initCause(e);
      } catch (IllegalArgumentException e) {
        // A host name that does not resolve, for example while a container is missing.
        if (e.getCause() instanceof UnknownHostException) {
          throw new IOException(e.getCause());
        }
        throw e;
      }
    }
    return fileSystem;
  }
}
