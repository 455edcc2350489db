"""The five samples."""

from datetime import UTC, datetime, timedelta, timezone

from goodsflow.model.cards.samples import sample_cards, with_price

NOW = datetime(2026, 1, 20, 11, 11, 2, 987654, tzinfo=UTC)


def test_the_samples_are_the_five_that_users_know() -> None:
    """Documentation, block list and tests name these products."""
    assert [(card.product_id, card.name, card.brand) for card in sample_cards()] == [
        ("12345", "Умные часы XYZ", "brand_XYZ"),
        ("12346", "Умные часы DEF", "brand_DEF"),
        ("12347", "Умные часы GHI", "brand_GHI"),
        ("12348", "Умные часы JKL", "brand_JKL"),
        ("12349", "Умные часы MNO", "brand_MNO"),
    ]


def test_a_new_price_shows_in_the_price_the_description_and_the_time() -> None:
    """Otherwise a search result would show two different prices."""
    card = with_price(sample_cards()[3], 5091.0249, NOW)
    assert card.price.amount == 5091.02
    assert card.description == (
        "Умные часы с функцией мониторинга здоровья, GPS и уведомлениями за 5091.02 RUB"
    )
    assert card.as_json()["updated_at"] == "2026-01-20T11:11:02Z"


def test_a_second_price_replaces_the_first_in_the_description() -> None:
    """Otherwise descriptions would grow with every update."""
    twice = with_price(with_price(sample_cards()[0], 10, NOW), 20.5, NOW)
    assert twice.description.endswith("уведомлениями за 20.50 RUB")
    assert "10.00" not in twice.description


def test_the_given_card_is_left_as_it_was() -> None:
    """All senders share the samples."""
    card = sample_cards()[0]
    before = card.as_json()
    with_price(card, 1, NOW)
    assert card.as_json() == before


def test_the_time_is_written_in_utc_whatever_zone_it_came_in() -> None:
    """Local times would sort wrongly among older cards."""
    moscow = NOW.astimezone(timezone(timedelta(hours=3)))
    card = with_price(sample_cards()[0], 1, moscow)
    assert card.as_json()["updated_at"] == "2026-01-20T11:11:02Z"
