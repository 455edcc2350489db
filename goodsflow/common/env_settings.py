"""Reading a service's settings from the environment, once, at its start."""

from __future__ import annotations

from typing import TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings

from goodsflow.common.errors import GoodsflowError

_Settings = TypeVar("_Settings", bound=BaseSettings)


class SettingsError(GoodsflowError):
    """Environment variables of a service hold what it cannot use."""


def load_settings(kind: type[_Settings]) -> _Settings:
    """Read a service's settings from the environment.

    Raises:
        SettingsError: With every variable that does not fit; values are not shown.
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
