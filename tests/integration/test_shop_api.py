"""The shop API, on real brokers and a real registry."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path
from threading import Event, Thread

import httpx2
import pytest
from confluent_kafka import Consumer, TopicPartition

from goodsflow.clients.kafka.config import client_config
from goodsflow.clients.kafka.errors import AuthenticationFailedError
from goodsflow.clients.registry import RegistryClient
from goodsflow.common.errors import GoodsflowError
from goodsflow.model.cards import decode_card, schema_id_of
from goodsflow.model.cards.model import Card
from goodsflow.model.cards.samples import sample_cards
from goodsflow.model.endpoints import PROJECT_ROOT, Endpoints
from goodsflow.pipeline.shop_api.card_file import CardFileError
from goodsflow.pipeline.shop_api.service import run
from goodsflow.pipeline.shop_api.settings import ShopApiSettings

TOPIC = "goods"


def end_offsets(endpoints: Endpoints) -> dict[int, int]:
    """Return the end of each partition of the topic."""
    with Consumer(reader_config(endpoints)) as consumer:
        return {
            partition: consumer.get_watermark_offsets(
                TopicPartition(TOPIC, partition), timeout=20
            )[1]
            for partition in (0, 1)
        }


def read_between(
    endpoints: Endpoints, starts: dict[int, int], ends: dict[int, int]
) -> list[tuple[bytes | None, bytes]]:
    """Return the keys and values of the records in a range of offsets."""
    with Consumer(reader_config(endpoints)) as consumer:
        consumer.assign([TopicPartition(TOPIC, p, o) for p, o in starts.items()])
        found = []
        deadline = time.monotonic() + 30
        while len(found) < sum(ends.values()) - sum(starts.values()):
            assert time.monotonic() < deadline, "records are missing"
            message = consumer.poll(0.5)
            if message is not None:
                assert message.error() is None
                found.append((message.key(), message.value() or b""))
        return found


def reader_config(endpoints: Endpoints) -> dict[str, object]:
    """Return the configuration of a reader that commits nothing."""
    return client_config(endpoints, "inbound", "admin") | {
        "group.id": "test-shop-api",
        "enable.auto.commit": False,
    }


def settings(**changes: object) -> ShopApiSettings:
    """Return settings that send quickly, regardless of the environment."""
    values: dict[str, object] = {"rate": 200.0, "count": None, "metrics_port": None}
    return ShopApiSettings.model_validate(values | changes)


def test_cards_have_their_product_id_as_key_and_the_registered_schema(
    endpoints: Endpoints,
) -> None:
    """A wrong key breaks compaction, and a wrong schema ID breaks readers."""
    starts = end_offsets(endpoints)
    tally = run(
        settings(count=50),
        endpoints,
        stop=Event(),
    )
    assert (tally.delivered, tally.failed) == (50, 0)
    records = read_between(endpoints, starts, end_offsets(endpoints))
    assert len(records) >= 50
    with RegistryClient(endpoints.schema_registry_url) as client:
        registered = client.latest("goods-value")
    for key, value in records[:50]:
        if key is None or not key.isdigit():
            continue  # another test's
        assert Card.model_validate(decode_card(value)).product_id == key.decode()
        assert schema_id_of(value) == registered.schema_id


def test_a_second_start_registers_no_second_version(endpoints: Endpoints) -> None:
    """A version per restart would hide real changes of a schema."""
    versions = []
    for _ in range(2):
        run(
            settings(count=1),
            endpoints,
            stop=Event(),
        )
        with RegistryClient(endpoints.schema_registry_url) as client:
            versions.append(client.latest("goods-value").version)
    assert versions[0] == versions[1]


def test_it_delivers_every_card_before_it_stops(endpoints: Endpoints) -> None:
    """Otherwise, a restart of the service would lose queued cards."""
    stop = Event()
    starts = end_offsets(endpoints)
    results = []
    thread = Thread(
        target=lambda: results.append(
            run(
                settings(),
                endpoints,
                stop=stop,
            )
        )
    )
    thread.start()
    deadline = time.monotonic() + 30
    while sum(end_offsets(endpoints).values()) < sum(starts.values()) + 20:
        assert time.monotonic() < deadline
    stop.set()
    thread.join(20)
    assert not thread.is_alive()
    assert results[0].failed == 0
    arrived = sum(end_offsets(endpoints).values()) - sum(starts.values())
    assert arrived >= results[0].delivered >= 20


def test_a_wrong_password_is_an_error_that_names_the_principal(
    endpoints: Endpoints, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Librdkafka alone would retry forever without a message."""
    secrets = tmp_path_factory.mktemp("secrets")
    (secrets / "inbound").mkdir()
    (secrets / "inbound/shop-api.password").write_text("wrong", encoding="utf-8")
    stranger = endpoints.replace(secrets_dir=secrets)
    with pytest.raises(AuthenticationFailedError, match="'shop-api'"):
        run(
            settings(),
            stranger,
            stop=Event(),
        )


def test_the_service_serves_metrics_and_exits_with_0_on_sigterm(
    endpoints: Endpoints,
) -> None:
    """The supervisor treats any other status as a crash."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "goodsflow.pipeline.shop_api"],
        env={
            **os.environ,
            "GOODSFLOW_HOME": str(endpoints.secrets_dir.parent),
            "GOODSFLOW_SHOP_API_INTERVAL": "0.2",
            "GOODSFLOW_SHOP_API_METRICS_PORT": str(port),
        },
        cwd=PROJECT_ROOT,
    )
    try:
        deadline = time.monotonic() + 30
        while "cards_delivered_total 0.0" in (text := metrics(port)) or not text:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert httpx2.get(f"http://127.0.0.1:{port}/health").status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()


def test_an_unavailable_registry_is_an_error_that_names_its_address(
    endpoints: Endpoints,
) -> None:
    """Nobody could read cards without a registered schema."""
    away = endpoints.replace(schema_registry_url="http://127.0.0.1:9/x")
    with pytest.raises(GoodsflowError, match=r"http://127\.0\.0\.1:9/x"):
        run(
            settings(count=1),
            away,
            stop=Event(),
        )


def metrics(port: int) -> str:
    """Return the metrics as text; empty before the service answers."""
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/metrics").text
    except httpx2.TransportError:
        return ""


def test_a_file_is_sent_byte_for_byte_or_not_at_all(
    endpoints: Endpoints, tmp_path: Path
) -> None:
    """Nobody would know which part of a file was sent."""
    name = uuid.uuid4().hex
    card = sample_cards()[0].as_json() | {"product_id": name}
    line = json.dumps(card | {"more": "не в схеме"}, ensure_ascii=False).encode()
    path = tmp_path / "cards.jsonl"
    path.write_bytes(line + b"\n")
    starts = end_offsets(endpoints)
    tally = run(settings(file=path, rate=None), endpoints, stop=Event())
    assert tally.delivered == 1
    found = dict(read_between(endpoints, starts, end_offsets(endpoints)))
    assert found[name.encode()][5:] == line

    path.write_bytes(line + b"\n{}\n")
    with pytest.raises(CardFileError, match="line 2: "):
        run(settings(file=path), endpoints, stop=Event())
    again = [key for key, _ in read_between(endpoints, starts, end_offsets(endpoints))]
    assert again.count(name.encode()) == 1
