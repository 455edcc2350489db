"""The services make progress, and few of their records are dead letters.

One reading shows where a service is. Progress shows in comparison with an earlier
reading, which the sensor keeps in its cursor.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass

import dagster as dg

from dagster_project.assets.flow import GROUPS
from dagster_project.checks.results import (
    CheckName,
    CheckResult,
    MetadataPrimitive,
    check_specs,
    evaluate,
    to_results,
)
from dagster_project.resources import KafkaResource, ServicesResource
from goodsflow.common.clock import elapsed
from goodsflow.common.counting import counted

PROGRESS, DEAD_LETTERS = "makes_progress", "dead_letters"
PROGRESS_CHECKS: list[CheckName] = [
    ("blocking", PROGRESS),
    ("blocking", DEAD_LETTERS),
    ("shop_api", PROGRESS),
]
SINK_CHECKS: list[CheckName] = [("hdfs_sink", PROGRESS)]

LEAST_SECONDS = 20.0
"""The least time between two readings that are compared: in an outage a transaction may
take as long, and Connect commits every ten seconds."""

MOST_SECONDS = 600.0
"""The most: between older readings the platform may have been down."""

LEAST_RECORDS = 20
MOST_DEAD_SHARE = 0.05

_ADVICE = {
    "blocking": "See its log; the job restart_service restarts it.",
    "hdfs_sink": "It waits while HDFS accepts no writes: see `goodsflow logs "
    "kafka-connect`.",
}


@dataclass(frozen=True)
class Reading:
    """A service's counts at one time.

    Attributes:
        at: When they were read, in seconds since the epoch.
        done: Records processed since the service started.
        bad: Those of them that are dead letters, or were not delivered.
        lag: Records that wait for it; 0 for a service that reads nothing.
        position: The sum of its committed offsets; 0 for one that commits none.
    """

    at: float
    done: float
    bad: float
    lag: int = 0
    position: int = 0


Readings = dict[str, Reading]
"""By asset."""


def to_stored(readings: Mapping[str, Reading]) -> dict[str, dict[str, float]]:
    """Return readings for a cursor."""
    return {asset: asdict(reading) for asset, reading in readings.items()}


def from_stored(stored: Mapping[str, Mapping[str, float]]) -> Readings:
    """Read what ``to_stored`` returned."""
    return {
        asset: Reading(
            at=each["at"],
            done=each["done"],
            bad=each["bad"],
            lag=int(each["lag"]),
            position=int(each["position"]),
        )
        for asset, each in stored.items()
    }


def evaluate_progress(
    services: ServicesResource,
    kafka: KafkaResource,
    now: float,
    before: Mapping[str, Reading],
    readings: Readings,
) -> list[CheckResult]:
    """Evaluate the services' progress since an earlier reading.

    Args:
        services: Where their counts are read.
        kafka: Where their lag is read.
        now: In seconds since the epoch.
        before: Earlier readings; empty at the first tick.
        readings: Receives the readings to compare with at the next tick.
    """

    def read() -> Iterator[CheckResult]:
        _keep(["blocking", "shop_api"], before, readings)
        filtered = _read_blocking(services, kafka, now)
        yield check_progress("blocking", filtered, before.get("blocking"))
        yield check_dead_letters(filtered, before.get("blocking"))
        sent = _read_shop_api(services, now)
        yield check_progress("shop_api", sent, before.get("shop_api"))
        _remember("blocking", filtered, readings)
        _remember("shop_api", sent, readings)

    return evaluate(PROGRESS_CHECKS, read)


def evaluate_sink_progress(
    kafka: KafkaResource,
    now: float,
    before: Mapping[str, Reading],
    readings: Readings,
) -> list[CheckResult]:
    """Evaluate the HDFS sink's progress since an earlier reading.

    Its tasks count as running while they wait for HDFS, however long that takes.

    Args:
        kafka: Where its offsets and its lag are read.
        now: In seconds since the epoch.
        before: Earlier readings; empty at the first tick.
        readings: Receives the readings to compare with at the next tick.
    """

    def read() -> Iterator[CheckResult]:
        _keep(["hdfs_sink"], before, readings)
        written, markers = _read_sink(kafka, now)
        yield check_progress(
            "hdfs_sink", written, before.get("hdfs_sink"), may_wait=markers
        )
        _remember("hdfs_sink", written, readings)

    return evaluate(SINK_CHECKS, read)


def _keep(
    assets: Iterable[str], before: Mapping[str, Reading], readings: Readings
) -> None:
    readings.update({asset: before[asset] for asset in assets if asset in before})


def _remember(asset: str, reading: Reading, readings: Readings) -> None:
    earlier = readings.get(asset)
    since = None if earlier is None else elapsed(earlier.at, reading.at)
    # Where the clock was set back, the comparison starts over.
    if since is None or since >= LEAST_SECONDS:
        readings[asset] = reading


def _read_blocking(
    services: ServicesResource, kafka: KafkaResource, now: float
) -> Reading:
    cluster, group, topic = GROUPS["blocking"]
    lag = kafka.offsets(cluster).group_lag(group, [topic])
    counts = services.counts("blocking")
    name = "goodsflow_blocking_records_total"
    return Reading(
        at=now,
        done=sum(value for key, value in counts.items() if key[0] == name),
        bad=counts.get((name, "undecodable"), 0.0),
        lag=lag.total,
        position=sum(lag.offsets.values()),
    )


def _read_shop_api(services: ServicesResource, now: float) -> Reading:
    counts = services.counts("shop-api")
    delivered = counts.get(("goodsflow_shop_api_cards_delivered_total", ""), 0.0)
    failed = counts.get(("goodsflow_shop_api_delivery_failures_total", ""), 0.0)
    return Reading(now, done=delivered + failed, bad=failed)


def _read_sink(kafka: KafkaResource, now: float) -> tuple[Reading, int]:
    """Return the sink's reading, and how many transaction markers may count as lag."""
    cluster, group, topic = GROUPS["hdfs_sink"]
    lag = kafka.offsets(cluster).group_lag(group, [topic])
    # What it has committed is in its files, markers of transactions counted.
    position = sum(lag.offsets.values())
    reading = Reading(at=now, done=position, bad=0, lag=lag.total, position=position)
    return reading, len(lag.lag)


