"""Settings of the exporter, from variables that start with GOODSFLOW_EXPORTER_."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ExporterSettings(BaseSettings):
    """How often metrics are read, and where they are served."""

    model_config = SettingsConfigDict(
        env_prefix="GOODSFLOW_EXPORTER_", env_ignore_empty=True, frozen=True
    )

    interval_seconds: Annotated[
        float, Field(gt=0, le=3600, description="Interval between two readings.")
    ] = 15.0
    web_host: Annotated[
        str, Field(description="The address that serves health and metrics.")
    ] = "127.0.0.1"
    web_port: Annotated[
        int,
        Field(ge=1, le=65535, description="The port that serves health and metrics."),
    ] = 9103
