package org.goodsflow.kafka;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import kafka.admin.ConfigCommand;

/**
 * Puts SCRAM credentials into ZooKeeper before the first broker starts.
 *
 * <p>The brokers log in to each other with SCRAM, so that their own user, and the one with which
 * the others are made, must be there before any broker can be asked to make it. Kafka's own
 * {@code ConfigCommand} does the work; running it for all users in one JVM saves a start for each.
 */
public final class BootstrapUsers {
  private static final int ITERATIONS = 8192;

  private BootstrapUsers() {}

  /**
   * Creates or replaces the users.
   *
   * @param args the ZooKeeper address, the folder of {@code <user>.password} files, then the users
   * @throws IOException if a password cannot be read or the temporary file not be written
   */
  public static void main(String[] args) throws IOException {
    if (args.length < 3) {
      System.err.println("usage: BootstrapUsers ZOOKEEPER SECRETS_FOLDER USER...");
      System.exit(2);
    }
    for (int i = 2; i < args.length; i++) {
      put(args[0], Path.of(args[1]), args[i]);
    }
  }

  private static void put(String zookeeper, Path secrets, String user) throws IOException {
    String password = Files.readString(secrets.resolve(user + ".password")).strip();
    // A file, because a command line can be read by everyone. Created with mode 0600.
    Path config = Files.createTempFile("scram", ".properties");
    try {
      Files.writeString(
          config,
          "SCRAM-SHA-512=iterations=" + ITERATIONS + ",password=" + password + "\n");
      ConfigCommand.main(
          new String[] {
            "--zookeeper", zookeeper,
            "--alter",
            "--entity-type", "users",
            "--entity-name", user,
            "--add-config-file", config.toString()
          });
    } finally {
      Files.deleteIfExists(config);
    }
  }
}
