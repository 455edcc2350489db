"""The services do their work: records go on, and few of them are dead letters.

A look alone shows where a service is; whether it goes on shows against the look before,
which the sensor remembers.
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

PROGRESS, DEAD_LETTERS = "goes_on", "dead_letters"
PROGRESS_CHECKS: list[CheckName] = [
    ("blocking", PROGRESS),
    ("blocking", DEAD_LETTERS),
    ("shop_api", PROGRESS),
]
SINK_CHECKS: list[CheckName] = [("hdfs_sink", PROGRESS)]

LEAST_SECONDS = 20.0
"""Between two looks that are compared: a transaction in an outage may take as long, and
Connect commits every ten seconds."""

MOST_SECONDS = 600.0
"""Before that, the platform may have been down."""

LEAST_RECORDS = 20
MOST_DEAD_SHARE = 0.05

_ADVICE = {
    "blocking": "Its log says why; the job restart_service starts it anew.",
    "hdfs_sink": "Where HDFS takes no writes it waits, and `goodsflow logs "
    "kafka-connect` says so.",
}


@dataclass(frozen=True)
class Reading:
    """Where a service is.

    Attributes:
        at: When it was looked at, in seconds since 1970.
        done: Records that it is done with, since it started.
        bad: Those of them that are dead letters, or were not delivered.
        lag: Records that wait for it; 0 where nothing can.
        position: What it has committed, of all partitions; 0 where it commits nothing.
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
    """Read what the services have done, and compare it with an earlier look.

    Args:
        services: Their counts.
        kafka: What waits for them.
        now: In seconds since 1970.
        before: What an earlier look has read; empty where there was none.
        readings: Takes what is to be compared with the next time.
    """

    def find() -> Iterator[CheckResult]:
        _keep(["blocking", "shop_api"], before, readings)
        filtered = _read_blocking(services, kafka, now)
        yield check_progress("blocking", filtered, before.get("blocking"))
        yield check_dead_letters(filtered, before.get("blocking"))
        sent = _read_shop_api(services, now)
        yield check_progress("shop_api", sent, before.get("shop_api"))
        _remember("blocking", filtered, readings)
        _remember("shop_api", sent, readings)

    return evaluate(PROGRESS_CHECKS, find)


def evaluate_sink_progress(
    kafka: KafkaResource,
    now: float,
    before: Mapping[str, Reading],
    readings: Readings,
) -> list[CheckResult]:
    """Read how far the HDFS sink is, and compare it with an earlier look.

    Its tasks are up while they wait for HDFS, however long.

    Args:
        kafka: Where it commits.
        now: In seconds since 1970.
        before: What an earlier look has read; empty where there was none.
        readings: Takes what is to be compared with the next time.
    """

    def find() -> Iterator[CheckResult]:
        _keep(["hdfs_sink"], before, readings)
        written, markers = _read_sink(kafka, now)
        yield check_progress(
            "hdfs_sink", written, before.get("hdfs_sink"), may_wait=markers
        )
        _remember("hdfs_sink", written, readings)

    return evaluate(SINK_CHECKS, find)


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
    """Return where the sink is, and how many markers may lie behind its records."""
    cluster, group, topic = GROUPS["hdfs_sink"]
    lag = kafka.offsets(cluster).group_lag(group, [topic])
    # What it has committed is in its files, markers of transactions counted.
    position = sum(lag.offsets.values())
    reading = Reading(at=now, done=position, bad=0, lag=lag.total, position=position)
    return reading, len(lag.lag)


def check_progress(
    asset: str, now: Reading, before: Reading | None, *, may_wait: int = -1
) -> CheckResult:
    """Say whether a service has done something where there was something to do.

    Args:
        asset: Of the service.
        now: Where it is.
        before: Where it was.
        may_wait: Where no more waited before, it had nothing to do: what waits now may
            have come a moment ago.
    """
    facts: dict[str, MetadataPrimitive] = {"lag": now.lag}
    if before is None or not LEAST_SECONDS <= now.at - before.at <= MOST_SECONDS:
        return CheckResult(asset, PROGRESS, True, _waiting(now), facts)
    seconds = now.at - before.at
    rate = _since(now.done, before.done) / seconds
    facts["records per second"] = round(rate, 1)
    bad = _since(now.bad, before.bad)
    if asset == "shop_api" and bad:
        text = f"{bad:.0f} cards were not delivered within {seconds:.0f} s."
        return CheckResult(asset, PROGRESS, False, text, facts)
    # A transaction's marker behind the last record counts as lag, and stays.
    if now.lag > before.lag > may_wait and now.position == before.position:
        text = (
            f"It has done nothing for {seconds:.0f} s, while {now.lag} records wait "
            f"({before.lag} before). {_ADVICE[asset]}"
        )
        return CheckResult(asset, PROGRESS, False, text, facts)
    return CheckResult(
        asset, PROGRESS, True, f"{rate:.1f} a second; {_waiting(now)}", facts
    )


def check_dead_letters(now: Reading, before: Reading | None) -> CheckResult:
    """Say whether too many of the newest records are no cards."""
    done, bad = now.done, now.bad
    if before is not None:
        done, bad = _since(now.done, before.done), _since(now.bad, before.bad)
    share = bad / done if done else 0.0
    facts: dict[str, MetadataPrimitive] = {"share of dead letters": round(share, 4)}
    text = "None of the newest records is a dead letter."
    if bad:
        facts |= {"records": int(done), "dead letters": int(bad)}
        text = f"{bad:.0f} of the last {done:.0f} records are dead letters."
    passed = share <= MOST_DEAD_SHARE or done < LEAST_RECORDS
    if not passed:
        text += " `goodsflow dead-letters list` shows what is wrong with them."
    return CheckResult(
        "blocking",
        DEAD_LETTERS,
        passed,
        text,
        facts,
        severity=dg.AssetCheckSeverity.WARN,
    )


def _since(now: float, before: float) -> float:
    """Return how much a count has grown; a restart begins at 0."""
    return now - before if now >= before else now


def _waiting(reading: Reading) -> str:
    return f"{reading.lag} records wait." if reading.lag else "Nothing waits."


@dg.multi_asset_check(
    specs=[
        *check_specs(
            [
                check
                for check in (*PROGRESS_CHECKS, *SINK_CHECKS)
                if check[1] == PROGRESS
            ],
            "Where more and more records wait, some are done; what is sent arrives.",
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
    """Look at what the services have done; the sensor compares with its last look."""
    import time

    now = time.time()
    results = evaluate_progress(services, kafka, now, {}, {})
    results += evaluate_sink_progress(kafka, now, {}, {})
    yield from to_results(context, results)
