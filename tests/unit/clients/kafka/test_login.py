"""A failing login ends in time, with a reason and without a secret."""

from __future__ import annotations

import time

import pytest

from goodsflow.clients.kafka.login import try_login


def test_a_broker_that_is_not_there_is_no_refusal() -> None:
    """A wait for a broker continues; a refusal would end it."""
    began = time.monotonic()
    result = try_login({"bootstrap.servers": "127.0.0.1:1"}, timeout_seconds=0.5)
    assert time.monotonic() - began < 10
    assert not result.refused
    assert result.broker_ids == frozenset()
    assert result.error is not None
    assert "Connection refused" in result.error


def test_an_invalid_configuration_is_not_a_traceback(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """The CA file is missing if the platform was cleaned under a client."""
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
