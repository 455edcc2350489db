"""Settings of the shop API, from variables that start with GOODSFLOW_SHOP_API_."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

Port = Annotated[int, Field(ge=1, le=65535)]


class ShopApiSettings(BaseSettings):
    """How often cards are sent, and where the service answers about itself."""

    model_config = SettingsConfigDict(
        env_prefix="GOODSFLOW_SHOP_API_", env_ignore_empty=True, frozen=True
    )

    interval: Annotated[
        float, Field(gt=0, le=86_400, description="Seconds between two cards.")
    ] = 5.0
    rate: Annotated[
        float | None,
        Field(gt=0, le=1_000_000, description="Cards a second, before the interval."),
    ] = None
    count: Annotated[int | None, Field(ge=1, description="None: for ever.")] = None
    catalog: Annotated[
        int | None,
        Field(
            ge=1,
            le=1_000_000_000,
            description="How many realistic products; None: the five samples.",
        ),
    ] = None
    seed: Annotated[
        int | None,
        Field(description="Draws the same products and offers again; None: others."),
    ] = None
    malformed: Annotated[
        float,
        Field(ge=0, le=1, description="The share of records that are no cards."),
    ] = 0.0
    file: Annotated[
        Path | None,
        Field(description="A shop's real cards, one JSON card a line, each sent once."),
    ] = None
    metrics_host: str = "127.0.0.1"
    metrics_port: Annotated[
        Port | None, Field(description="Metrics and health; None: nowhere.")
    ] = None

    @property
    def pause_seconds(self) -> float:
        """Return the time between two cards."""
        if self.rate is not None:
            return 1 / self.rate
        # A file is sent as fast as it goes, unless it is told otherwise.
        return 0.0 if self.file is not None else self.interval
