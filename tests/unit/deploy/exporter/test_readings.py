"""What the exporter tells of what it read, and of what it could not read."""

from prometheus_client import CollectorRegistry, generate_latest

from goodsflow.common.errors import GoodsflowError
from goodsflow.deploy.exporter.readings import Readings, Sample, Source

LAG = "goodsflow_group_lag_records"


class Cluster:
    """Something to read, that can go away."""

    def __init__(self) -> None:
        self.is_away = False
        self.reads = 0

    def read(self) -> list[Sample]:
        """Give one lag."""
        self.reads += 1
        if self.is_away:
            raise GoodsflowError("nobody answered")
        return [Sample(LAG, {"group": "blocking"}, 7)]


class Clock:
    """A clock that stands still until told."""

    now = 100.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


def told(readings: Readings) -> str:
    """Return what Prometheus would get."""
    registry = CollectorRegistry()
    registry.register(readings)
    return generate_latest(registry).decode()


def test_what_was_read_is_told_with_its_labels() -> None:
    """An alert that finds no series is silent for ever."""
    readings = Readings([Source("inbound", Cluster().read)])
    readings.refresh()
    text = told(readings)
    assert f'{LAG}{{group="blocking"}} 7.0' in text
    assert 'goodsflow_exporter_read_success{source="inbound"} 1.0' in text


def test_what_cannot_be_read_any_more_is_absent_and_said_so() -> None:
    """The last lag of a cluster that is gone would look like a healthy one."""
    cluster = Cluster()
    readings = Readings([Source("inbound", cluster.read)])
    readings.refresh()
    cluster.is_away = True
    readings.refresh()
    text = told(readings)
    assert "blocking" not in text
    assert 'goodsflow_exporter_read_success{source="inbound"} 0.0' in text


def test_one_source_that_fails_leaves_the_others() -> None:
    """An outage of one cluster would hide the other's lag."""
    away = Cluster()
    away.is_away = True
    readings = Readings(
        [Source("inbound", away.read), Source("analytics", Cluster().read)]
    )
    readings.refresh()
    assert f'{LAG}{{group="blocking"}} 7.0' in told(readings)
    assert readings.unhealthy_reason() is None


def test_a_good_reading_lasts_and_a_failed_one_is_tried_at_once() -> None:
    """A certificate needs no look each turn; a broker that is back does."""
    cluster, clock = Cluster(), Clock()
    readings = Readings([Source("certificate", cluster.read, 300)], clock)
    readings.refresh()
    clock.now += 299
    readings.refresh()
    assert cluster.reads == 1
    clock.now += 1
    cluster.is_away = True
    readings.refresh()
    readings.refresh()
    assert cluster.reads == 3


def test_it_is_unhealthy_before_its_first_reading_and_if_no_source_can_be_read() -> (
    None
):
    """It would count as ready while it knows nothing."""
    cluster = Cluster()
    cluster.is_away = True
    readings = Readings([Source("inbound", cluster.read)])
    assert readings.unhealthy_reason() == "nothing has been read yet"
    readings.refresh()
    assert readings.unhealthy_reason() == "no source can be read: nobody answered"
    cluster.is_away = False
    readings.refresh()
    assert readings.unhealthy_reason() is None


def test_a_certificate_that_could_be_read_is_not_the_platform() -> None:
    """The CA's can always be: all others failed, and it was well."""
    inbound, analytics = Cluster(), Cluster()
    inbound.is_away = analytics.is_away = True
    readings = Readings(
        [
            Source("ca", Cluster().read, every_seconds=300),
            Source("inbound", inbound.read),
            Source("analytics", analytics.read),
        ]
    )
    readings.refresh()
    assert readings.unhealthy_reason() == "no source can be read: nobody answered"
    analytics.is_away = False
    readings.refresh()
    assert readings.unhealthy_reason() is None


def test_it_is_unwell_where_a_turn_does_not_end() -> None:
    """A reader that hangs would leave old values behind for ever."""
    clock = Clock()
    readings = Readings([Source("inbound", Cluster().read)], clock)
    readings.refresh()
    clock.now += 500
    assert readings.unhealthy_reason() == "nothing has been read for 500 s"
