"""What a change of the brokers' password does where their replicas stay behind."""

from __future__ import annotations

from io import StringIO
from types import SimpleNamespace

import pytest
from rich.console import Console

from goodsflow.kafka.credentials import PasswordFiles
from goodsflow.kafka.rotation import Rotation
from goodsflow.local import rotation as module
from goodsflow.local.errors import PartFailedError
from goodsflow.local.home import Home
from goodsflow.local.launcher import open_platform
from goodsflow.local.progress import Progress
from goodsflow.local.rotation import Rotator


@pytest.mark.parametrize("started_anew", [{"kafka-1"}, set()])
def test_a_change_that_goes_on_restarts_no_broker_while_a_replica_is_behind(
    home: Home, monkeypatch: pytest.MonkeyPatch, started_anew: set[str]
) -> None:
    """The partitions whose only replica in step is on it would be unavailable."""
    platform = open_platform(home.root)
    file = platform.endpoints.password_file("inbound", "broker")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("new")
    changed_at = file.stat().st_mtime
    processes = [
        SimpleNamespace(
            name=n, started_at=changed_at + (1 if n in started_anew else -1)
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
    with pytest.raises(PartFailedError, match=r"(?s)1 partitions.*rotate broker.*goes"):
        rotator.finish(Rotation(PasswordFiles(platform.endpoints, "inbound"), "broker"))
    assert restarted == []
    assert "✗ replicas on inbound" in output.getvalue()
