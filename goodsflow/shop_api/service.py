"""The shop API as a whole: what the service and the command line both run."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from threading import Event

from goodsflow.cards import sample_cards
from goodsflow.endpoints import PROJECT_ROOT, Endpoints
from goodsflow.errors import GoodsflowError
from goodsflow.kafka.config import producer_config
from goodsflow.kafka.faults import ClientFaults
from goodsflow.kafka.passwords import PasswordFollower
from goodsflow.registry import RegistryClient
from goodsflow.registry.serializer import ValueSerializer, value_serializer
from goodsflow.shop_api.offers import next_offer
from goodsflow.shop_api.producer import TOPIC, CardProducer
from goodsflow.shop_api.settings import ShopApiSettings
from goodsflow.shop_api.tally import Tally
from goodsflow.web import make_app, serving

_LOGGER = logging.getLogger(__name__)

PRINCIPAL = "shop-api"
"""As whom the service logs in to the inbound cluster."""


class ShopApiError(GoodsflowError):
    """Cards were not delivered."""


def run(
    settings: ShopApiSettings,
    endpoints: Endpoints,
    *,
    stop: Event,
    source: random.Random,
    report: Callable[[Tally], None] | None = None,
) -> Tally:
    """Send cards until told to stop, and return what became of them.

    Args:
        settings: How often and how many.
        endpoints: Where the platform is.
        stop: Ends the run; cards under way are delivered first.
        source: Draws products and prices.
        report: Is called after each card that was sent.

    Raises:
        ShopApiError: Cards were not delivered.
        GoodsflowError: The registry or the cluster refused.
    """
    tally = Tally()
    cards = sample_cards()
    pause_seconds = settings.pause_seconds
    web = (
        serving(
            settings.metrics_host,
            settings.metrics_port,
            make_app(tally.registry, lambda: tally.ailment(pause_seconds)),
        )
        if settings.metrics_port
        else nullcontext()
    )
    with web, _card_serializer(endpoints) as serialize:
        faults = ClientFaults(
            "inbound",
            PRINCIPAL,
            passwords=PasswordFollower(endpoints, "inbound", PRINCIPAL),
        )
        producer = CardProducer(
            producer_config(endpoints, "inbound", PRINCIPAL), serialize, faults, tally
        )
        # Registers the schema now, not only when a first card is due.
        serialize(TOPIC, cards[0].as_json())
        _LOGGER.info("Sending a card to '%s' every %g s", TOPIC, pause_seconds)
        try:
            producer.send_until(
                stop,
                lambda: next_offer(cards, source, datetime.now(UTC)),
                pause_seconds=pause_seconds,
                count=settings.count,
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


@contextmanager
def _card_serializer(endpoints: Endpoints) -> Iterator[ValueSerializer]:
    schema = (PROJECT_ROOT / "schemas" / "goods.json").read_text(encoding="utf-8")
    with RegistryClient(endpoints.schema_registry_url) as client:
        yield value_serializer(client, schema)


def _check_all_delivered(tally: Tally, left: int) -> None:
    undelivered = tally.failed + left
    if undelivered:
        reason = f": {tally.trouble}" if tally.trouble else ""
        raise ShopApiError(
            f"{undelivered} of {undelivered + tally.delivered} cards were not "
            f"delivered to topic '{TOPIC}' ({tally.failed} refused or timed out, "
            f"{left} still waiting){reason}. Look at the brokers with "
            "`goodsflow status`."
        )
