"""New passwords for a platform that works, on real brokers under load."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from confluent_kafka import KafkaError, Message, Producer

from goodsflow.clients.kafka.client_errors import ClientErrors
from goodsflow.clients.kafka.config import producer_config
from goodsflow.clients.kafka.credentials import PasswordFiles, credential_works
from goodsflow.clients.kafka.offsets import OffsetReader
from goodsflow.clients.kafka.passwords import PasswordFollower
from goodsflow.clients.kafka.rotation import rotation_lock
from goodsflow.clients.kafka.topic_reader import TopicReader
from goodsflow.model.cards import frame
from goodsflow.model.cards.samples import sample_cards
from goodsflow.model.endpoints import PROJECT_ROOT, ClusterName, Endpoints
from tests.support import await_condition, goodsflow, schema_id, status

SERVICES = ("shop-api", "blocking", "exporter")
KEYS = tuple(f"rotation-{number}" for number in range(7))


def rotate(home: Path, *arguments: str) -> str:
    """Rotate and return what the command says."""
    done = goodsflow(
        "credentials", "rotate", *arguments, home=home, timeout_seconds=400
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def credentials(home: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """Return what `goodsflow credentials list` says."""
    asked = goodsflow("credentials", "list", "--json", home=home)
    assert asked.returncode == 0, asked.stderr
    found = json.loads(asked.stdout)["credentials"]
    return {(each["cluster"], each["principal"]): each for each in found}


class Load:
    """Sends numbered cards as shop-api; reads them behind filter and mirror."""

    def __init__(self, endpoints: Endpoints) -> None:
        """Begin to send, and to read what comes from now on."""
        self.sent: dict[str, list[int]] = defaultdict(list)
        self.read: dict[str, dict[str, list[int]]] = {}
        self.errors: list[str] = []
        self._endpoints = endpoints
        self._stop = Event()
        self._ended = Event()
        places: dict[str, ClusterName] = {
            "goods": "inbound",
            "goods-filtered": "inbound",
            "source.goods-filtered": "analytics",
        }
        self._threads = [
            Thread(target=self._guarded, args=(self._reading(cluster, topic),))
            for topic, cluster in places.items()
        ]
        self._threads.append(Thread(target=self._guarded, args=(self._send,)))
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Stop sending, wait until all is read, and compare."""
        self._stop.set()
        self._threads[-1].join()
        try:
            await_condition(
                lambda: self.errors or not self._differences(),
                "every record is read once and in order",
                60,
            )
        except AssertionError as error:
            raise AssertionError(f"{error}: {self._differences()}") from error
        finally:
            self._ended.set()
            for thread in self._threads:
                thread.join()
        assert not self.errors
        assert sum(map(len, self.sent.values())) > 100

    def _differences(self) -> list[str]:
        return [
            f"{topic} {key}: {len(set(sent) - set(read))} of {len(sent)} lost, "
            f"{len(read) - len(set(read))} doubled, "
            f"{sum(b < a for a, b in pairwise(read))} out of order"
            for topic, by_key in self.read.items()
            for key, sent in self.sent.items()
            if (read := list(by_key[key])) != sent
        ]

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            self.errors.append(repr(error))
            raise

    def _reading(self, cluster: ClusterName, topic: str) -> Callable[[], None]:
        found = self.read[topic] = defaultdict(list)
        offsets = OffsetReader.connect(self._endpoints, cluster, "admin")
        ends = offsets.topic_offsets([topic])[topic]

        def work() -> None:
            with TopicReader(
                self._endpoints, cluster, "admin", "rotation-test", topic
            ) as reader:
                for record in reader.follow({p: o.end for p, o in ends.items()}):
                    if record and record.key and record.key.decode() in KEYS:
                        number = json.loads((record.value or b"")[5:])["number"]
                        found[record.key.decode()].append(number)
                    if self._ended.is_set():
                        return

        return work

    def _send(self) -> None:
        passwords = PasswordFollower(self._endpoints, "inbound", "shop-api")
        errors = ClientErrors("inbound", "shop-api", passwords=passwords)
        producer = Producer(
            producer_config(self._endpoints, "inbound", "shop-api")
            # Logins all the while: what is idle so shortly is disconnected.
            | {"error_cb": errors.on_error, "connections.max.idle.ms": 2000}
        )
        passwords.follow(producer)
        schema = schema_id(self._endpoints)
        card = sample_cards()[0].as_json()
        number = 0
        while not self._stop.is_set():
            key = KEYS[number % len(KEYS)]
            value = json.dumps({**card, "product_id": key, "number": number})
            producer.produce(
                "goods", frame(schema, value.encode()), key, on_delivery=self._delivered
            )
            self.sent[key].append(number)
            number += 1
            producer.poll(0.02)
            errors.raise_if_unrecoverable()
        assert producer.flush(30) == 0

    def _delivered(self, error: KafkaError | None, _: Message) -> None:
        if error is not None:
            self.errors.append(error.str())


def services(home: Path) -> dict[str, tuple[Any, Any]]:
    """Return who the services are, and how often each has started again."""
    parts = status(home)
    return {
        name: (parts[name]["pid"], parts[name]["restarts"])
        for name in SERVICES
        if name in parts
    }


