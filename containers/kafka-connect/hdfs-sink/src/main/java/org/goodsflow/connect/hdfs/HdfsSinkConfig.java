package org.goodsflow.connect.hdfs;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.LambdaValidator;
import org.apache.kafka.common.config.ConfigDef.Range;
import org.apache.kafka.common.config.ConfigDef.Type;
import org.apache.kafka.common.config.ConfigDef.ValidString;
import org.apache.kafka.common.config.ConfigDef.Validator;
import org.apache.kafka.common.config.ConfigDef.Width;
import org.apache.kafka.common.config.ConfigException;

/**
 * The sink's configuration. Settings that Confluent's HDFS sink has too have the same keys. Connect
 * handles the keys that are not defined here.
 */
public final class HdfsSinkConfig extends AbstractConfig {
  /** The NameNode, {@code hdfs://host:port}. */
  public static final String HDFS_URL = "hdfs.url";

  /** The HDFS user that the sink writes as. */
  public static final String HADOOP_USER = "hadoop.user";

  /** The prefix of the Hadoop client's settings. */
  public static final String HADOOP_CONF_PREFIX = "hadoop.conf.";

  /** How long to wait after a failure of HDFS before a retry, in milliseconds. */
  public static final String RETRY_BACKOFF_MS = "retry.backoff.ms";

  /** The folder of all topics' files. */
  public static final String TOPICS_DIR = "topics.dir";

  /** The maximum number of records in a file. */
  public static final String FLUSH_SIZE = "flush.size";

  /** When a file is committed, in milliseconds after its first record; -1 for never. */
  public static final String ROTATE_INTERVAL_MS = "rotate.interval.ms";

  /** The maximum size of a file, in bytes. */
  public static final String FILE_MAX_BYTES = "file.max.bytes";

  /** How files are compressed. */
  public static final String COMPRESSION_TYPE = "compression.type";

  private static final String HDFS_GROUP = "HDFS";
  private static final String FILES_GROUP = "Files";
  private static final ConfigDef DEFINITION = filesGroup(hdfsGroup(new ConfigDef()));

  /**
   * Reads and checks a configuration.
   *
   * @param properties the connector's configuration
   * @throws ConfigException if a value is missing or invalid; it names the key
   */
  public HdfsSinkConfig(Map<String, String> properties) {
    super(DEFINITION, properties);
  }

  /** Returns the definition of all keys, for Connect's validation and documentation. */
  public static ConfigDef definition() {
    return new ConfigDef(DEFINITION);
  }

  /** Returns the file system to write to. */
  public URI hdfsUrl() {
    return URI.create(getString(HDFS_URL));
  }

  /** Returns the HDFS user that the sink writes as. */
  public String hadoopUser() {
    return getString(HADOOP_USER);
  }

  /** Returns the settings for the Hadoop client, by their Hadoop names. */
  public Map<String, String> hadoopSettings() {
    Map<String, String> settings = new LinkedHashMap<>();
    originalsWithPrefix(HADOOP_CONF_PREFIX)
        .forEach((key, value) -> settings.put(key, String.valueOf(value)));
    return settings;
  }

  /** Returns the wait after a failure of HDFS, in milliseconds. */
  public long retryBackoffMs() {
    return getLong(RETRY_BACKOFF_MS);
  }

  /** Returns the absolute path of the folder of all topics' files. */
  public String topicsDir() {
    return getString(TOPICS_DIR);
  }

  /** Returns how files are compressed. */
  Compression compression() {
    return Compression.ofConfig(getString(COMPRESSION_TYPE));
  }

  /** Returns when a file is committed. */
  RotationPolicy rotationPolicy() {
    return new RotationPolicy(
        getInt(FLUSH_SIZE), getLong(FILE_MAX_BYTES), getLong(ROTATE_INTERVAL_MS));
  }

