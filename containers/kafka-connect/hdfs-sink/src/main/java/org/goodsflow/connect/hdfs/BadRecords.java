package org.goodsflow.connect.hdfs;

import java.util.concurrent.ExecutionException;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.errors.DataException;
import org.apache.kafka.connect.sink.ErrantRecordReporter;
import org.apache.kafka.connect.sink.SinkRecord;

/** Passes records that cannot be written to Connect's error handling. */
final class BadRecords {
  private final ErrantRecordReporter reporter;

  /**
   * Wraps Connect's reporter.
   *
   * @param reporter the reporter, null if Connect's error handling is off
   */
  BadRecords(ErrantRecordReporter reporter) {
    this.reporter = reporter;
  }

  /**
   * Reports a record, and returns once the report is stored. After that a file whose offsets
   * include the record may be committed, and the record is not read again.
   *
   * @param record the record
   * @param problem what is wrong with it
   * @throws DataException if there is no reporter
   * @throws ConnectException if the report could not be stored, or errors are not tolerated
   */
  void report(SinkRecord record, DataException problem) {
    DataException located =
        new DataException(
            String.format(
                "%s, partition %d, offset %d: %s",
                record.originalTopic(),
                record.originalKafkaPartition(),
                record.originalKafkaOffset(),
                problem.getMessage()));
    if (reporter == null) {
      throw located;
    }
    try {
      reporter.report(record, located).get();
    } catch (ExecutionException e) {
      throw new ConnectException("cannot report a bad record", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ConnectException("interrupted while reporting a bad record", e);
    }
  }
}
