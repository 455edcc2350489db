"""`goodsflow status`: what it prints, and its exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from goodsflow.cli.main import cli
from goodsflow.cli.status import print_statuses
from goodsflow.deploy.native.status import PartStatus


def status(home: Path, *options: str) -> tuple[int, str]:
    """Return exit status and standard output."""
    result = CliRunner().invoke(cli, ["--home", str(home), "status", *options])
    return result.exit_code, result.stdout


def test_before_the_first_start_every_part_is_stopped(tmp_path: Path) -> None:
    """The command must neither fail nor create anything."""
    code, output = status(tmp_path / "nowhere")
    assert code == 1
    lines = output.splitlines()
    assert lines[0].split() == [
        *("PART", "STATE", "PID", "MEMORY", "RESTARTS", "ADDRESS", "REASON")
    ]
    kafka = next(line for line in lines if line.startswith("kafka-0 "))
    assert kafka.split()[:3] == ["kafka-0", "stopped", "127.0.0.1:9092"]
    assert "`goodsflow up` starts it" in output
    assert not (tmp_path / "nowhere").exists()


def test_json_has_every_part_with_every_field(tmp_path: Path) -> None:
    """Scripts read it, so nothing else may be printed there."""
    code, output = status(tmp_path / "nowhere", "--json")
    assert code == 1
    parts = {part["name"]: part for part in json.loads(output)["parts"]}
    assert {"zookeeper", "kafka-mirror-1", "hdfs-nn", "shop-api"} <= set(parts)
    assert parts["kafka-0"] | {"reason": ""} == {
        "name": "kafka-0",
        "state": "stopped",
        "pid": None,
        "rss_bytes": 0,
        "restarts": 0,
        "address": "127.0.0.1:9092",
        "reason": "",
    }


def test_the_ports_are_those_of_the_first_start(tmp_path: Path) -> None:
    """On the default ports, the command would query another platform."""
    (tmp_path / "home.json").write_text('{"port_offset": 100}')
    _, output = status(tmp_path, "--json")
    addresses = {p["name"]: p["address"] for p in json.loads(output)["parts"]}
    assert addresses["kafka-0"] == "127.0.0.1:9192"


def test_a_table_has_complete_reasons_and_the_total_memory(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A reason that is cut off or read as markup does not help."""
    mebibyte = 1024**2
    reason = "answers 500: [bold]{'a': [/x]}[/bold] " + "long " * 60 + "end"
    statuses = [
        PartStatus("a", "ready", 12, 100 * mebibyte, 2, "127.0.0.1:1", ""),
        PartStatus("b", "failed", 13, 50 * mebibyte, 0, "127.0.0.1:2", reason),
        PartStatus("c", "stopped", None, 0, 7, "", "Not started"),
    ]
    print_statuses(statuses)
    output = capsys.readouterr().out
    lines = [line.split() for line in output.splitlines()]
    assert ["a", "ready", "12", "100", "MiB", "2", "127.0.0.1:1"] in lines
    assert ["c", "stopped", "Not", "started"] in lines
    assert lines[-1] == ["total", "150", "MiB"]
    assert " ".join(reason.split()).startswith("answers 500: [bold]")
    assert "[bold]{'a': [/x]}[/bold]" in output
    assert output.count("long") == 60
    assert "end" in output
