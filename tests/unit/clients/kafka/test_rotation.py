"""A rotation that is interrupted at each of its steps."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from goodsflow.clients.kafka import credentials
from goodsflow.clients.kafka import rotation as module
from goodsflow.clients.kafka.credentials import PasswordFiles
from goodsflow.clients.kafka.errors import (
    ClusterUnavailableError,
    OperationFailedError,
    RotationRunsError,
)
from goodsflow.clients.kafka.login import Login
from goodsflow.clients.kafka.rotation import Rotation, rotation_lock
from goodsflow.common.secrets import Secret
from goodsflow.model.endpoints import Endpoints


class Cluster:
    """A cluster with one password, for administration and for logins."""

    def __init__(self) -> None:
        self.password = "old"
        self.is_up = True
        self.late: set[str] = set()

    def upsert_credentials(self, passwords: Mapping[str, Secret]) -> dict[str, None]:
        """Set the password."""
        (self.password,) = (each.reveal() for each in passwords.values())
        return dict.fromkeys(passwords)

    def login(self, config: Mapping[str, Any], _: float) -> Login:
        """Answer a login."""
        if not self.is_up:
            return Login(None, error="no answer")
        known = "old" if config["bootstrap.servers"] in self.late else self.password
        if config["sasl.password"] == known:
            return Login(self)  # type: ignore[arg-type]
        return Login(None, refused=True, error="invalid credentials")


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """A cluster that knows the old password."""
    cluster = Cluster()
    for each in (module, credentials):
        monkeypatch.setattr(each, "log_in", cluster.login)
    return cluster


@pytest.fixture
def file(endpoints: Endpoints) -> Path:
    """The password file, with the old password."""
    path = endpoints.password_file("inbound", "shop-api")
    path.parent.mkdir(parents=True)
    path.write_text("old")
    return path


@pytest.fixture
def rotation(endpoints: Endpoints, file: Path) -> Rotation:
    """A rotation that has not begun."""
    assert file.exists()
    return Rotation(PasswordFiles(endpoints, "inbound"), "shop-api")


def test_the_new_password_takes_the_old_ones_place(
    rotation: Rotation, cluster: Cluster, file: Path
) -> None:
    """A password that others may read is no secret."""
    rotation.prepare()
    assert file.read_text() == "old"
    rotation.set_at_cluster(cluster)  # type: ignore[arg-type]
    rotation.replace()
    rotation.await_effect(0)
    assert file.read_text() == cluster.password != "old"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not rotation.is_pending
    assert [each.name for each in file.parent.iterdir()] == [file.name]


def test_a_part_that_starts_within_the_same_second_is_no_older_than_the_file(
    rotation: Rotation,
) -> None:
    """The supervisor reports whole seconds: the part would restart again."""
    rotation.prepare()
    began = int(time.time())
    rotation.replace()
    changed_at = rotation.changed_at()
    assert changed_at is not None
    assert began <= changed_at <= int(time.time())
    assert changed_at == int(changed_at)


def test_a_time_in_the_future_becomes_now(rotation: Rotation, file: Path) -> None:
    """Parts that start before that time would seem older than the file."""
    began = int(time.time())
    os.utime(file, (began + 3600, began + 3600))
    assert rotation.correct_time()
    changed_at = rotation.changed_at()
    assert changed_at is not None
    assert began <= changed_at <= time.time()
    assert changed_at == int(changed_at)
    assert not rotation.correct_time()
    assert rotation.changed_at() == changed_at


def test_where_there_is_no_password_yet_no_time_is_wrong(
    rotation: Rotation, file: Path
) -> None:
    """The bootstrap creates it later."""
    file.unlink()
    assert not rotation.correct_time()


@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_after_a_kill_one_of_the_passwords_logs_in(
    rotation: Rotation, cluster: Cluster, file: Path, steps: int
) -> None:
    """Otherwise a kill between two steps would lock the principal out."""
    begun = [
        rotation.prepare,
        lambda: rotation.set_at_cluster(cluster),  # type: ignore[arg-type]
        rotation.replace,
    ]
    for step in begun[:steps]:
        step()
    assert rotation.settle() == (steps in {1, 2})
    assert rotation.logs_in()
    assert (file.read_text() == "old") == (steps < 2)
    assert not rotation.is_pending


def test_a_rotation_that_is_repeated_keeps_its_new_password(
    rotation: Rotation, cluster: Cluster
) -> None:
    """With a third password, nobody would know which one the cluster has."""
    rotation.prepare()
    rotation.set_at_cluster(cluster)  # type: ignore[arg-type]
    first = cluster.password
    rotation.prepare()
    rotation.set_at_cluster(cluster)  # type: ignore[arg-type]
    assert cluster.password == first


def test_with_the_cluster_down_nothing_is_settled(
    rotation: Rotation, cluster: Cluster
) -> None:
    """The password that the cluster has might be deleted."""
    rotation.prepare()
    cluster.is_up = False
    with pytest.raises(ClusterUnavailableError):
        rotation.settle()
    assert rotation.is_pending


def test_where_neither_password_logs_in_both_stay(
    rotation: Rotation, cluster: Cluster
) -> None:
    """Somebody may have set another password, so neither may be deleted."""
    rotation.prepare()
    cluster.password = "another"
    assert not rotation.settle()
    assert rotation.is_pending


def test_a_broker_that_still_refuses_is_named(
    rotation: Rotation, cluster: Cluster, endpoints: Endpoints
) -> None:
    """Clients log in to each broker, so one is not enough."""
    broker = endpoints.bootstrap_servers["inbound"].split(",")[-1]
    rotation.prepare()
    rotation.set_at_cluster(cluster)  # type: ignore[arg-type]
    rotation.replace()
    cluster.late.add(broker)
    with pytest.raises(OperationFailedError, match=broker):
        rotation.await_effect(0)


def test_one_rotation_at_a_time(endpoints: Endpoints) -> None:
    """Two rotations would overwrite each other's passwords."""
    endpoints.secrets_dir.mkdir(parents=True, exist_ok=True)
    with (
        rotation_lock(endpoints),
        pytest.raises(RotationRunsError, match="process"),
        rotation_lock(endpoints),
    ):
        pass
    with rotation_lock(endpoints):
        pass
