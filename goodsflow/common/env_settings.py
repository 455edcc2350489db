"""Load a service's settings from the environment when it starts."""

from __future__ import annotations

from typing import TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings

from goodsflow.common.errors import GoodsflowError

_Settings = TypeVar("_Settings", bound=BaseSettings)


class SettingsError(GoodsflowError):
    """A service's environment variables are missing or invalid."""


def load_settings(kind: type[_Settings]) -> _Settings:
    """Load a service's settings from the environment.

    Raises:
        SettingsError: Some variables are invalid; it names all, without their values.
    """
    try:
        return kind()
    except ValidationError as error:
        prefix = kind.model_config.get("env_prefix", "")
        problems = "; ".join(
            f"{prefix}{'_'.join(map(str, problem['loc']))}".upper()
            + f": {problem['msg'].removeprefix('Value error, ')}"
            for problem in error.errors()
        )
        raise SettingsError(
            f"Cannot start with these environment variables: {problems}. "
            "Correct or unset them."
        ) from error