  private static ConfigDef hdfsGroup(ConfigDef def) {
    return def.define(
            HDFS_URL, Type.STRING, ConfigDef.NO_DEFAULT_VALUE,
            check("a URL hdfs://host:port", HdfsSinkConfig::isFileSystem), Importance.HIGH,
            "The address of the NameNode.",
            HDFS_GROUP, 1, Width.MEDIUM, "HDFS URL")
        .define(
            HADOOP_USER, Type.STRING, "connect",
            check("a user name", value -> !value.isBlank()), Importance.MEDIUM,
            "The user that owns the files, with Hadoop's simple authentication.",
            HDFS_GROUP, 2, Width.SHORT, "HDFS user")
        .define(
            RETRY_BACKOFF_MS, Type.LONG, 5000L, Range.atLeast(1), Importance.LOW,
            "How long to wait after a failure of HDFS before a retry, in milliseconds.",
            HDFS_GROUP, 3, Width.SHORT, "Retry backoff (ms)");
  }

  private static ConfigDef filesGroup(ConfigDef def) {
    return def.define(
            TOPICS_DIR, Type.STRING, "/data/kafka/topics",
            check("an absolute path", HdfsSinkConfig::isAbsolutePath), Importance.MEDIUM,
            "The folder that contains one folder per topic. Temporary files are in +tmp below it.",
            FILES_GROUP, 1, Width.MEDIUM, "Topics folder")
        .define(
            FLUSH_SIZE, Type.INT, 1000, Range.atLeast(1), Importance.HIGH,
            "A file is committed when it has this many records.",
            FILES_GROUP, 2, Width.SHORT, "Records per file")
        .define(
            ROTATE_INTERVAL_MS, Type.LONG, 60_000L, interval(), Importance.HIGH,
            "A file is committed this many milliseconds after its first record, by the wall clock;"
                + " -1 leaves it to the other two limits.",
            FILES_GROUP, 3, Width.SHORT, "Rotation interval (ms)")
        .define(
            FILE_MAX_BYTES, Type.LONG, 128L * 1024 * 1024, Range.atLeast(1), Importance.MEDIUM,
            "The largest size of a file, in bytes before compression. Only a single larger record"
                + " can exceed it.",
            FILES_GROUP, 4, Width.SHORT, "Bytes per file")
        .define(
            COMPRESSION_TYPE, Type.STRING, Compression.NONE.configName(),
            ValidString.in(Compression.configNames()), Importance.LOW,
            "How files are compressed: none (.json) or gzip (.json.gz). After a change, a folder has"
                + " files of both kinds.",
            FILES_GROUP, 5, Width.SHORT, "Compression");
  }

  private interface Check {
    boolean passes(String value);
  }

  private static Validator check(String wanted, Check check) {
    return LambdaValidator.with(
        (key, value) -> {
          // A missing value is reported by ConfigDef itself.
          if (value != null && !check.passes((String) value)) {
            throw new ConfigException(key, value, "must be " + wanted);
          }
        },
        () -> wanted);
  }

  private static Validator interval() {
    return LambdaValidator.with(
        (key, value) -> {
          if (value instanceof Long ms && ms < 1 && ms != RotationPolicy.NEVER) {
            throw new ConfigException(key, value, "must be at least 1, or -1 for never");
          }
        },
        () -> "[1,...] or -1");
  }

  private static boolean isFileSystem(String value) {
    try {
      URI uri = new URI(value);
      // The local file system is for tests.
      return "file:///".equals(value)
          || "hdfs".equals(uri.getScheme()) && uri.getHost() != null && hasNoPath(uri);
    } catch (URISyntaxException e) {
      return false;
    }
  }

  private static boolean hasNoPath(URI uri) {
    return uri.getPath().isEmpty() || uri.getPath().equals("/");
  }

  private static boolean isAbsolutePath(String value) {
    return value.startsWith("/") && value.length() > 1 && !value.contains("//");
  }
}
