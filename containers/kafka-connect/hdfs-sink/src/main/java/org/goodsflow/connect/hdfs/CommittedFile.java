package org.goodsflow.connect.hdfs;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.common.TopicPartition;

/**
 * The name of a committed file: {@code <topic>+<partition>+<first>+<last>.json}, followed by
 * {@code .gz} if it is compressed. Topic names cannot contain a plus sign, so a name is never
 * ambiguous.
 *
 * @param partition the topic's partition
 * @param first the offset of the file's first record
 * @param last the offset of the file's last record
 * @param compression how the file is compressed
 */
record CommittedFile(TopicPartition partition, long first, long last, Compression compression) {
  private static final Pattern NAME =
      Pattern.compile(
          "([A-Za-z0-9._-]{1,249})\\+(\\d{1,9})\\+(\\d{10,18})\\+(\\d{10,18})\\.json(\\.gz)?");

  /** Returns the file's name; its offsets have at least ten digits, so that names sort. */
  String name() {
    return String.format(
        "%s+%d+%010d+%010d.json%s",
        partition.topic(), partition.partition(), first, last, compression.extension());
  }

  /**
   * Parses a name.
   *
   * @param name the name of a file, without its folder
   * @return the file, or nothing if {@link #name} would not return this name
   */
  static Optional<CommittedFile> parse(String name) {
    Matcher matcher = NAME.matcher(name);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    TopicPartition partition =
        new TopicPartition(matcher.group(1), Integer.parseInt(matcher.group(2)));
    long first = Long.parseLong(matcher.group(3));
    long last = Long.parseLong(matcher.group(4));
    Compression compression = matcher.group(5) == null ? Compression.NONE : Compression.GZIP;
    CommittedFile file = new CommittedFile(partition, first, last, compression);
    // This sink does not write other spellings of the same numbers.
    return first <= last && file.name().equals(name) ? Optional.of(file) : Optional.empty();
  }
}
