"""Settings of the shop API, from variables that start with GOODSFLOW_SHOP_API_."""

from __future__ import annotations

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
    metrics_host: str = "127.0.0.1"
    metrics_port: Annotated[
        Port | None, Field(description="Metrics and health; None: nowhere.")
    ] = None

    @property
    def pause_seconds(self) -> float:
        """Return the time between two cards."""
        if self.rate is not None:
            return 1 / self.rate
        return self.interval
