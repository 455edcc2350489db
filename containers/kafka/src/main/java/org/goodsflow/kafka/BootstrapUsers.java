package org.goodsflow.kafka;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import kafka.admin.ConfigCommand;

/**
 * Writes SCRAM credentials to ZooKeeper before the first broker starts.
 *
 * <p>The brokers log in to each other with SCRAM. So their user, and the user that creates all
 * others, must exist before a broker could create them. Kafka's own {@code ConfigCommand} does the
 * work; running it for all users in one JVM saves a JVM start for each.
 */
public final class BootstrapUsers {
  private static final int ITERATIONS = 8192;

  private BootstrapUsers() {}

  /**
   * Creates or replaces the users.
   *
   * @param args the ZooKeeper address, the folder of {@code <user>.password} files, then the users
   * @throws IOException if a password cannot be read or the temporary file cannot be written
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
    // A file of mode 0600, because everyone can read a command line.
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
