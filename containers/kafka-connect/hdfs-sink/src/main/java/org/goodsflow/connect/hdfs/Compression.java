package org.goodsflow.connect.hdfs;

import java.util.Locale;
import java.util.stream.Stream;

/** How committed files are compressed, which their names show. */
enum Compression {
  /** Plain lines. */
  NONE(""),
  /** One gzip stream, which Hadoop and Spark recognize by its extension. */
  GZIP(".gz");

  private final String extension;

  Compression(String extension) {
    this.extension = extension;
  }

  /** Returns what follows {@code .json} in a file's name. */
  String extension() {
    return extension;
  }

  /** Returns the compression's name in a configuration. */
  String configName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Returns the compression of a name in a configuration. */
  static Compression ofConfig(String configName) {
    return valueOf(configName.toUpperCase(Locale.ROOT));
  }

  /** Returns the names that a configuration may use. */
  static String[] configNames() {
    return Stream.of(values()).map(Compression::configName).toArray(String[]::new);
  }
}
