"""`goodsflow plan` and `goodsflow apply` on the real systems, cut short and all."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

from goodsflow.clients.connect import ConnectClient
from goodsflow.clients.kafka.admin import KafkaAdmin
from goodsflow.model.endpoints import PROJECT_ROOT, Endpoints
from tests.integration.declaration import Declaration, acls_by_hand
from tests.support import GOODSFLOW, await_condition, goodsflow


def run_apply(home: Path, file: Path) -> subprocess.Popen[bytes]:
    """Start `goodsflow apply`."""
    return subprocess.Popen(
        [*GOODSFLOW, "--home", str(home), "apply", "--file", str(file)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        cwd=PROJECT_ROOT,
    )


def test_a_killed_apply_is_finished_by_the_next(
    declaration: Declaration, admin: KafkaAdmin, name: str, platform_home: Path
) -> None:
    """A laptop is closed in the middle of it."""
    inbound = declaration.document["clusters"]["inbound"]
    more = {f"{name}-{i}": {"produce": [name]} for i in range(30)}
    inbound["principals"].update(more)
    declaration.write()
    with run_apply(platform_home, declaration.file) as first:
        await_condition(lambda: name in admin.topics([name]), "it has begun")
        first.send_signal(signal.SIGKILL)
    assert not declaration.plan().is_empty

    finished = goodsflow("apply", "--file", str(declaration.file), home=platform_home)

    assert finished.returncode == 0, finished.stderr
    assert declaration.plan().is_empty


def test_two_applies_at_once_do_not_interleave(
    declaration: Declaration, platform_home: Path
) -> None:
    """Both would make the same thing, and one would fail for the other."""
    with (
        run_apply(platform_home, declaration.file) as one,
        run_apply(platform_home, declaration.file) as other,
    ):
        assert (one.wait(100), other.wait(100)) == (0, 0)
    assert declaration.plan().is_empty


def test_what_cannot_be_read_is_never_taken_for_empty(
    declaration: Declaration, admin: KafkaAdmin, tmp_path: Path, name: str
) -> None:
    """Half a view planned as the whole would make or delete what it did not see."""
    home = tmp_path / "home"
    home.mkdir()
    servers = declaration.endpoints.bootstrap_servers | {"analytics": "127.0.0.1:1"}
    away = declaration.endpoints.replace(bootstrap_servers=servers, state_dir=home)
    (home / "endpoints.json").write_bytes(away.as_json())

    planned = goodsflow("plan", "--file", str(declaration.file), home=home)
    applied = goodsflow("apply", "--file", str(declaration.file), home=home)

    for result in (planned, applied):
        assert result.returncode == 1
        assert "could not read analytics topics" in result.stderr
        assert "Are its brokers up?" in result.stderr
    assert f"+ {name}" in planned.stdout
    assert "Nothing was changed" in applied.stderr
    assert admin.topics([name]) == {}


def test_the_command_line_tells_by_its_status_what_it_found(
    declaration: Declaration, platform_home: Path, name: str
) -> None:
    """A pipeline goes by it."""

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return goodsflow(*command, "--file", str(declaration.file), home=platform_home)

    assert run("plan").returncode == 3
    assert run("apply").returncode == 0
    assert run("plan").returncode == 0
    acls_by_hand(declaration)
    left = run("apply")
    assert left.returncode == 3
    assert "(needs delete-acls" in left.stdout
    document = json.loads(run("plan", "--json").stdout)
    (change,) = document["changes"]
    assert (change["kind"], change["cluster"]) == ("acls", "inbound")
    assert change["permission"] == "delete-acls"
    assert run("plan", "--kind", "topics").returncode == 0
    assert run("plan", "--cluster", "analytics").returncode == 0
    assert run("apply", "--allow", "delete-acls").returncode == 0
    assert run("plan", "--kind", "schemas", "--cluster", "inbound").returncode == 2
    assert run("apply", "--allow", "delete-all").returncode == 2


def test_the_live_state_can_be_adopted(platform_home: Path, tmp_path: Path) -> None:
    """Nobody writes down by hand what a cluster of years holds."""
    folder = tmp_path / "adopted"
    adopted = goodsflow("plan", "--adopt", "--output", str(folder), home=platform_home)
    assert adopted.returncode == 0, adopted.stderr

    file = str(folder / "platform.yaml")
    first = goodsflow("plan", "--file", file, home=platform_home)

    assert first.returncode == 0, first.stdout + first.stderr
    assert "Everything is as declared." in first.stdout
    again = goodsflow("plan", "--adopt", "--output", str(folder), home=platform_home)
    assert again.returncode == 1
    assert "exists already" in again.stderr


def test_an_empty_apply_reads_and_changes_nothing(
    platform_home: Path, endpoints: Endpoints
) -> None:
    """It is what a pipeline runs at every commit."""
    with ConnectClient(endpoints.connect_url) as connect:
        before = {n: connect.status(n) for n in connect.connectors()}
        applied = goodsflow("apply", home=platform_home)
        after = {n: connect.status(n) for n in connect.connectors()}
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert "Everything is as declared." in applied.stdout
    assert before == after
