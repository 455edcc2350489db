"""The platform itself: its declaration and its addresses."""

from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field

from goodsflow.model.endpoints import (
    PROJECT_ROOT,
    Endpoints,
    default_home,
    load_endpoints,
)
from goodsflow.model.spec import Platform, load_platform


class PlatformResource(dg.ConfigurableResource[Any]):
    """Where the platform runs and what it is declared to be. Read when asked for."""

    home: str = Field(
        default="",
        description="Folder of the platform's state, with endpoints.json. Empty: "
        "$GOODSFLOW_HOME, or .goodsflow in the checkout.",
    )
    declaration: str = Field(
        default="", description="platform.yaml. Empty: the one of the checkout."
    )

    def home_path(self) -> Path:
        """Return the folder of the platform's state."""
        return Path(self.home) if self.home else default_home()

    def endpoints(self) -> Endpoints:
        """Read the platform's addresses.

        Raises:
            EndpointsError: No platform was started there.
        """
        return load_endpoints(self.home_path())

    def declaration_path(self) -> Path:
        """Return ``platform.yaml``; the files it names are beside it."""
        if self.declaration:
            return Path(self.declaration)
        return PROJECT_ROOT / "platform.yaml"

    def declared(self) -> Platform:
        """Read the declaration.

        Raises:
            SpecError: With every problem in it.
        """
        return load_platform(self.declaration_path())
