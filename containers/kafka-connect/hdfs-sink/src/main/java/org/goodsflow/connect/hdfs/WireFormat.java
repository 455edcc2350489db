package org.goodsflow.connect.hdfs;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.kafka.connect.errors.DataException;

/** The values of records: a zero byte, a four-byte schema ID, then a card as JSON in UTF-8. */
final class WireFormat {
  private static final int HEADER_BYTES = 5;
  private static final byte MAGIC = 0;
  private static final JsonFactory JSON = new JsonFactory();

  private WireFormat() {}

  /**
   * Returns a value's card as one line, without a line feed.
   *
   * @param value the record's value from {@code ByteArrayConverter}
   * @return the unchanged JSON, except that line breaks between tokens become spaces
   * @throws DataException if the value has no header, or the rest is not one JSON object
   */
  static byte[] line(Object value) {
    if (!(value instanceof byte[] bytes)) {
      throw new DataException(
          "expected a byte array, found a " + value.getClass().getSimpleName()
              + ": configure the ByteArrayConverter");
    }
    if (bytes.length < HEADER_BYTES || bytes[0] != MAGIC) {
      throw new DataException("the value does not start with a zero byte and a schema ID");
    }
    byte[] json = Arrays.copyOfRange(bytes, HEADER_BYTES, bytes.length);
    checkObject(decode(json));
    // JSON allows a bare line break only between tokens, where a space means the same. No other
    // character has these bytes in UTF-8.
    for (int i = 0; i < json.length; i++) {
      if (json[i] == '\n' || json[i] == '\r') {
        json[i] = ' ';
      }
    }
    return json;
  }

  // Strict: Jackson would also guess UTF-16 and UTF-32, and not check strings that it skips.
  private static String decode(byte[] json) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(json)).toString();
    } catch (CharacterCodingException e) {
      throw new DataException("the JSON is not in UTF-8");
    }
  }

  private static void checkObject(String json) {
    try (JsonParser parser = JSON.createParser(json)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new DataException("the value is not a JSON object");
      }
      parser.skipChildren();
      if (parser.currentToken() != JsonToken.END_OBJECT || parser.nextToken() != null) {
        throw new DataException("expected exactly one JSON object");
      }
    } catch (JsonProcessingException e) {
      // The message may quote the value, so it is left out.
      JsonLocation location = e.getLocation();
      throw new DataException(
          location == null
              ? "the value is not valid JSON"
              : "the value is not valid JSON, at character " + location.getCharOffset());
    } catch (IOException e) {
      throw new UncheckedIOException("reading from memory failed", e);
    }
  }
}
