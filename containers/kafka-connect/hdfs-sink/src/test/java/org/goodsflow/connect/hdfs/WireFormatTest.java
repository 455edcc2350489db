package org.goodsflow.connect.hdfs;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16BE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.apache.kafka.connect.errors.DataException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WireFormatTest {
  static byte[] value(byte[] json) {
    byte[] value = new byte[5 + json.length];
    value[4] = 7;
    System.arraycopy(json, 0, value, 5, json.length);
    return value;
  }

  static byte[] value(String json) {
    return value(json.getBytes(UTF_8));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"a\": [1, 2.50, -1e3, {\"b\": null}], \"c\" : \"\\n\\u00e9 é 🛒\"}",
        " {\"spaces\":  true}\t "
      })
  void jsonIsUnchanged(String json) {
    assertEquals(json, new String(WireFormat.line(value(json)), UTF_8));
  }

  @Test
  void lineBreaksBecomeSpaces() {
    byte[] line = WireFormat.line(value("{\r\n \"a\":\n\"\\n\"}\n"));
    assertEquals("{   \"a\": \"\\n\"} ", new String(line, UTF_8));
  }

  @Test
  void valueItselfIsNotChanged() {
    byte[] value = value("{\n}");
    WireFormat.line(value);
    assertArrayEquals(value("{\n}"), value);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", " ", "[1]", "1", "\"text\"", "null", "{", "{}}", "{} {}", "{\"a\":1,}", "{'a':1}",
        "{a:1}", "{\"a\":NaN}", "{\"a\":01}", "{} // comment", "{\"a\":\"line\nbreak\"}",
        "\ufeff{}", "{}\u0000", "{\"a\":\"\\x\"}"
      })
  void restMustBeOneObject(String json) {
    assertThrows(DataException.class, () -> WireFormat.line(value(json)));
  }

  @Test
  void otherEncodingsAreBad() {
    byte[] utf16 = value("{}".getBytes(UTF_16BE));
    byte[] latin1 = value("{\"a\":\"é\"}".getBytes(ISO_8859_1));
    assertThrows(DataException.class, () -> WireFormat.line(utf16));
    assertThrows(DataException.class, () -> WireFormat.line(latin1));
  }

  @Test
  void tooDeepNestingIsBad() {
    String deep = "{\"a\":" + "[".repeat(5000) + "]".repeat(5000) + "}";
    assertThrows(DataException.class, () -> WireFormat.line(value(deep)));
  }

  @Test
  void headerMustBeThere() {
    assertThrows(DataException.class, () -> WireFormat.line(new byte[0]));
    assertThrows(DataException.class, () -> WireFormat.line(new byte[] {0, 0, 0, 1}));
    assertThrows(DataException.class, () -> WireFormat.line("{\"a\": 12}".getBytes(UTF_8)));
    assertThrows(DataException.class, () -> WireFormat.line("a string"));
  }

  @Test
  void messageDoesNotQuoteTheValue() {
    byte[] value = value("{\"password\":secret}");
    String message =
        assertThrows(DataException.class, () -> WireFormat.line(value)).getMessage();
    assertFalse(message.contains("secret"), message);
  }
}
