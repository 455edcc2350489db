"""A ZooKeeper and a broker of their own, started with wrong and with new secrets."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from goodsflow.clients.kafka.credentials import credential_works
from goodsflow.clients.kafka.errors import KafkaError
from goodsflow.model.endpoints import PROJECT_ROOT, Endpoints

_CONTAINERS = PROJECT_ROOT / "containers"
_JARS = _CONTAINERS / "kafka" / "target" / "lib"


def free_port() -> int:
    """Return a port of the loopback that nobody has."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass
class Parts:
    """What is started below a folder, with its output."""

    folder: Path
    zookeeper_port: int = field(default_factory=free_port)
    broker_port: int = field(default_factory=free_port)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def passwords(self) -> Path:
        """The folder of the super users' passwords."""
        return self.folder / "inbound"

    def renew_passwords(self) -> None:
        """Give every super user another one."""
        self.passwords.mkdir(exist_ok=True)
        for user in ("broker", "admin"):
            (self.passwords / f"{user}.password").write_text(secrets.token_hex(16))

    def start(self, part: str, **settings: str) -> None:
        """Start a part by its run.sh."""
        environment = {
            "PATH": os.environ["PATH"],
            "PART_NAME": part,
            "PART_CONFIG_DIR": str(self.folder / part / "config"),
            "PART_DATA_DIR": str(self.folder / part / "data"),
            "KAFKA_LIB_DIR": str(_JARS),
            "ZOOKEEPER_PASSWORD_FILE": str(self.folder / "zookeeper.password"),
            "ZOOKEEPER_ADDRESS": "127.0.0.1",
            "ZOOKEEPER_PORT": str(self.zookeeper_port),
            "ZOOKEEPER_CONNECT": f"127.0.0.1:{self.zookeeper_port}",
            "KAFKA_BROKER_ID": "0",
            "KAFKA_LISTEN_ADDRESS": "127.0.0.1",
            "KAFKA_ADVERTISED_HOST": "127.0.0.1",
            "KAFKA_PORT": str(self.broker_port),
            "KAFKA_SUPER_USERS": "broker admin",
            "KAFKA_BOOTSTRAP_USERS": "broker admin",
            "KAFKA_SECRETS_DIR": str(self.passwords),
            "KAFKA_CERTIFICATE": str(self.folder / "certs" / "kafka-0.pem"),
            "KAFKA_CA": str(self.folder / "certs" / "ca.crt"),
        }
        if "JAVA_HOME" in os.environ:
            environment["JAVA_HOME"] = os.environ["JAVA_HOME"]
        with (self.folder / f"{part}.log").open("ab") as log:
            self.processes[part] = subprocess.Popen(
                [_CONTAINERS / part / "run.sh"],
                env=environment | settings,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def stop(self, part: str) -> None:
        """End a part and wait for its end."""
        process = self.processes.pop(part)
        process.terminate()
        process.wait(60)

    def log(self, part: str) -> str:
        """Return what a part has said."""
        return (self.folder / f"{part}.log").read_text()

    def endpoints(self, like: Endpoints) -> Endpoints:
        """Return the address and the secrets of the broker."""
        return like.replace(
            bootstrap_servers={"inbound": f"127.0.0.1:{self.broker_port}"},
            secrets_dir=self.folder,
            ca_file=self.folder / "certs" / "ca.crt",
        )


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    """A running ZooKeeper, certificates and passwords."""
    subprocess.run(
        [PROJECT_ROOT / "certs" / "cert.sh", "--out", tmp_path / "certs"],
        check=True,
        capture_output=True,
    )
    (tmp_path / "zookeeper.password").write_text(secrets.token_hex(16))
    parts = Parts(tmp_path)
    parts.renew_passwords()
    parts.start("zookeeper")
    try:
        yield parts
    finally:
        for part in list(parts.processes):
            parts.stop(part)


def await_that(condition: Callable[[], object], parts: Parts, part: str) -> None:
    """Ask again and again until the condition holds."""
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, parts.log(part)
        time.sleep(0.3)


def logs_in(endpoints: Endpoints) -> bool:
    """Whether the admin logs in; a broker that does not answer yet lets nobody in."""
    try:
        return credential_works(endpoints, "inbound", "admin", timeout_seconds=3)
    except KafkaError:
        return False


def test_a_broker_takes_up_new_passwords_of_its_super_users(
    parts: Parts, endpoints: Endpoints
) -> None:
    """Secrets that are lost and made anew would lock everybody out for ever."""
    own = parts.endpoints(endpoints)
    parts.start("kafka")
    await_that(lambda: logs_in(own), parts, "kafka")
    parts.stop("kafka")
    parts.renew_passwords()
    parts.start("kafka")
    await_that(lambda: logs_in(own), parts, "kafka")


@pytest.mark.usefixtures("endpoints")
def test_a_wrong_password_of_zookeepers_is_said(parts: Parts) -> None:
    """A broker that starts again and again must say what a person has to mend."""
    wrong = parts.folder / "wrong.password"
    wrong.write_text("wrong")
    parts.start("kafka", ZOOKEEPER_PASSWORD_FILE=str(wrong))
    await_that(lambda: parts.processes["kafka"].poll() is not None, parts, "kafka")
    assert parts.processes["kafka"].returncode != 0
    last = parts.log("kafka").strip().splitlines()[-1]
    assert last.startswith("kafka: ")
    assert f"ZooKeeper rejects the password in {wrong}: run 'goodsflow up'" in last
