"""The pipeline as a service of the faust app: its thread, its end, its crash."""

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
"""How long the end of the transaction at hand may take: less than a supervisor waits.

Librdkafka waits for an absent coordinator whatever the time-out of a call. What is left
open, the coordinator aborts when the next copy starts.
"""

_HOPELESS_SECONDS = 45.0
"""After this long without a turn the app gives up, for a new process to go on.

Why it may have to: see ``goodsflow.clients.kafka.detached_calls``.
"""


class PipelineService(Service):
    """Runs the pipeline in a thread; where that fails, the whole app stops."""

    def __init__(
        self, pipeline: Pipeline, status: PipelineStatus, **options: Any
    ) -> None:
        """Take the pipeline to run.

        Args:
            pipeline: What moves the records.
            status: Is told why the pipeline ended.
            options: Of the mode service.
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
            # Mode logs where it happened, and crashes the app with it.
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
            held_up = self._status.stalled_seconds()
            if self._status.running and held_up > _HOPELESS_SECONDS:
                error = StuckCallError(
                    f"The pipeline has been held up for {held_up:.0f} s. The app ends: "
                    "its next start goes on from the committed offsets."
                )
                self._status.failure = str(error)
                await self.crash(error)
                return
            await self.sleep(1.0)

    async def on_stop(self) -> None:
        """Let the transaction at hand end before the app goes away."""
        self._pipeline.stop()
        if not self._begun:
            return
        try:
            await asyncio.wait_for(self._ended.wait(), _STOP_SECONDS)
        except TimeoutError:
            self.log.warning("A transaction is left open: the brokers are away")

    async def _failure(self) -> GoodsflowError | None:
        """Wait for the pipeline's end; return the error the app is to crash with."""
        try:
            await asyncio.wrap_future(run_detached(self._pipeline.run, "pipeline"))
        except GoodsflowError as error:
            return error
        if self.should_stop:
            return None
        return PipelineError("The pipeline ended though nobody asked it to.")
