"""The faust app that hosts the pipeline."""

from __future__ import annotations

import ssl
from functools import partial

import faust
from faust.app.base import BootStrategy
from faust.web import Request, Response, View
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from goodsflow.clients.kafka.config import (
    MOST_RECORD_BYTES,
    SCRAM_MECHANISM,
    client_config,
    producer_config,
)
from goodsflow.clients.kafka.credentials import is_login_refused
from goodsflow.clients.kafka.passwords import PasswordFollower
from goodsflow.clients.registry import RegistryClient
from goodsflow.clients.registry.schema_checks import SchemaChecks
from goodsflow.model.endpoints import Endpoints
from goodsflow.pipeline.blocklist.reader import BlockListFollower
from goodsflow.pipeline.filter.errors import BlockingError
from goodsflow.pipeline.filter.filtering import CardFilter
from goodsflow.pipeline.filter.pipeline import Pipeline
from goodsflow.pipeline.filter.service import PipelineService
from goodsflow.pipeline.filter.settings import BlockingSettings
from goodsflow.pipeline.filter.status import PipelineStatus
from goodsflow.pipeline.filter.topics import CARDS_SUBJECT
from goodsflow.pipeline.filter.withdrawals import Withdrawals, find_cards

APP_ID = "blocking-app"
"""Also faust's own group and the prefix of its topics, which the ACLs allow."""

PRINCIPAL = "blocking"
"""The filter's principal on the inbound cluster."""

_THROUGH_OUTAGES = {
    "metadata.recovery.strategy": "none",
    "reconnect.backoff.max.ms": 2000,
    "socket.timeout.ms": 10_000,
}
"""``producer_config`` explains the first; the consumer's offsets need it, too."""

_SESSION_MILLISECONDS = 10_000
"""How long the partitions of a killed copy stay unread. (A static member could resume
immediately, but librdkafka fences itself after an outage.)"""

_READ_AHEAD = {
    # Librdkafka's default of 64 MB per consumer is too much here.
    "queued.max.messages.kbytes": 8192,
    # With a full queue, librdkafka would wait a second before it fetches more. By then
    # the pipeline has long emptied it.
    "fetch.queue.backoff.ms": 5,
}


class _BootStrategy(BootStrategy):
    """Connects faust's own client only if an agent needs it.

    Without an agent, the client would read nothing, but it would crash the app if no
    broker answers at the start. The pipeline waits for the brokers instead.
    """

    @property  # faust only reads it
    def enable_kafka(self) -> bool:  # type: ignore[override]
        """Return whether there is an agent."""
        return bool(self.app.agents)


class BlockingApp(faust.App):
    """The app with its pipeline."""

    BootStrategy = _BootStrategy

    pipeline_service: PipelineService

    async def on_started_init_extra_services(self) -> None:
        """Start the pipeline, after the web views and any agents."""
        await super().on_started_init_extra_services()
        await self.add_runtime_dependency(self.pipeline_service)


def create_app(settings: BlockingSettings, endpoints: Endpoints) -> faust.App:
    """Return the app. It connects when it is started.

    Raises:
        EndpointsError: The principal has no password file.
        BlockingError: The CA certificate can't be read.
    """
    password = endpoints.password("inbound", PRINCIPAL).reveal()
    brokers = endpoints.bootstrap_servers["inbound"].split(",")
    app = BlockingApp(
        APP_ID,
        autodiscover=False,
        broker=[f"kafka://{broker}" for broker in brokers],
        broker_credentials=faust.SASLCredentials(
            username=PRINCIPAL,
            password=password,
            mechanism=SCRAM_MECHANISM,
            ssl_context=_ssl_context(endpoints),
        ),
        datadir=str(endpoints.state_dir / "blocking"),
        store="memory://",
        web_enabled=True,
        web_bind=settings.web_host,
        web_host=settings.web_host,
        web_port=settings.web_port,
    )
    status = PipelineStatus()
    app.pipeline_service = PipelineService(
        create_pipeline(settings, endpoints, status), status
    )
    _add_views(app, status)
    return app


def create_pipeline(
    settings: BlockingSettings, endpoints: Endpoints, status: PipelineStatus
) -> Pipeline:
    """Return the pipeline. It connects when it runs.

    Raises:
        EndpointsError: The principal has no password file.
    """
    passwords = PasswordFollower(endpoints, "inbound", PRINCIPAL)
    block_list = BlockListFollower(endpoints, PRINCIPAL)
    status.show_rules(lambda: block_list.rules)
    schemas = SchemaChecks(RegistryClient(endpoints.schema_registry_url), CARDS_SUBJECT)
    return Pipeline(
        client_config(endpoints, "inbound", PRINCIPAL)
        | _THROUGH_OUTAGES
        | {
            "group.id": settings.group_id,
            "session.timeout.ms": _SESSION_MILLISECONDS,
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "partition.assignment.strategy": "cooperative-sticky",
            "allow.auto.create.topics": False,
        }
        | _READ_AHEAD,
        producer_config(endpoints, "inbound", PRINCIPAL)
        | _THROUGH_OUTAGES
        | {
            "transactional.id": settings.transactional_id,
            # Fewer and larger requests; a commit sends queued records immediately.
            "linger.ms": 5,
            # The coordinator rejects a transaction while it completes the previous one.
            # The default would retry only after 100 ms.
            "retry.backoff.ms": 5,
            "message.max.bytes": MOST_RECORD_BYTES,
        },
        CardFilter(lambda: block_list.rules, schemas).decide,
        status,
        block_list=block_list,
        withdrawals=Withdrawals(partial(find_cards, endpoints, PRINCIPAL)),
        batch_records=settings.batch_records,
        batch_seconds=settings.batch_seconds,
        passwords=passwords,
        is_refused=partial(is_login_refused, endpoints, "inbound", "blocking"),
    )


def _ssl_context(endpoints: Endpoints) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=str(endpoints.ca_file))
    except (OSError, ssl.SSLError) as error:
        raise BlockingError(
            f"Cannot read the CA certificate from {endpoints.ca_file}: {error}."
        ) from error


def _add_views(app: faust.App, status: PipelineStatus) -> None:
    @app.page("/health/")
    async def health(view: View, _: Request) -> Response:
        """Report whether the pipeline is healthy."""
        reason = status.unhealthy_reason()
        return view.text(f"{reason or 'healthy'}\n", status=503 if reason else 200)

    @app.page("/metrics")
    async def metrics(view: View, _: Request) -> Response:
        """Serve the counts in the Prometheus text format."""
        return view.bytes(
            generate_latest(status.registry),
            headers={"Content-Type": CONTENT_TYPE_LATEST},
        )
