"""The pipeline as a service of the app."""

import asyncio
import threading

import pytest

from goodsflow.pipeline.filter.errors import PipelineError
from goodsflow.pipeline.filter.service import PipelineService
from goodsflow.pipeline.filter.status import PipelineStatus


class WaitingPipeline:
    """Runs until it is asked to stop."""

    def __init__(self) -> None:
        self.started = threading.Event()
        self.asked = threading.Event()
        self.ended = False

    def run(self) -> None:
        """Wait for the stop."""
        self.started.set()
        assert self.asked.wait(10)
        self.ended = True

    def stop(self) -> None:
        """Ask for the end."""
        self.asked.set()


class FailingPipeline(WaitingPipeline):
    """Fails immediately, or ends unexpectedly."""

    def __init__(self, error: Exception | None) -> None:
        super().__init__()
        self.error = error

    def run(self) -> None:
        """Fail."""
        if self.error:
            raise self.error


def test_the_service_stops_only_after_the_pipeline_has_ended() -> None:
    """The process would exit in the middle of a transaction."""

    async def scenario() -> None:
        pipeline = WaitingPipeline()
        service = PipelineService(pipeline, PipelineStatus())  # type: ignore[arg-type]
        await service.start()
        assert await asyncio.to_thread(pipeline.started.wait, 10)
        await service.stop()
        assert pipeline.ended
        assert not service.crashed

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (PipelineError("fenced"), "fenced"),
        (None, "ended unexpectedly"),
        (ZeroDivisionError("a bug"), "a bug"),
    ],
)
def test_a_pipeline_that_ends_by_itself_crashes_the_app(
    error: Exception | None, text: str
) -> None:
    """An app that keeps running without its pipeline is never restarted."""

    async def scenario() -> None:
        status = PipelineStatus()
        service = PipelineService(FailingPipeline(error), status)  # type: ignore[arg-type]
        await service.start()
        await asyncio.wait_for(service.wait_until_stopped(), 10)
        assert service.crashed
        assert text in str(service.crash_reason)
        assert text in (status.failure or "")
        await service.stop()

    asyncio.run(scenario())


def test_the_app_ends_when_the_pipeline_makes_no_progress() -> None:
    """A librdkafka call that never returned left the filter running but idle."""

    async def scenario() -> None:
        now = [0.0]
        status = PipelineStatus(clock=lambda: now[0])
        status.running = True
        pipeline = WaitingPipeline()
        service = PipelineService(pipeline, status)  # type: ignore[arg-type]
        await service.start()
        assert await asyncio.to_thread(pipeline.started.wait, 10)
        assert not service.crashed
        now[0] = 100.0
        await asyncio.wait_for(service.wait_until_stopped(), 10)
        assert service.crashed
        assert "no progress for 100 s" in str(status.failure)
        pipeline.stop()
        await service.stop()

    asyncio.run(scenario())