def check_progress(
    asset: str, now: Reading, before: Reading | None, *, may_wait: int = -1
) -> CheckResult:
    """Check that a service has processed records if there were any.

    Args:
        asset: Key of the service's asset.
        now: The current reading.
        before: An earlier one; None if there is none.
        may_wait: With at most this lag before, the service had nothing to do: the
            records that wait now may have arrived a moment ago.
    """
    metadata: dict[str, MetadataPrimitive] = {"lag": now.lag}
    if before is None or not LEAST_SECONDS <= now.at - before.at <= MOST_SECONDS:
        return CheckResult(asset, PROGRESS, True, _waiting(now), metadata)
    seconds = now.at - before.at
    rate = _since(now.done, before.done) / seconds
    metadata["records per second"] = round(rate, 1)
    bad = _since(now.bad, before.bad)
    if asset == "shop_api" and bad:
        text = f"{counted(round(bad), 'card')} not delivered within {seconds:.0f} s."
        return CheckResult(asset, PROGRESS, False, text, metadata)
    # A transaction marker behind the last record counts as lag, and remains.
    if now.lag > before.lag > may_wait and now.position == before.position:
        text = (
            f"No progress for {seconds:.0f} s with {counted(now.lag, 'record')} "
            f"waiting ({before.lag} before). {_ADVICE[asset]}"
        )
        return CheckResult(asset, PROGRESS, False, text, metadata)
    return CheckResult(
        asset, PROGRESS, True, f"{rate:.1f} records a second. {_waiting(now)}", metadata
    )


def check_dead_letters(now: Reading, before: Reading | None) -> CheckResult:
    """Check that few of the newest records are dead letters."""
    done, bad = now.done, now.bad
    if before is not None:
        done, bad = _since(now.done, before.done), _since(now.bad, before.bad)
    share = bad / done if done else 0.0
    metadata: dict[str, MetadataPrimitive] = {"share of dead letters": round(share, 4)}
    text = "None of the newest records is a dead letter."
    if bad:
        metadata |= {"records": int(done), "dead letters": int(bad)}
        text = f"{bad:.0f} of the last {done:.0f} records are dead letters."
    passed = share <= MOST_DEAD_SHARE or done < LEAST_RECORDS
    if not passed:
        text += " See `goodsflow dead-letters list` for the reasons."
    return CheckResult(
        "blocking",
        DEAD_LETTERS,
        passed,
        text,
        metadata,
        severity=dg.AssetCheckSeverity.WARN,
    )


def _since(now: float, before: float) -> float:
    """Return how much a count has grown; a restart begins at 0."""
    return now - before if now >= before else now


def _waiting(reading: Reading) -> str:
    return f"{counted(reading.lag, 'record')} waiting." if reading.lag else "No lag."


@dg.multi_asset_check(
    specs=[
        *check_specs(
            [
                check
                for check in (*PROGRESS_CHECKS, *SINK_CHECKS)
                if check[1] == PROGRESS
            ],
            "Records are processed as they arrive, and sent records are delivered.",
        ),
        *check_specs(
            [check for check in PROGRESS_CHECKS if check[1] == DEAD_LETTERS],
            f"At most {MOST_DEAD_SHARE:.0%} of the newest records are dead letters.",
        ),
    ],
    can_subset=True,
)
def progress_checks(
    context: dg.AssetCheckExecutionContext,
    services: ServicesResource,
    kafka: KafkaResource,
) -> Iterator[dg.AssetCheckResult]:
    """Read the services' counts; only the sensor compares them with earlier ones."""
    import time

    now = time.time()
    results = evaluate_progress(services, kafka, now, {}, {})
    results += evaluate_sink_progress(kafka, now, {}, {})
    yield from to_results(context, results)
