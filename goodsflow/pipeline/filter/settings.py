"""Settings of the filter, from variables that start with GOODSFLOW_BLOCKING_."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

_PREFIX = "blocking"
"""The filter's rights are for groups and transactional IDs that start so."""


class BlockingSettings(BaseSettings):
    """How records are moved, where the app answers about itself."""

    model_config = SettingsConfigDict(
        env_prefix="GOODSFLOW_BLOCKING_", env_ignore_empty=True, frozen=True
    )

    group_id: Annotated[str, Field(pattern=f"^{_PREFIX}(-.+)?$")] = _PREFIX
    transactional_id: Annotated[
        str,
        Field(
            pattern=f"^{_PREFIX}",
            description="One of its own for each copy: a second copy fences the first.",
        ),
    ] = f"{_PREFIX}-0"
    batch_records: Annotated[
        int, Field(ge=1, le=100_000, description="Most records of a transaction.")
    ] = 10_000
    batch_seconds: Annotated[
        float,
        Field(gt=0, le=10, description="Longest wait for more, once there is one."),
    ] = 0.003
    web_host: str = "127.0.0.1"
    web_port: Annotated[int, Field(ge=1, le=65535)] = 9102
