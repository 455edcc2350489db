"""A goods card as types; ``schemas/goods.json`` is the same as a JSON Schema."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Text = Annotated[str, Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow")


class Price(_Part):
    """The product's price."""

    amount: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217")]


class Image(_Part):
    """A picture of the product."""

    url: Text
    alt: str


class Stock(_Part):
    """How many pieces the shop has, and how many of them are reserved."""

    available: Annotated[int, Field(ge=0)]
    reserved: Annotated[int, Field(ge=0)]


class Card(_Part):
    """A goods card. Unknown fields are kept: shops may add some before we do."""

    product_id: Annotated[Text, Field(description="The key of the card's records.")]
    name: Text
    brand: Text
    category: Text
    description: str
    price: Price
    sku: Text
    images: tuple[Image, ...]
    stock: Stock
    tags: tuple[str, ...]
    store_id: Text
    index: Text
    created_at: AwareDatetime
    updated_at: AwareDatetime

    def as_json(self) -> dict[str, Any]:
        """Return the card in JSON's types, with timestamps in ISO 8601."""
        return self.model_dump(mode="json")
