import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.FileInputStream;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;

/**
 * Passes on the cards that are not blocked, exactly once, as Kafka Streams does it: parses each
 * card, looks its product up, and leaves what is no card out.
 *
 * <p>usage: java Filter CLIENT_PROPERTIES APPLICATION_ID RECORDS BLOCKED. Prints a line with the
 * records read so far about ten times a second, and ends when it has read RECORDS.
 */
public final class Filter {
  private static final int HEADER = 5;

  public static void main(String[] arguments) throws Exception {
    Properties properties = new Properties();
    try (FileInputStream file = new FileInputStream(arguments[0])) {
      properties.load(file);
    }
    long records = Long.parseLong(arguments[2]);
    Set<String> blocked = Set.of(arguments[3].split(","));
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, arguments[1]);
    properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    properties.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 2);
    properties.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.ByteArraySerde.class);
    properties.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.ByteArraySerde.class);
    properties.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
    properties.put(StreamsConfig.producerPrefix("compression.type"), "lz4");
    AtomicLong read = new AtomicLong();
    ObjectMapper mapper = new ObjectMapper();
    StreamsBuilder builder = new StreamsBuilder();
    builder
        .<byte[], byte[]>stream("goods")
        .filter((key, value) -> passes(mapper, blocked, value, read))
        .to("goods-filtered");
    KafkaStreams streams = new KafkaStreams(builder.build(), properties);
    CountDownLatch failed = new CountDownLatch(1);
    streams.setUncaughtExceptionHandler(
        error -> {
          error.printStackTrace();
          failed.countDown();
          return org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler
              .StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
    streams.start();
    while (read.get() < records && failed.getCount() > 0) {
      Thread.sleep(100);
      System.out.println(read.get());
      System.out.flush();
    }
    streams.close();
    System.exit(failed.getCount() > 0 ? 0 : 1);
  }

  private static boolean passes(
      ObjectMapper mapper, Set<String> blocked, byte[] value, AtomicLong read) {
    read.incrementAndGet();
    if (value == null) {
      return true;
    }
    try {
      Map<?, ?> card = mapper.readValue(value, HEADER, value.length - HEADER, Map.class);
      return !blocked.contains(String.valueOf(card.get("product_id")));
    } catch (java.io.IOException error) {
      return false;
    }
  }
}
