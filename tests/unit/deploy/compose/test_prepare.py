"""The files of each container: its own secrets, and no others."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest
import yaml

from goodsflow.deploy.compose import prepare as prepare_module
from goodsflow.deploy.compose.addresses import PASSFILE
from goodsflow.deploy.compose.prepare import PrepareError, fill_share, prepare
from goodsflow.deploy.compose.shares import SHARES
from goodsflow.model.endpoints import PROJECT_ROOT, load_endpoints
from goodsflow.model.spec import load_platform


def make_folders(root: Path) -> Path:
    """Make the folders that the image has."""
    for name in ("platform", *SHARES):
        (root / name).mkdir()
    return root


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shares that are prepared; certificates take seconds, so all tests copy these."""
    shares = make_folders(tmp_path_factory.mktemp("prepared"))
    prepare(shares, "goodsflow")
    return shares


@pytest.fixture
def shares(prepared: Path, tmp_path: Path) -> Path:
    """A copy of the prepared shares."""
    return Path(shutil.copytree(prepared, tmp_path / "shares"))


def files_of(share: Path) -> set[str]:
    """Return the paths of a share's files."""
    return {str(p.relative_to(share)) for p in share.rglob("*") if p.is_file()}


def test_a_share_has_only_its_own_secrets(shares: Path) -> None:
    """With one volume for all, one compromised part would reveal every password."""
    assert files_of(shares / "user-api") == {
        "endpoints.json",
        "certs/ca.crt",
        "secrets/analytics/user.password",
    }
    for name in SHARES:
        assert "certs/ca.key" not in files_of(shares / name)
    modes = {p.stat().st_mode & 0o777 for p in shares.rglob("*") if p.is_file()}
    assert modes == {0o600}


