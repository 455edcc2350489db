package org.goodsflow.connect.hdfs;

import java.util.Locale;
import java.util.stream.Stream;

/** How committed files are compressed, which their names show. */
enum Compression {
  /** Plain lines. */
  NONE(""),
  /** One gzip stream, which Hadoop's and Spark's readers know by its extension. */
  GZIP(".gz");

  private final String extension;

  Compression(String extension) {
    this.extension = extension;
  }

  /** Returns what a file's name has after {@code .json}. */
  String extension() {
    return extension;
  }

  /** Returns the compression's name in a configuration. */
  String configName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Returns the compression that a configuration names. */
  static Compression ofConfig(String configName) {
    return valueOf(configName.toUpperCase(Locale.ROOT));
  }

  /** Returns the names that a configuration may have. */
  static String[] configNames() {
    return Stream.of(values()).map(Compression::configName).toArray(String[]::new);
  }
}
