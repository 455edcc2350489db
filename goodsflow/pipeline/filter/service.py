"""The pipeline as a service of the faust app: its thread, its end, its failure."""

from __future__ import annotations

import asyncio
from typing import Any

from faust import Service

from goodsflow.clients.kafka.detached_calls import run_detached
from goodsflow.clients.kafka.errors import StuckCallError
from goodsflow.common.errors import GoodsflowError
from goodsflow.pipeline.filter.errors import PipelineError
from goodsflow.pipeline.filter.pipeline import Pipeline
from goodsflow.pipeline.filter.status import PipelineStatus

_STOP_SECONDS = 8.0
"""How long the last transaction may take to end: less than a supervisor waits.

Librdkafka waits for an absent coordinator regardless of a call's time-out. The
coordinator aborts an open transaction when the next copy starts.
"""

_STALLED_SECONDS = 45.0
"""After this long without progress the app exits, and a new process continues.

Why that can be necessary: see ``goodsflow.clients.kafka.detached_calls``.
"""


class PipelineService(Service):
    """Runs the pipeline in a thread; if it fails, the whole app stops."""

    def __init__(
        self, pipeline: Pipeline, status: PipelineStatus, **options: Any
    ) -> None:
        """Create the service.

        Args:
            pipeline: The pipeline to run.
            status: Receives the reason if the pipeline fails.
            options: Options of the mode service.
        """
        self._pipeline = pipeline
        self._status = status
        self._begun = False
        self._ended = asyncio.Event()
        super().__init__(**options)

    @Service.task
    async def _run(self) -> None:
        self._begun = True
        try:
            failure = await self._failure()
        except Exception as bug:
            # Mode logs the traceback and crashes the app.
            self._status.failure = f"{type(bug).__name__}: {bug}"
            raise
        finally:
            self._ended.set()
        if failure is not None:
            self._status.failure = str(failure)
            await self.crash(failure)

    @Service.task
    async def _watch(self) -> None:
        while not self.should_stop:
            stalled = self._status.stalled_seconds()
            if self._status.running and stalled > _STALLED_SECONDS:
                error = StuckCallError(
                    f"The pipeline has made no progress for {stalled:.0f} s. The app "
                    "exits; after a restart it continues from the committed offsets."
                )
                self._status.failure = str(error)
                await self.crash(error)
                return
            await self.sleep(1.0)

    async def on_stop(self) -> None:
        """Let the current transaction end before the app exits."""
        self._pipeline.stop()
        if not self._begun:
            return
        try:
            await asyncio.wait_for(self._ended.wait(), _STOP_SECONDS)
        except TimeoutError:
            self.log.warning("A transaction is left open: the brokers don't answer")

    async def _failure(self) -> GoodsflowError | None:
        """Wait until the pipeline ends; return the error to crash the app with."""
        try:
            await asyncio.wrap_future(run_detached(self._pipeline.run, "pipeline"))
        except GoodsflowError as error:
            return error
        if self.should_stop:
            return None
        return PipelineError("The pipeline ended unexpectedly.")
