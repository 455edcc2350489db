"""Settings of the filter, from environment variables GOODSFLOW_BLOCKING_*."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

_PREFIX = "blocking"
"""The filter's ACLs cover groups and transactional IDs with this prefix."""


class BlockingSettings(BaseSettings):
    """How records are processed, and where metrics and health are served."""

    model_config = SettingsConfigDict(
        env_prefix="GOODSFLOW_BLOCKING_", env_ignore_empty=True, frozen=True
    )

    group_id: Annotated[
        str,
        Field(
            pattern=f"^{_PREFIX}(-.+)?$",
            description="The consumer group. All copies share it.",
        ),
    ] = _PREFIX
    transactional_id: Annotated[
        str,
        Field(
            pattern=f"^{_PREFIX}",
            description="The transactional ID. Each copy needs its own: a second copy "
            "with the same ID fences the first.",
        ),
    ] = f"{_PREFIX}-0"
    batch_records: Annotated[
        int,
        Field(
            ge=1,
            le=100_000,
            description="The maximum number of records in a transaction.",
        ),
    ] = 10_000
    batch_seconds: Annotated[
        float,
        Field(
            gt=0,
            le=10,
            description="How long the filter waits for more records once it has one.",
        ),
    ] = 0.003
    web_host: Annotated[
        str, Field(description="The address that serves `/health/` and `/metrics`.")
    ] = "127.0.0.1"
    web_port: Annotated[
        int,
        Field(
            ge=1,
            le=65535,
            description="The port that serves `/health/` and `/metrics`.",
        ),
    ] = 9102
