"""The shop API's main function, run by the service and by the command line."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from itertools import islice
from threading import Event

from goodsflow.clients.kafka.client_errors import ClientErrors
from goodsflow.clients.kafka.config import producer_config
from goodsflow.clients.kafka.credentials import is_login_refused
from goodsflow.clients.kafka.passwords import PasswordFollower
from goodsflow.clients.registry import RegistryClient
from goodsflow.clients.registry.serializer import ValueValidator, value_serializer
from goodsflow.common.counting import counted
from goodsflow.common.errors import GoodsflowError
from goodsflow.common.health_server import make_app, serving
from goodsflow.model.cards.catalog import GeneratedCatalog, SampleCatalog
from goodsflow.model.cards.model import Card
from goodsflow.model.endpoints import PROJECT_ROOT, Endpoints
from goodsflow.pipeline.shop_api.card_file import check_cards, read_cards
from goodsflow.pipeline.shop_api.producer import TOPIC, CardProducer
from goodsflow.pipeline.shop_api.records import Outgoing, offers
from goodsflow.pipeline.shop_api.settings import ShopApiSettings
from goodsflow.pipeline.shop_api.tally import Tally

_LOGGER = logging.getLogger(__name__)

THROUGHPUT = {"linger.ms": 20, "queue.buffering.max.messages": 500_000}
"""Larger batches are cheaper; they delay a card by 20 ms."""

PRINCIPAL = "shop-api"
"""The service's principal on the inbound cluster."""


class ShopApiError(GoodsflowError):
    """Not all cards were delivered."""


def run(
    settings: ShopApiSettings,
    endpoints: Endpoints,
    *,
    stop: Event,
    report: Callable[[Tally], None] | None = None,
) -> Tally:
    """Send cards until asked to stop; return the counts.

    Args:
        settings: What to send, how often and how much.
        endpoints: Where the platform is.
        stop: Ends the run after cards in flight were delivered.
        report: Called from time to time.

    Raises:
        ShopApiError: Not all cards were delivered.
        CardFileError: The file has invalid lines; nothing was sent.
        GoodsflowError: The registry or the cluster refused.
    """
    tally = Tally()
    pause_seconds = settings.pause_seconds
    web = (
        serving(
            settings.metrics_host,
            settings.metrics_port,
            make_app(tally.registry, lambda: tally.unhealthy_reason(pause_seconds)),
        )
        if settings.metrics_port
        else nullcontext()
    )
    with web, RegistryClient(endpoints.schema_registry_url) as registry:
        records = _records(settings, registry)
        errors = ClientErrors(
            "inbound",
            PRINCIPAL,
            passwords=PasswordFollower(endpoints, "inbound", PRINCIPAL),
            is_refused=partial(is_login_refused, endpoints, "inbound", PRINCIPAL),
        )
        config = producer_config(endpoints, "inbound", PRINCIPAL)
        producer = CardProducer(config | THROUGHPUT, errors, tally)
        _LOGGER.info("Sending a card to '%s' every %g s", TOPIC, pause_seconds)
        try:
            producer.send_until(
                stop,
                islice(records, settings.count),
                pause_seconds=pause_seconds,
                report=report,
            )
        finally:
            left = producer.flush()
            _LOGGER.info(
                "Delivered %s, %d failed, %d left",
                counted(tally.delivered, "card"),
                tally.failed,
                left,
            )
    _check_all_delivered(tally, left)
    return tally


def _records(settings: ShopApiSettings, registry: RegistryClient) -> Iterator[Outgoing]:
    """Register the schema, and return the records to send."""
    schema = (PROJECT_ROOT / "schemas" / "goods.json").read_text(encoding="utf-8")
    if settings.file is not None:
        # Before anything is registered or sent.
        check_cards(settings.file, ValueValidator(schema))
        schema_id = registry.register(f"{TOPIC}-value", schema)
        return read_cards(settings.file, schema_id)
    write = value_serializer(registry, schema)

    def serialize(card: Card) -> bytes:
        return write(TOPIC, card.as_json())

    seed = settings.seed
    catalog = (
        SampleCatalog()
        if settings.catalog is None
        else GeneratedCatalog(settings.catalog, seed or 0)
    )
    # Register the schema now, not when the first card is due.
    serialize(catalog.card(0))
    return offers(
        catalog,
        serialize,
        random.Random(seed),  # noqa: S311 - prices of samples are no secrets
        malformed=settings.malformed,
    )


def _check_all_delivered(tally: Tally, left: int) -> None:
    undelivered = tally.failed + left
    if undelivered:
        reason = f": {tally.problem}" if tally.problem else ""
        raise ShopApiError(
            f"{undelivered} of {counted(undelivered + tally.delivered, 'card')} "
            f"{'was' if undelivered == 1 else 'were'} not delivered to topic '{TOPIC}' "
            f"({tally.failed} refused or timed out, {left} still queued){reason}. "
            "Check the brokers with `goodsflow status`."
        )
