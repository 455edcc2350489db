package org.goodsflow.connect.hdfs;

import org.apache.hadoop.fs.Path;
import org.apache.kafka.common.TopicPartition;

/**
 * Where the sink's files are.
 *
 * @param topicsDir the absolute path of the folder of all topics
 */
record Layout(String topicsDir) {
  // The plus sign distinguishes it from every topic: no topic's name can contain one.
  private static final String TEMPORARY = "+tmp";

  /** Returns the folder of a partition's committed files. */
  Path committedFolder(TopicPartition partition) {
    return new Path(topicsDir, partition.topic() + "/partition=" + partition.partition());
  }

  /** Returns the path of a committed file. */
  Path committed(CommittedFile file) {
    return new Path(committedFolder(file.partition()), file.name());
  }

  /** Returns the folder that has a folder for each owner of a partition. */
  Path ownersFolder(TopicPartition partition) {
    return new Path(
        topicsDir, TEMPORARY + "/" + partition.topic() + "/" + partition.partition());
  }
}
