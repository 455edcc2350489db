"""A password that changes while clients live."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from confluent_kafka import KafkaError

from goodsflow.clients.kafka.client_errors import ClientErrors
from goodsflow.clients.kafka.errors import AuthenticationFailedError
from goodsflow.clients.kafka.passwords import PasswordFollower
from goodsflow.model.endpoints import Endpoints, EndpointsError


class Client:
    """Records its credentials."""

    def __init__(self) -> None:
        self.given: list[tuple[str, str]] = []

    def set_sasl_credentials(self, username: str, password: str) -> None:
        """Note them."""
        self.given.append((username, password))


@pytest.fixture
def file(endpoints: Endpoints) -> Path:
    """The principal's password file, with a first password."""
    path = endpoints.password_file("inbound", "shop-api")
    path.parent.mkdir(parents=True)
    path.write_text("first")
    return path


@pytest.fixture
def follower(endpoints: Endpoints, file: Path) -> PasswordFollower:
    """A follower that knows the first password."""
    assert file.exists()
    return PasswordFollower(endpoints, "inbound", "shop-api")


def refusal() -> KafkaError:
    """Return the error of a login that is refused."""
    return KafkaError(KafkaError._AUTHENTICATION, "SASL: invalid credentials")


def test_each_client_is_given_a_new_password_once(
    follower: PasswordFollower, file: Path
) -> None:
    """A client without it would be locked out at its next login."""
    producer, consumer = Client(), Client()
    follower.follow(producer, "producer")
    follower.follow(consumer, "consumer")
    assert not follower.refresh()
    file.write_text("second")
    assert follower.refresh()
    assert not follower.refresh()
    assert producer.given == consumer.given == [("shop-api", "second")]


def test_a_client_made_from_an_old_configuration_is_given_the_new_password(
    follower: PasswordFollower, file: Path
) -> None:
    """A new producer has the password from the service's start."""
    old, new = Client(), Client()
    follower.follow(old)
    file.write_text("second")
    follower.refresh()
    follower.follow(new)
    assert new.given == [("shop-api", "second")]
    file.write_text("third")
    follower.refresh()
    assert len(old.given) == 1


def test_a_refused_login_is_tried_with_what_the_file_holds_now(
    follower: PasswordFollower, file: Path
) -> None:
    """Otherwise a rotation would end every service seconds later."""
    client, now = Client(), [0.0]
    follower.follow(client)
    faults = ClientErrors("inbound", "shop-api", lambda: now[0], follower)
    # The cluster has the new password a moment before the file.
    faults.on_error(refusal())
    faults.raise_if_unrecoverable()
    assert not client.given
    file.write_text("second")
    now[0] += 60
    faults.raise_if_unrecoverable()
    assert client.given == [("shop-api", "second")]
    now[0] += 60
    faults.raise_if_unrecoverable()


def test_a_login_refused_with_the_files_password_ends_it(
    follower: PasswordFollower, file: Path
) -> None:
    """Reading the file again and again must not hide a wrong password."""
    now = [0.0]
    faults = ClientErrors("inbound", "shop-api", lambda: now[0], follower)
    file.write_text("second")
    faults.on_error(refusal())
    faults.on_error(refusal())
    now[0] += 15
    with pytest.raises(AuthenticationFailedError):
        faults.raise_if_unrecoverable()


def test_a_file_that_cannot_be_read_leaves_the_password(
    follower: PasswordFollower, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Otherwise a briefly missing file would end a service."""
    client = Client()
    follower.follow(client)
    file.unlink()
    with caplog.at_level(logging.WARNING):
        assert not follower.refresh()
    assert "shop-api" in caplog.text
    assert not client.given


def test_without_a_file_there_is_nothing_to_follow(endpoints: Endpoints) -> None:
    """A service without its password could only fail later."""
    with pytest.raises(EndpointsError):
        PasswordFollower(endpoints, "inbound", "nobody")
