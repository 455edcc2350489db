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
"""Also faust's own group and the start of its topics' names, which ACLs allow."""

PRINCIPAL = "blocking"
"""As whom the filter logs in to the inbound cluster."""

_THROUGH_OUTAGES = {
    "metadata.recovery.strategy": "none",
    "reconnect.backoff.max.ms": 2000,
    "socket.timeout.ms": 10_000,
}
"""``producer_config`` says why of the first; the consumer's offsets need it as well."""

_SESSION_MILLISECONDS = 10_000
"""How long a killed copy keeps its partitions from the next. (As a static member it
would keep them from nobody, but librdkafka fences itself after an outage.)"""

_READ_AHEAD = {
    # Librdkafka's default of 64 MB a consumer is much here.
    "queued.max.messages.kbytes": 8192,
    # Once so much is read ahead it would wait a second before it reads on, in which the
    # pipeline has long been through with it.
    "fetch.queue.backoff.ms": 5,
}


class _BootStrategy(BootStrategy):
    """Connects faust's own client only where an agent needs it.

    Without an agent it would read nothing, but crash the app when no broker answers at
    its start, where the pipeline waits.
    """

    @property  # faust only reads it
    def enable_kafka(self) -> bool:  # type: ignore[override]
        """Say whether there is an agent."""
        return bool(self.app.agents)


class BlockingApp(faust.App):
    """The app with its pipeline."""

    BootStrategy = _BootStrategy

    pipeline_service: PipelineService

    async def on_started_init_extra_services(self) -> None:
        """Start the pipeline, after the web views and whatever agents there are."""
        await super().on_started_init_extra_services()
        await self.add_runtime_dependency(self.pipeline_service)


def create_app(settings: BlockingSettings, endpoints: Endpoints) -> faust.App:
    """Return the app; nothing connects before it is started.

    Raises:
        EndpointsError: The principal has no password file.
        BlockingError: The CA's certificate cannot be read.
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
    """Return the pipeline; nothing connects before it runs.

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
            # Fewer and larger requests; a commit sends what waits at once.
            "linger.ms": 5,
            # The next transaction meets the end of the last one at its coordinator, is
            # told to come again, and would come a tenth of a second later.
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
            f"Cannot read the CA's certificate from {endpoints.ca_file}: {error}."
        ) from error


def _add_views(app: faust.App, status: PipelineStatus) -> None:
    @app.page("/health/")
    async def health(view: View, _: Request) -> Response:
        """Say whether the pipeline is well."""
        reason = status.unhealthy_reason()
        return view.text(f"{reason or 'healthy'}\n", status=503 if reason else 200)

    @app.page("/metrics")
    async def metrics(view: View, _: Request) -> Response:
        """Give the counts in the Prometheus text format."""
        return view.bytes(
            generate_latest(status.registry),
            headers={"Content-Type": CONTENT_TYPE_LATEST},
        )
