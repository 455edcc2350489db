"""The shop API as a whole: what the service and the command line both run."""

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
"""Fuller batches cost less each; a card is on its way a fiftieth of a second later."""

PRINCIPAL = "shop-api"
"""As whom the service logs in to the inbound cluster."""


class ShopApiError(GoodsflowError):
    """Cards were not delivered."""


def run(
    settings: ShopApiSettings,
    endpoints: Endpoints,
    *,
    stop: Event,
    report: Callable[[Tally], None] | None = None,
) -> Tally:
    """Send cards until told to stop, and return what became of them.

    Args:
        settings: What to send, how often and how many.
        endpoints: Where the platform is.
        stop: Ends the run; cards under way are delivered first.
        report: Is called now and then.

    Raises:
        ShopApiError: Cards were not delivered.
        CardFileError: The file holds what is no card; nothing was sent.
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
                "Delivered %d cards, %d failed, %d left",
                tally.delivered,
                tally.failed,
                left,
            )
    _check_all_delivered(tally, left)
    return tally


def _records(settings: ShopApiSettings, registry: RegistryClient) -> Iterator[Outgoing]:
    """Register the schema, and return what there is to send."""
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
    # Registers the schema now, not only when a first card is due.
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
            f"{undelivered} of {undelivered + tally.delivered} cards were not "
            f"delivered to topic '{TOPIC}' ({tally.failed} refused or timed out, "
            f"{left} still waiting){reason}. Look at the brokers with "
            "`goodsflow status`."
        )
