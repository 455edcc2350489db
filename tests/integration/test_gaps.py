"""Gaps between files, and recommended products, on real topics."""

from __future__ import annotations

import json

from confluent_kafka import Producer

from goodsflow.clients.kafka.config import producer_config
from goodsflow.model.cards import frame
from goodsflow.pipeline.recommender.gaps import find_missing_cards
from goodsflow.pipeline.recommender.product_lookup import look_up_products
from tests.integration.shops import Shop, line


def send(shop: Shop, *values: bytes | None) -> None:
    """Write records to partition 0 in a transaction, whose marker takes an offset."""
    producer = Producer(
        producer_config(shop.endpoints, "analytics", "admin")
        | {"transactional.id": shop.settings.group_id}
    )
    producer.init_transactions(30)
    producer.begin_transaction()
    for value in values:
        producer.produce(shop.settings.source_topic, value, b"k", partition=0)
    producer.commit_transaction(30)


def test_a_lost_file_is_reported_but_not_markers_or_tombstones(
    shop: Shop,
) -> None:
    """A card that is in no file is never recommended."""
    card = frame(1, json.dumps({"product_id": "a"}).encode())
    # Offsets 0 and 1, 2 is the marker; 3 to 5, 6 the marker; 7, 8 the marker; 9.
    send(shop, card, card)
    send(shop, None, b"no card", frame(1, b"no JSON"))
    send(shop, card)
    send(shop, card)
    shop.put(0, 0, [line("a", 1), line("a", 1)])
    lost = shop.put(0, 7, [line("a", 1)])
    last = shop.put(0, 9, [line("a", 1)])
    fine = find_missing_cards(shop.endpoints, shop.settings, "admin")
    assert (fine.gaps, len(fine.looked_up), fine.missing) == (2, 2, [])
    assert [(gap.first, gap.last) for gap in fine.looked_up] == [(8, 8), (2, 6)]

    shop.remove(lost)
    found = find_missing_cards(shop.endpoints, shop.settings, "admin")
    assert [(m.partition, m.offset) for m in found.missing] == [(0, 7)]
    assert last in str(found.missing[0])


def test_a_product_that_is_in_no_file_is_unknown(shop: Shop) -> None:
    """Users can't use a recommendation without a card."""
    shop.put(0, 0, [line("a", 1), b"junk"])
    shop.put(0, 2, [line("b", 1)])
    shop.recommend()
    fine = look_up_products(shop.endpoints, shop.settings, "admin")
    assert (fine.products, fine.files, fine.unknown) == (2, 2, [])
    producer = Producer(producer_config(shop.endpoints, "analytics", "admin"))
    producer.produce(shop.settings.output_topic, frame(1, b"{}"), b"ghost")
    assert producer.flush(20) == 0
    found = look_up_products(shop.endpoints, shop.settings, "admin")
    assert (found.unknown, found.undecided) == (["ghost"], ())
    bounded = look_up_products(shop.endpoints, shop.settings, "admin", max_files=1)
    assert (bounded.unknown, bounded.undecided) == ((), ["a", "ghost"])