def test_a_full_disk_is_reported_before_anything_is_created(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a full disk, OpenSSL fails without a reason."""
    shares = make_folders(tmp_path)
    monkeypatch.setattr(prepare_module, "_MIN_FREE_BYTES", 1 << 60)
    with pytest.raises(
        PrepareError, match=r"No space left: \d+ KiB are free in .*Free some space"
    ):
        prepare(shares, "goodsflow")
    assert files_of(shares / "platform") == set()


def test_the_second_preparation_changes_no_secret(shares: Path) -> None:
    """New passwords at each start would lock all parts out."""
    before = {p: p.read_bytes() for p in shares.rglob("*.p*") if p.is_file()}
    prepare(shares, "goodsflow")
    assert before == {p: p.read_bytes() for p in shares.rglob("*.p*") if p.is_file()}


def test_dagster_receives_the_password_of_every_declared_principal(
    shares: Path,
) -> None:
    """A missing one would fail the bootstrap and everything that needs it."""
    endpoints = load_endpoints(shares / "dagster-code")
    platform = load_platform(PROJECT_ROOT / "platform.yaml")
    wanted = {
        str(endpoints.password_file(name, principal).relative_to("/goodsflow"))
        for name, cluster in platform.clusters.items()
        for principal in cluster.principals
    }
    assert wanted <= files_of(shares / "dagster-code")


def test_dagsters_configuration_contains_no_secret(shares: Path) -> None:
    """It is in the command line of every run, which `docker inspect` shows."""
    text = (shares / "dagster" / "dagster.yaml").read_text()
    secrets = [p.read_text() for p in (shares / "platform").rglob("*.password")]
    assert len(secrets) > 3
    assert [secret for secret in secrets if secret in text] == []
    assert (
        "postgres:5432:dagster:dagster:" in (shares / "dagster" / PASSFILE).read_text()
    )


def test_networks_and_volumes_of_runs_are_those_of_the_project(shares: Path) -> None:
    """A second platform's runs would otherwise use the first one's networks."""
    prepare(shares, "other")
    instance = yaml.safe_load((shares / "dagster-code" / "dagster.yaml").read_text())
    config = instance["run_launcher"]["config"]
    volumes = config["container_kwargs"]["volumes"]
    assert {n.split("_")[0] for n in config["networks"] + volumes} == {"other"}


def properties_of(file: Path) -> dict[str, str]:
    """Return the settings of a properties file."""
    pairs = (line.split("=", 1) for line in file.read_text().splitlines())
    return dict(pairs)


def test_ksqldb_is_configured_with_its_own_principal(shares: Path) -> None:
    """Its image reads passwords only from its configuration file."""
    password = (shares / "platform/secrets/analytics/ksqldb.password").read_text()
    settings = properties_of(shares / "ksqldb" / "ksqldb.properties")

    jaas = settings["sasl.jaas.config"]
    assert f'username="ksqldb" password="{password}";' in jaas
    assert settings["bootstrap.servers"] == "kafka-mirror-0:9092,kafka-mirror-1:9092"
    assert settings["ksql.schema.registry.url"].startswith("http://schema-registry:")
    # Its rights in platform.yaml are on these prefixes.
    rights = load_platform(PROJECT_ROOT / "platform.yaml").clusters["analytics"]
    names = {rule.name for rule in rights.principals["ksqldb"].acls}
    service_id = settings["ksql.service.id"]
    assert {service_id, f"_confluent-ksql-{service_id}"} <= names


def test_the_trust_store_of_ksqldb_has_the_platforms_ca(shares: Path) -> None:
    """The server does not support PEM, and would not start."""
    settings = properties_of(shares / "ksqldb" / "ksqldb.properties")
    assert settings["ssl.truststore.location"] == "/goodsflow/ca.jks"
    keytool = ["keytool", "-exportcert", "-rfc", "-alias", "ca"]
    exported = subprocess.run(
        [
            *keytool,
            *("-keystore", str(shares / "ksqldb" / "ca.jks")),
            *("-storepass", settings["ssl.truststore.password"]),
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=240,
    )
    ca = (shares / "ksqldb" / "certs" / "ca.crt").read_text()
    assert ssl.PEM_cert_to_DER_cert(exported.stdout) == ssl.PEM_cert_to_DER_cert(ca)


def test_kafka_ui_shows_both_clusters_and_changes_neither(shares: Path) -> None:
    """It requires no login: everybody who reaches the port can use it."""
    text = (shares / "ui" / "kafka-ui.yaml").read_text()
    inbound, analytics = yaml.safe_load(text)["kafka"]["clusters"]
    assert (inbound["name"], analytics["name"]) == ("inbound", "analytics")
    for cluster in (inbound, analytics):
        assert cluster["readOnly"] is True
        assert cluster["properties"]["security.protocol"] == "SASL_SSL"
        assert 'username="ui"' in cluster["properties"]["sasl.jaas.config"]
        assert cluster["properties"]["ssl.truststore.location"] == (
            "/goodsflow/certs/ca.crt"
        )


@pytest.mark.parametrize("url", [None, "http://ksqldb:8088"])
def test_the_search_uses_the_configured_ksqldb(shares: Path, url: str | None) -> None:
    """Without the upstream images, it must not use a missing server."""
    prepare(shares, "goodsflow", ksqldb_url=url)
    assert load_endpoints(shares / "user-api").ksqldb_url == url
    assert load_endpoints(shares / "dagster-code").ksqldb_url == url


def test_obsolete_files_of_a_share_are_deleted(shares: Path) -> None:
    """A secret that is no longer in a part's list would stay forever."""
    stale = shares / "blocking" / "secrets" / "inbound" / "admin.password"
    stale.write_text("old")
    prepare(shares, "goodsflow")
    assert not stale.exists()


def test_an_undeclared_secret_is_reported(shares: Path) -> None:
    """After a principal is renamed in platform.yaml, its file is missing."""
    with pytest.raises(PrepareError, match=r"no secrets/inbound/nobody\.password"):
        fill_share(
            shares / "platform", shares / "admin", ("secrets/inbound/nobody.password",)
        )
