"""Run the filter as a service: ``python -m goodsflow.pipeline.filter``."""

from __future__ import annotations

import logging
import sys
from typing import NoReturn

import faust

from goodsflow.common.env_settings import load_settings
from goodsflow.common.errors import GoodsflowError
from goodsflow.common.process import log_to_stderr, tune_garbage_collector
from goodsflow.model.endpoints import load_endpoints
from goodsflow.pipeline.filter.app import create_app
from goodsflow.pipeline.filter.settings import BlockingSettings

_LOGGER = logging.getLogger("goodsflow.pipeline.filter")


def main() -> NoReturn:
    """Run the app, then exit with 0 after a signal or 1 after a crash."""
    log_to_stderr()
    try:
        app = create_app(load_settings(BlockingSettings), load_endpoints())
    except GoodsflowError as error:
        _LOGGER.error("%s", error)  # noqa: TRY400 - expected: no traceback
        sys.exit(1)
    worker = faust.Worker(
        app,
        loglevel="info",
        # Logging is set up above: no colors, no tables, nothing on stdout.
        override_logging=False,
        redirect_stdouts=False,
        quiet=True,
    )
    worker.spinner = None
    tune_garbage_collector()
    worker.execute_from_commandline()


if __name__ == "__main__":
    main()
