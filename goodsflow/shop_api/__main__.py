"""Run the shop API as a service: ``python -m goodsflow.shop_api``."""

from __future__ import annotations

import logging
import random
import signal
import sys
from threading import Event

from goodsflow.endpoints import load_endpoints
from goodsflow.errors import GoodsflowError
from goodsflow.settings import load_settings
from goodsflow.shop_api.service import run
from goodsflow.shop_api.settings import ShopApiSettings

_LOGGER = logging.getLogger("goodsflow.shop_api")


def main() -> int:
    """Send cards until SIGTERM or SIGINT; return the exit status."""
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    # One line for each request to the registry says nothing to an operator.
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        run(
            load_settings(ShopApiSettings),
            load_endpoints(),
            stop=stop,
            # Prices of samples are no secrets.
            source=random.Random(),  # noqa: S311
        )
    except GoodsflowError as error:
        _LOGGER.error("%s", error)  # noqa: TRY400 - expected: no traceback
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
