"""The platform's errors as Dagster failures; transient ones are retried."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import dagster as dg

from goodsflow.clients.connect import ConnectRebalancingError, ConnectUnavailableError
from goodsflow.clients.hdfs import HdfsUnavailableError
from goodsflow.clients.kafka.errors import ClusterUnavailableError
from goodsflow.clients.ksqldb import KsqlUnavailableError
from goodsflow.clients.registry import RegistryUnavailableError
from goodsflow.clients.spark import SparkUnavailableError
from goodsflow.common.errors import GoodsflowError
from goodsflow.desired_state.planning import Plan
from goodsflow.desired_state.providers.provider import Result
from goodsflow.pipeline.recommender.errors import PublicationError

TRANSIENT_ERRORS: tuple[type[GoodsflowError], ...] = (
    ClusterUnavailableError,
    ConnectUnavailableError,
    ConnectRebalancingError,
    HdfsUnavailableError,
    KsqlUnavailableError,
    RegistryUnavailableError,
    SparkUnavailableError,
    # The transaction was aborted, or is settled when the next run takes over.
    PublicationError,
)

RETRY_POLICY = dg.RetryPolicy(
    max_retries=3, delay=3, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
)
"""For every asset that calls a system: about 20 s in all."""


@contextmanager
def named_failures() -> Iterator[None]:
    """Turn an expected error into a failure that shows its message in the UI.

    Raises:
        dg.Failure: Retried if the error is transient.
    """
    try:
        yield
    except TRANSIENT_ERRORS as error:
        raise dg.Failure(str(error), allow_retries=True) from error
    except GoodsflowError as error:
        raise dg.Failure(str(error), allow_retries=False) from error


def failure_of(plan: Plan, results: Sequence[Result]) -> dg.Failure | None:
    """Return the failure of a run that could not make every change; None if it could.

    A change that lacks a permission is not a failure: the asset's check reports it.
    """
    failed = [result for result in results if result.error is not None]
    impossible = [change for change in plan.changes if not change.is_possible]
    if not failed and not impossible:
        return None
    lines = [f"{result.change}: {result.error}" for result in failed]
    lines += [str(change) for change in impossible]
    return dg.Failure(
        "\n".join(lines),
        allow_retries=any(isinstance(r.error, TRANSIENT_ERRORS) for r in failed),
    )
