package org.goodsflow.connect.hdfs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class RotationPolicyTest {
  private final RotationPolicy policy = new RotationPolicy(3, 100, 5000);

  @Test
  void recordsOrBytesMakeAFileFull() {
    assertFalse(policy.isFull(2, 99));
    assertTrue(policy.isFull(3, 10));
    assertTrue(policy.isFull(1, 100));
  }

  @Test
  void lineThatWouldExceedTheLimitDoesNotFit() {
    assertFalse(policy.overflows(90, 10));
    assertTrue(policy.overflows(90, 11));
  }

  @Test
  void ageMakesAFileDue() {
    assertEquals(5000, policy.remainingMs(0));
    assertEquals(1, policy.remainingMs(4999));
    assertEquals(0, policy.remainingMs(5000));
    assertEquals(0, policy.remainingMs(50_000));
  }

  @Test
  void ageCanBeLeftOut() {
    RotationPolicy ageless = new RotationPolicy(3, 100, RotationPolicy.NEVER);
    assertEquals(Long.MAX_VALUE, ageless.remainingMs(1L << 60));
  }
}