@pytest.mark.faults
@pytest.mark.timeout(500)
@pytest.mark.parametrize(
    ("principals", "only", "restarted"),
    [
        (
            ("shop-api", "blocking", "schema-registry", "mirror"),
            (),
            {"schema-registry", "kafka-connect"},
        ),
        (("broker",), ("--cluster", "inbound"), {"kafka-0", "kafka-1"}),
    ],
    ids=["clients", "brokers"],
)
def test_no_record_is_lost_while_passwords_change(
    platform_home: Path,
    endpoints: Endpoints,
    principals: tuple[str, ...],
    only: tuple[str, ...],
    restarted: set[str],
) -> None:
    """A rotation that costs records or stops a service would never be done."""
    # Its transaction's coordinator goes with the last broker: held up for too long, the
    # filter ends and goes on from what it has committed.
    may_restart = {"blocking"} if "broker" in principals else set()
    before, parts = services(platform_home), status(platform_home)
    files = {
        user: endpoints.password_file(*user) for user in credentials(platform_home)
    }
    written = {user: file.stat().st_mtime_ns for user, file in files.items()}
    load = Load(endpoints)
    try:
        said = "".join(rotate(platform_home, each, *only) for each in principals)
    finally:
        load.end()
    now = services(platform_home)
    assert {n for n in before if now[n] != before[n]} <= may_restart
    after = status(platform_home)
    changed = {n for n in after if after[n]["pid"] != parts[n]["pid"]}
    assert changed - may_restart == restarted
    assert all(name in said for name in restarted)
    for user, found in credentials(platform_home).items():
        assert found["logs_in"], user
        is_new = files[user].stat().st_mtime_ns != written[user]
        assert is_new == (user[1] in principals and (not only or user[0] in only)), user


CUT_SHORT = """
import os, signal
from goodsflow.clients.kafka import rotation
from goodsflow.deploy.native import rotation as local

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

step = {step!r}
owner = local.Rotator if hasattr(local.Rotator, step) else rotation.Rotation
assert hasattr(owner, step), "a step by this name would never be reached"
setattr(owner, step, die)
from goodsflow.cli.main import main
main()
"""


def cut_short(home: Path, principal: str, step: str) -> None:
    """Rotate and die of SIGKILL where a step would begin."""
    code = CUT_SHORT.format(step=step)
    arguments = ("--home", str(home), "credentials", "rotate", principal)
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments, "--cluster", "inbound"],
        check=False,
        capture_output=True,
        timeout=200,
        cwd=PROJECT_ROOT,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.faults
@pytest.mark.draw(2)
@pytest.mark.parametrize(
    ("principal", "step", "next_command"),
    [
        ("shop-api", "replace", "rotate"),
        ("admin", "replace", "up"),
        ("mirror", "_restart", "up"),
        ("broker", "_set_password", "rotate"),
    ],
)
@pytest.mark.timeout(500)
def test_a_rotation_that_is_killed_is_finished_by_the_next(
    platform_home: Path,
    endpoints: Endpoints,
    principal: str,
    step: str,
    next_command: str,
) -> None:
    """A principal that is locked out half-way would stop the flow for good."""
    cut_short(platform_home, principal, step)
    if next_command == "rotate":
        said = rotate(platform_home, principal, "--cluster", "inbound")
        assert "finished an interrupted rotation" in said
    else:
        up = goodsflow("up", home=platform_home, timeout_seconds=300)
        assert up.returncode == 0, up.stderr
    files = PasswordFiles(endpoints, "inbound")
    assert files.working([principal]) == {principal: True}
    assert not list(endpoints.secrets_dir.rglob("*.next"))
    # A service that was held up by a broker's restart is ready a moment later.
    await_condition(
        lambda: all(p["state"] == "ready" for p in status(platform_home).values()),
        "every part is ready again",
        120,
    )


def test_two_rotations_do_not_interleave(
    platform_home: Path, endpoints: Endpoints
) -> None:
    """One would put its file in place over the password of the other."""
    with rotation_lock(endpoints):
        done = goodsflow("credentials", "rotate", "shop-api", home=platform_home)
    assert done.returncode == 1
    assert "Another rotation" in done.stderr
    assert credential_works(endpoints, "inbound", "shop-api")


def test_an_unknown_principal_is_named_with_those_there_are(
    platform_home: Path, endpoints: Endpoints
) -> None:
    """Nobody knows every principal's name by heart."""
    del endpoints
    done = goodsflow("credentials", "rotate", "nobody", home=platform_home)
    assert done.returncode == 1
    assert "'nobody'" in done.stderr
    assert "shop-api" in done.stderr


def test_no_secret_is_shown(platform_home: Path, endpoints: Endpoints) -> None:
    """What is on a screen is in its log as well."""
    done = goodsflow("credentials", "rotate", "shop-api", home=platform_home)
    listed = goodsflow("credentials", "list", home=platform_home)
    secret = endpoints.password("inbound", "shop-api").reveal()
    for text in (done.stdout, done.stderr, listed.stdout, listed.stderr):
        assert secret not in text
    assert "shop-api" in listed.stdout
