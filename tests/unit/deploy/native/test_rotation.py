"""Password rotation with out-of-sync replicas and with a clock set back."""

from __future__ import annotations

import os
import time
from contextlib import nullcontext
from io import StringIO
from types import SimpleNamespace

import pytest
from rich.console import Console

from goodsflow.clients.kafka.credentials import PasswordFiles
from goodsflow.clients.kafka.rotation import Rotation
from goodsflow.common.secrets import write_secret
from goodsflow.deploy.native import rotation as module
from goodsflow.deploy.native.errors import PartFailedError
from goodsflow.deploy.native.home import Home
from goodsflow.deploy.native.platform import open_platform
from goodsflow.deploy.native.progress import Progress
from goodsflow.deploy.native.rotation import Rotator, recover_before_start, stale_parts
from goodsflow.model.endpoints import PROJECT_ROOT
from goodsflow.model.spec import load_platform


@pytest.mark.parametrize("restarted_brokers", [{"kafka-1"}, set()])
def test_a_resumed_rotation_restarts_no_broker_with_out_of_sync_replicas(
    home: Home, monkeypatch: pytest.MonkeyPatch, restarted_brokers: set[str]
) -> None:
    """Partitions whose only in-sync replica is on it would be unavailable."""
    platform = open_platform(home.root)
    file = platform.endpoints.password_file("inbound", "broker")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("new")
    changed_at = file.stat().st_mtime
    processes = [
        SimpleNamespace(
            name=n, started_at=changed_at + (1 if n in restarted_brokers else -1)
        )
        for n in ("kafka-0", "kafka-1")
    ]
    restarted: list[str] = []
    monkeypatch.setattr(
        module,
        "SupervisorClient",
        lambda _: SimpleNamespace(processes=lambda: processes, stop=restarted.append),
    )
    monkeypatch.setattr(module, "_REPLICATED_SECONDS", 0.2)
    monkeypatch.setattr(Rotation, "logs_in", lambda _: True)
    monkeypatch.setattr(Rotation, "await_effect", lambda _: None)
    output = StringIO()
    rotator = Rotator(platform, "inbound", Progress(Console(file=output)))
    answers = iter([{("goods", 0): False}, {}])
    monkeypatch.setattr(
        rotator, "_admin", SimpleNamespace(replicated=lambda: next(answers))
    )
    with pytest.raises(
        PartFailedError, match=r"(?s)1 partition with.*rotate broker` again"
    ):
        rotator.finish(Rotation(PasswordFiles(platform.endpoints, "inbound"), "broker"))
    assert restarted == []
    assert "✗ replicas on inbound" in output.getvalue()


def supervise(monkeypatch: pytest.MonkeyPatch, **started_at: float) -> None:
    """Have a fake supervisor report when parts were started."""
    processes = [
        SimpleNamespace(name=name.replace("_", "-"), started_at=at)
        for name, at in started_at.items()
    ]
    monkeypatch.setattr(
        module,
        "SupervisorClient",
        lambda _: SimpleNamespace(processes=lambda: processes),
    )


@pytest.fixture
def ahead(home: Home) -> Rotation:
    """A password that was written while the clock was an hour ahead."""
    platform = open_platform(home.root)
    rotation = Rotation(PasswordFiles(platform.endpoints, "inbound"), "mirror")
    file = platform.endpoints.password_file("inbound", "mirror")
    write_secret(file)
    later = time.time() + 3600
    os.utime(file, (later, later))
    return rotation


def test_a_password_from_the_future_does_not_restart_new_parts(
    home: Home, ahead: Rotation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each `make up` used to restart the brokers until the clock caught up."""
    platform = open_platform(home.root)
    spec = load_platform(PROJECT_ROOT / "platform.yaml")
    before = int(time.time())
    recover_before_start(platform, spec, cold=False)
    supervise(monkeypatch, kafka_connect=before - 1)
    assert [p.name for p in stale_parts(platform, ahead)] == ["kafka-connect"]
    supervise(monkeypatch, kafka_connect=int(time.time()))
    assert stale_parts(platform, ahead) == []


def test_a_password_from_the_future_is_rotated(
    home: Home, ahead: Rotation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It used to count as an interrupted rotation, without a new password."""
    platform = open_platform(home.root)
    supervise(monkeypatch, kafka_connect=int(time.time()) - 60)
    restarted: list[str] = []
    monkeypatch.setattr(
        Rotator, "_restart", lambda _, part: restarted.append(part.name)
    )
    monkeypatch.setattr(Rotator, "_connectors_restored", lambda *_: nullcontext())
    monkeypatch.setattr(Rotator, "_client", None)
    monkeypatch.setattr(Rotation, "logs_in", lambda _: True)
    monkeypatch.setattr(Rotation, "set_at_cluster", lambda *_: None)
    monkeypatch.setattr(Rotation, "await_effect", lambda _: None)
    old = platform.endpoints.password("inbound", "mirror")
    progress = Progress(Console(file=StringIO()))
    outcome = Rotator(platform, "inbound", progress).rotate("mirror")
    assert not outcome.resumed
    assert restarted == outcome.restarted == ["kafka-connect"]
    assert platform.endpoints.password("inbound", "mirror") != old
