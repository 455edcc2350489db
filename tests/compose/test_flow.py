"""The end-to-end tests of the native platform, within the containers' networks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from tests.compose.stack import Stack, compose, run

_MAX_MEMORY_MIB = 10 * 1024
_MAX_UP_SECONDS = float(os.environ.get("MAX_UP_SECONDS", "240"))


@pytest.mark.timeout(1700)
def test_the_end_to_end_tests_pass_in_containers(platform: Stack) -> None:
    """A network, an address or a right that is missing shows only here."""
    platform.end_to_end()


def test_a_user_searches_and_follows_as_the_readme_says(platform: Stack) -> None:
    """The service that users call has networks and secrets of its own."""
    searched = compose("run", "--rm", "-T", "user-api", "search", "--name", "JKL")
    assert "brand_JKL" in searched.stdout
    followed = compose(
        *("run", "--rm", "-T", "user-api", "recommendations", "--json"),
        *("--max-messages", "1", "--timeout", "200"),
        timeout_seconds=240,
    )
    assert '"product_id"' in followed.stdout


@pytest.mark.usefixtures("platform")
@pytest.mark.parametrize("cluster", ["inbound", "analytics"])
def test_a_tool_on_the_host_connects_as_the_readme_says(
    tmp_path: Path, cluster: str
) -> None:
    """The brokers send it on to addresses of theirs, which it must reach as well."""
    ca = tmp_path / "ca.crt"
    in_admin = ("run", "--rm", "--no-TTY")
    ca_file = "/goodsflow/certs/ca.crt"
    ca.write_text(compose(*in_admin, "--entrypoint", "cat", "admin", ca_file).stdout)
    printed = compose(
        *(*in_admin, "admin", "client-config", cluster, "admin"),
        *("--external", "--ca-file", str(ca)),
    ).stdout
    config = dict(line.split("=", 1) for line in printed.splitlines())
    client = AdminClient(config)
    brokers = client.list_topics(timeout=30).brokers.values()
    assert {f"{broker.host}:{broker.port}" for broker in brokers} == set(
        config["bootstrap.servers"].split(",")
    )
    described = client.describe_cluster(request_timeout=30).result(35)
    assert len(described.nodes) == 2


@pytest.mark.usefixtures("platform")
def test_the_operator_changes_the_block_list_as_the_readme_says() -> None:
    """The operator's tools reach the inbound cluster and the registry, no more."""
    in_admin = ("run", "--rm", "--no-TTY", "admin")
    asked = (*in_admin, "blocklist")
    assert "12346" in compose(*asked, "list").stdout
    added = compose(*asked, "add", "--brand", "none", "--reason", "a test").stdout
    assert added == "Blocked: 1 rule\n"
    removed = compose(*asked, "remove", "--brand", "none").stdout
    assert removed == "Unblocked: 1 rule\n"
    assert '"count"' in compose(*in_admin, "dead-letters", "list", "--json").stdout


@pytest.mark.usefixtures("platform")
def test_the_operator_plans_and_applies_as_the_readme_says() -> None:
    """The code server has the networks and passwords, and its runs' lock, for it."""
    in_code_server = ("exec", "--no-TTY", "dagster-code", "goodsflow")
    for command in ("plan", "apply"):
        told = compose(*in_code_server, command).stdout
        assert "Everything is as declared." in told


def test_it_is_up_within_four_minutes(platform: Stack) -> None:
    """The README promises it; MAX_UP_SECONDS is for a machine that is busy."""
    assert platform.up_seconds <= _MAX_UP_SECONDS


def test_containers_stay_within_their_memory(platform: Stack) -> None:
    """One without a limit takes the machine when it leaks."""
    limits = {
        container["Name"]: container["HostConfig"]["Memory"]
        for container in platform.containers(also_ended=True)
    }
    assert [name for name, limit in limits.items() if not limit] == []
    printed = run("containers/sizes.sh").stdout
    print(printed)
    (total,) = (line for line in printed.splitlines() if line.startswith("total"))
    assert 1024 < int(total.split()[-2]) < _MAX_MEMORY_MIB
