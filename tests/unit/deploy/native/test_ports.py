"""Ports, and the check that they are free."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest

from goodsflow.deploy.native.errors import PreflightError
from goodsflow.deploy.native.ports import (
    DEFAULT_PORTS,
    LOOPBACK,
    MAX_OFFSET,
    Ports,
    check_free,
)

ALL = [port for ports in DEFAULT_PORTS.values() for port in ports.values()]


@pytest.fixture(params=[LOOPBACK, "0.0.0.0"])  # noqa: S104 - as another server might
def taken(request: pytest.FixtureRequest) -> Iterator[int]:
    """A port that this process listens on."""
    with socket.socket() as listener:
        listener.bind((request.param, 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_no_two_parts_share_a_port() -> None:
    """The second part would never come up."""
    assert len(ALL) == len(set(ALL))


def test_the_largest_offset_keeps_every_port_in_range() -> None:
    """A port above 65535 would cause an obscure error in some part."""
    assert max(ALL) + MAX_OFFSET == 65535


def test_an_offset_moves_every_port() -> None:
    """A fixed port would collide with another platform."""
    moved, kept = Ports(100), Ports()
    for part, roles in DEFAULT_PORTS.items():
        assert moved.all_of(part) == [port + 100 for port in kept.all_of(part)]
        for role in roles:
            port = moved.of(part, role)
            assert port == kept.of(part, role) + 100
            assert moved.address(part, role) == f"127.0.0.1:{port}"


def test_a_part_without_ports_is_free() -> None:
    """The Dagster daemon has no port."""
    assert Ports().all_of("dagster-daemon") == []
    check_free(Ports(), ["dagster-daemon"])


def test_a_port_in_use_is_named_with_its_part_and_process(taken: int) -> None:
    """The part's own error is hidden in a long stack trace."""
    ports = Ports(taken - DEFAULT_PORTS["kafka-0"]["broker"])
    with pytest.raises(PreflightError) as caught:
        check_free(ports, ["kafka-0"])
    assert f"port {taken} of kafka-0 is used by pid {os.getpid()} (" in str(
        caught.value
    )
    assert "--port-offset" in str(caught.value)


def test_a_port_of_a_running_part_does_not_count(taken: int) -> None:
    """The part itself uses it."""
    check_free(Ports(taken - DEFAULT_PORTS["kafka-0"]["broker"]), [])


def test_all_ports_in_use_are_named_together() -> None:
    """With one per start, users would have to retry after each."""
    with socket.socket() as first, socket.socket() as second:
        first.bind((LOOPBACK, 0))
        first.listen()
        taken = first.getsockname()[1]
        ports = Ports(taken - DEFAULT_PORTS["spark-master"]["rpc"])
        try:
            second.bind((LOOPBACK, ports.of("spark-worker", "rpc")))
        except OSError:
            pytest.skip("the port beside the free one is taken")
        second.listen()
        with pytest.raises(PreflightError) as caught:
            check_free(ports, ["spark-master", "spark-worker"])
    assert f"port {taken} of spark-master" in str(caught.value)
    assert f"port {taken + 1} of spark-worker" in str(caught.value)
