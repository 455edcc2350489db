"""Generated products like those of real shops: any number, reproducible by seed.

A product's fields are derived from a hash of its number and the seed, so a catalog of
any size takes no memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from goodsflow.model.cards.model import Card, Image, Price, Stock
from goodsflow.model.cards.samples import sample_cards

FIRST_PRODUCT_ID = 1_000_000
"""Generated product IDs start here, away from those of the samples."""

CREATED_AT = datetime(2023, 10, 1, 12, tzinfo=UTC)

_MASK = (1 << 64) - 1


@dataclass(frozen=True)
class _Kind:
    category: str
    noun: str
    tags: tuple[str, ...]
    lowest: float
    highest: float


_KINDS = (
    _Kind("Электроника", "Умные часы", ("умные часы", "гаджеты"), 3_000, 40_000),
    _Kind("Электроника", "Беспроводные наушники", ("аудио", "гаджеты"), 900, 25_000),
    _Kind("Электроника", "Смартфон", ("связь", "гаджеты"), 7_000, 140_000),
    _Kind("Электроника", "Ноутбук", ("компьютеры",), 25_000, 250_000),
    _Kind("Электроника", "Портативная колонка", ("аудио",), 1_200, 30_000),
    _Kind("Бытовая техника", "Электрический чайник", ("кухня",), 900, 9_000),
    _Kind("Бытовая техника", "Робот-пылесос", ("уборка",), 9_000, 70_000),
    _Kind("Бытовая техника", "Кофемашина", ("кухня", "кофе"), 15_000, 120_000),
    _Kind("Бытовая техника", "Утюг", ("одежда",), 1_500, 12_000),
    _Kind("Одежда", "Зимняя куртка", ("зима",), 4_000, 35_000),
    _Kind("Одежда", "Джинсы", ("повседневное",), 1_500, 12_000),
    _Kind("Одежда", "Футболка", ("лето", "повседневное"), 400, 4_000),
    _Kind("Обувь", "Кроссовки", ("спорт",), 2_500, 20_000),
    _Kind("Обувь", "Ботинки", ("зима",), 3_500, 22_000),
    _Kind("Дом", "Настольная лампа", ("свет",), 700, 8_000),
    _Kind("Дом", "Комплект постельного белья", ("спальня",), 1_200, 15_000),
    _Kind("Дом", "Офисное кресло", ("мебель",), 4_500, 45_000),
    _Kind("Спорт", "Горный велосипед", ("велосипеды",), 15_000, 150_000),
    _Kind("Спорт", "Коврик для йоги", ("йога",), 500, 5_000),
    _Kind("Спорт", "Палатка", ("туризм",), 3_000, 40_000),
    _Kind("Детские товары", "Конструктор", ("игрушки",), 600, 18_000),
    _Kind("Детские товары", "Коляска", ("прогулки",), 8_000, 90_000),
    _Kind("Красота", "Фен", ("волосы",), 1_000, 30_000),
    _Kind("Красота", "Крем для лица", ("уход",), 250, 6_000),
)
_BRANDS = (
    *("Альтаир", "Берёзка", "Вектор", "Горизонт", "Импульс", "Кедр", "Лотос", "Метеор"),
    *("Орион", "Парус", "Радуга", "Сапфир", "Тайга", "Феникс", "Циклон", "Янтарь"),
    *("Acme", "Borealis", "Cobalt", "Delta Works", "Everpine", "Fjord", "Granite"),
    *("Halcyon", "Indigo", "Juniper", "Kestrel", "Lumen", "Marlin", "Northwind"),
    *("Osprey", "Pinnacle", "Quartz", "Ridgeline", "Solstice", "Tundra", "Umbra"),
    *("Vireo", "Westerly", "Zephyr"),
)
_LETTERS = "ABCDEFGHKLMNPRSTUVXZ"
_STORES = 200
_SAMPLE_PRICES = 1_000.0, 10_000.0
_LOWEST_FACTOR, _HIGHEST_FACTOR = 0.75, 1.25
"""An offer's price, relative to the product's usual price."""


class Catalog(Protocol):
    """Products by number."""

    @property
    def size(self) -> int:
        """The number of products."""
        ...

    def card(self, number: int) -> Card:
        """Return the card of a product, at its usual price.

        Args:
            number: At least 0, less than ``size``.
        """
        ...

    def prices(self, card: Card) -> tuple[float, float]:
        """Return the lowest and the highest price that a product is offered at."""
        ...


class SampleCatalog:
    """The five sample cards."""

    def __init__(self) -> None:
        self._cards = sample_cards()

    @property
    def size(self) -> int:
        """The number of products."""
        return len(self._cards)

    def card(self, number: int) -> Card:
        """Return the card of a product."""
        return self._cards[number]

    def prices(self, card: Card) -> tuple[float, float]:
        """Return the same range for all products."""
        del card
        return _SAMPLE_PRICES


class GeneratedCatalog:
    """Realistic products.

    Args:
        size: The number of products.
        seed: A different seed gives different products.
    """

    def __init__(self, size: int, seed: int) -> None:
        self._size = size
        self._seed = seed

    @property
    def size(self) -> int:
        """The number of products."""
        return self._size

    def card(self, number: int) -> Card:
        """Return the card of a product, at its usual price."""
        mixed = _mix(number ^ _mix(self._seed))
        kind = _KINDS[mixed % len(_KINDS)]
        brand = _BRANDS[(mixed >> 8) % len(_BRANDS)]
        letters = "".join(_LETTERS[(mixed >> s) % len(_LETTERS)] for s in (16, 24))
        # The number makes names and SKUs unique, even where hashes collide.
        model = f"{letters}-{number + 1}"
        share = ((mixed >> 32) & 0xFFFF) / 0xFFFF
        # Most products are cheap, few are expensive.
        amount = kind.lowest * (kind.highest / kind.lowest) ** (share * share)
        product_id = str(FIRST_PRODUCT_ID + number)
        available = (mixed >> 48) % 400
        return Card(
            product_id=product_id,
            name=f"{kind.noun} {brand} {model}",
            brand=brand,
            category=kind.category,
            description=f"{kind.noun} {brand}, модель {model}",
            price=Price(amount=round(amount, 2), currency="RUB"),
            sku=f"{letters}-{product_id}",
            images=(
                Image(
                    url=f"https://example.com/images/{product_id}.jpg",
                    alt=f"{kind.noun} {brand} {model}",
                ),
            ),
            stock=Stock(available=available, reserved=available // 8),
            tags=kind.tags,
            store_id=f"store_{(mixed >> 40) % _STORES + 1:03}",
            index="products",
            created_at=CREATED_AT,
            updated_at=CREATED_AT,
        )

    def prices(self, card: Card) -> tuple[float, float]:
        """Return a range around the usual price."""
        return card.price.amount * _LOWEST_FACTOR, card.price.amount * _HIGHEST_FACTOR


def _mix(number: int) -> int:
    """Return a 64-bit hash: the finalizer of SplitMix64.

    https://doi.org/10.1145/2660193.2660195
    """
    number = (number + 0x9E3779B97F4A7C15) & _MASK
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & _MASK
    return number ^ (number >> 31)
