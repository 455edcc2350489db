"""Creating certificates, secrets and addresses, and each container's share of them.

``docker-compose.yml`` runs this first. Existing valid files are kept.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import get_args

from goodsflow.common.atomic_file import write_whole
from goodsflow.common.counting import counted
from goodsflow.common.errors import GoodsflowError
from goodsflow.deploy.compose.addresses import (
    DATA,
    PASSFILE,
    SHARE,
    dagster_yaml,
    endpoints,
    passfile,
)
from goodsflow.deploy.compose.shares import CA_FILE, ENDPOINTS_FILE, SHARES
from goodsflow.deploy.compose.upstream import (
    KSQLDB_LOG4J,
    kafka_ui_config,
    ksqldb_properties,
)
from goodsflow.deploy.native.secrets import make_missing_secrets, make_secret
from goodsflow.model.endpoints import PROJECT_ROOT, ClusterName, Endpoints
from goodsflow.model.spec import load_platform

_MIN_FREE_BYTES = 4 << 20


class PrepareError(GoodsflowError):
    """Files that the containers need could not be created."""


def prepare(
    shares: Path,
    project: str,
    *,
    ksqldb_url: str | None = None,
    external_bootstrap_servers: dict[ClusterName, str] | None = None,
) -> None:
    """Create what is missing, and fill each container's share.

    Args:
        shares: Has a folder for each share, and ``platform`` with all files.
        project: The name of the Compose project.
        ksqldb_url: The URL of ksqlDB; None if the platform has none.
        external_bootstrap_servers: The brokers' addresses for clients on the host.

    Raises:
        PrepareError: Certificates could not be created, or a share not written.
        SpecError: The declaration is invalid.
        GoodsflowError: A secret cannot be written.
    """
    platform = shares / "platform"
    # On a full disk, OpenSSL fails without a reason.
    free = shutil.disk_usage(platform).free
    if free < _MIN_FREE_BYTES:
        raise PrepareError(
            f"No space left: {free >> 10} KiB are free in {platform}, but certificates "
            f"and secrets need {_MIN_FREE_BYTES >> 10}. Free some space on the disk of "
            "the Docker engine (see `docker system df`)."
        )
    try:
        _make_certificates(platform / "certs")
        made = make_missing_secrets(
            platform / "secrets", load_platform(PROJECT_ROOT / "platform.yaml")
        )
        postgres = platform / "secrets" / "postgres.password"
        made += make_secret(postgres)
        made += make_secret(platform / "secrets" / "grafana.password")
        write_whole(platform / PASSFILE, passfile(postgres.read_text()).encode())
        write_whole(platform / "dagster.yaml", dagster_yaml(project).encode())
        addresses = endpoints(
            project,
            ksqldb_url=ksqldb_url,
            external_bootstrap_servers=external_bootstrap_servers,
        )
        write_whole(platform / ENDPOINTS_FILE, addresses.as_json())
        _configure_upstream(platform, addresses)
        for name, wanted in SHARES.items():
            fill_share(platform, shares / name, wanted)
    except OSError as error:
        raise PrepareError(
            f"Cannot write {error.filename}: {error.strerror}. Is the disk of the "
            "Docker engine full (`docker system df`)?"
        ) from error
    print(f"secrets          {made} created; {counted(len(SHARES), 'share')} filled")


def fill_share(platform: Path, share: Path, wanted: tuple[str, ...]) -> None:
    """Copy the wanted files and the addresses to a share, and delete all others.

    Args:
        platform: The folder with all files.
        share: The folder to fill.
        wanted: Paths or patterns below ``platform``.

    Raises:
        PrepareError: A pattern matches nothing.
        OSError: The share cannot be written.
    """
    files: set[Path] = set()
    for pattern in (CA_FILE, ENDPOINTS_FILE, *wanted):
        found = list(platform.glob(pattern))
        if not found:
            raise PrepareError(
                f"There is no {pattern} for the containers of share '{share.name}'. "
                "Is the principal declared in platform.yaml?"
            )
        files.update(path.relative_to(platform) for path in found)
    for relative in files:
        write_whole(share / relative, (platform / relative).read_bytes())
    kept = {share / relative for relative in files}
    for stale in (p for p in share.rglob("*") if p.is_file() and p not in kept):
        stale.unlink()


def _configure_upstream(platform: Path, addresses: Endpoints) -> None:
    """Write the files for the containers with upstream images."""
    # Paths are those in the container, but the passwords are read from here.
    here = addresses.replace(secrets_dir=platform / "secrets")
    password = platform / "secrets" / "ksqldb-truststore.password"
    make_secret(password)
    make_trust_store(platform / "certs" / "ca.crt", platform / "ca.jks", password)
    properties = ksqldb_properties(
        here, str(DATA), str(SHARE / "ca.jks"), password.read_text()
    )
    for name, content in (
        ("ksqldb.properties", properties),
        ("log4j.properties", KSQLDB_LOG4J),
        ("kafka-ui.yaml", kafka_ui_config(here)),
    ):
        write_whole(platform / name, content.encode())


def make_trust_store(certificate: Path, store: Path, password: Path) -> None:
    """Create a Java trust store with one certificate, for what cannot read PEM.

    Args:
        certificate: The certificate, in PEM.
        store: The file to write, in JKS.
        password: The file with the store's password.

    Raises:
        PrepareError: It could not be created.
    """
    with tempfile.TemporaryDirectory() as folder:
        created = Path(folder) / "created.jks"
        java_home = os.environ.get("JAVA_HOME")
        _run(
            "The trust store could not be created",
            str(Path(java_home) / "bin" / "keytool") if java_home else "keytool",
            *("-importcert", "-noprompt", "-storetype", "JKS", "-alias", "ca"),
            *("-file", str(certificate), "-keystore", str(created)),
            *("-storepass:file", str(password)),
        )
        write_whole(store, created.read_bytes())


def _make_certificates(folder: Path) -> None:
    bash = shutil.which("bash") or "bash"
    script = PROJECT_ROOT / "certs" / "cert.sh"
    what = "The certificates could not be created"
    _run(what, bash, str(script), "--out", str(folder))


def _run(failure: str, *command: str) -> None:
    done = subprocess.run(
        command,
        check=False,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    if done.returncode != 0:
        raise PrepareError(f"{failure}: {done.stderr.strip()}")


def main() -> None:
    """Prepare the shares. Arguments: their folder, and the project's name.

    GOODSFLOW_KSQLDB_URL is the URL of ksqlDB, if the platform has one.
    INBOUND_EXTERNAL_SERVERS and ANALYTICS_EXTERNAL_SERVERS are the brokers' addresses
    on the host.
    """
    try:
        ksqldb_url = os.environ.get("GOODSFLOW_KSQLDB_URL") or None
        external: dict[ClusterName, str] = {
            name: servers
            for name in get_args(ClusterName)
            if (servers := os.environ.get(f"{name.upper()}_EXTERNAL_SERVERS"))
        }
        prepare(
            Path(sys.argv[1]),
            sys.argv[2],
            ksqldb_url=ksqldb_url,
            external_bootstrap_servers=external,
        )
    except GoodsflowError as error:
        sys.exit(f"Error: {error}")


if __name__ == "__main__":
    main()
