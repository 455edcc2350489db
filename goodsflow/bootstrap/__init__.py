"""Make one kind of thing as ``platform.yaml`` declares it: read, plan, apply, return.

Here: the thin impure shell around ``goodsflow.reconcile``, one module for each kind,
with the waiting that applying needs. Not here: the decisions (``goodsflow.reconcile``),
and who calls when (Dagster's bootstrap assets, the command line).
"""

from goodsflow.bootstrap.connectors import (
    await_running,
    await_worker,
    load_connector_configs,
    make_connectors,
)
from goodsflow.bootstrap.directories import make_directories
from goodsflow.bootstrap.errors import (
    BootstrapError,
    ConnectorFailedError,
    NotReadyInTimeError,
    RefusedError,
)
from goodsflow.bootstrap.outcome import Outcome
from goodsflow.bootstrap.principals import make_principals
from goodsflow.bootstrap.schemas import await_registry, load_schemas, make_schemas
from goodsflow.bootstrap.topics import make_topics, read_topics_plan
from goodsflow.bootstrap.views import await_ksqldb, make_views, read_views_plan

__all__ = [
    "BootstrapError",
    "ConnectorFailedError",
    "NotReadyInTimeError",
    "Outcome",
    "RefusedError",
    "await_ksqldb",
    "await_registry",
    "await_running",
    "await_worker",
    "load_connector_configs",
    "load_schemas",
    "make_connectors",
    "make_directories",
    "make_principals",
    "make_schemas",
    "make_topics",
    "make_views",
    "read_topics_plan",
    "read_views_plan",
]
