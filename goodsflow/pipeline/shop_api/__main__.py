"""Run the shop API as a service: ``python -m goodsflow.pipeline.shop_api``."""

from __future__ import annotations

import logging
import sys

from goodsflow.common.env_settings import load_settings
from goodsflow.common.process import run_service
from goodsflow.model.endpoints import load_endpoints
from goodsflow.pipeline.shop_api.service import run
from goodsflow.pipeline.shop_api.settings import ShopApiSettings

_LOGGER = logging.getLogger("goodsflow.pipeline.shop_api")


def main() -> int:
    """Send cards until SIGTERM or SIGINT; return the exit status."""
    return run_service(
        lambda stop: run(
            load_settings(ShopApiSettings),
            load_endpoints(),
            stop=stop,
        ),
        _LOGGER,
    )


if __name__ == "__main__":
    sys.exit(main())
