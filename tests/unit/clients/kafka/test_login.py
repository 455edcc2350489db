"""A login that cannot succeed: bounded in time, with its reason, and no secret."""

from __future__ import annotations

import time

import pytest

from goodsflow.clients.kafka.login import try_login


def test_a_broker_that_is_not_there_is_no_refusal() -> None:
    """Whoever waits for a broker goes on; a refusal would end the wait."""
    began = time.monotonic()
    result = try_login({"bootstrap.servers": "127.0.0.1:1"}, timeout_seconds=0.5)
    assert time.monotonic() - began < 10
    assert not result.refused
    assert result.broker_ids == frozenset()
    assert result.error is not None
    assert "Connection refused" in result.error


def test_a_configuration_that_is_none_is_no_traceback(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """The CA's file is gone when the platform was cleaned under a client."""
    config = {
        "bootstrap.servers": "127.0.0.1:1",
        "security.protocol": "SASL_SSL",
        "ssl.ca.location": "/nowhere/ca.crt",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "anna",
        "sasl.password": "se-cret",
    }
    result = try_login(config, timeout_seconds=5)
    assert not result.refused
    assert result.error is not None
    assert "ssl.ca.location failed" in result.error
    captured = capfd.readouterr()
    assert "se-cret" not in captured.out + captured.err + result.error
