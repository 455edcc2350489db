"""Settings of the shop API, from environment variables GOODSFLOW_SHOP_API_*."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

Port = Annotated[int, Field(ge=1, le=65535)]


class ShopApiSettings(BaseSettings):
    """What is sent and how often, and where metrics and health are served."""

    model_config = SettingsConfigDict(
        env_prefix="GOODSFLOW_SHOP_API_", env_ignore_empty=True, frozen=True
    )

    interval: Annotated[
        float, Field(gt=0, le=86_400, description="Seconds between two cards.")
    ] = 5.0
    rate: Annotated[
        float | None,
        Field(
            gt=0, le=1_000_000, description="Cards per second; overrides the interval."
        ),
    ] = None
    count: Annotated[
        int | None, Field(ge=1, description="Cards to send; unlimited if not set.")
    ] = None
    catalog: Annotated[
        int | None,
        Field(
            ge=1,
            le=1_000_000_000,
            description="Number of generated products; the five samples if not set.",
        ),
    ] = None
    seed: Annotated[
        int | None,
        Field(description="Makes products and offers reproducible; random if not set."),
    ] = None
    malformed: Annotated[
        float,
        Field(ge=0, le=1, description="The share of malformed records."),
    ] = 0.0
    file: Annotated[
        Path | None,
        Field(
            description="A file of cards, one JSON card per line; each is sent once."
        ),
    ] = None
    metrics_host: Annotated[
        str, Field(description="The address that serves metrics and health.")
    ] = "127.0.0.1"
    metrics_port: Annotated[
        Port | None, Field(description="Serves metrics and health; off if not set.")
    ] = None

    @property
    def pause_seconds(self) -> float:
        """Return the time between two cards."""
        if self.rate is not None:
            return 1 / self.rate
        # A file is sent as fast as possible, unless a rate is set.
        return 0.0 if self.file is not None else self.interval
