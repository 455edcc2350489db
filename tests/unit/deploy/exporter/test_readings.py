"""The exporter's metrics of readings and of failures."""

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
    """A clock that tests set."""

    now = 100.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


def told(readings: Readings) -> str:
    """Return what Prometheus would get."""
    registry = CollectorRegistry()
    registry.register(readings)
    return generate_latest(registry).decode()


def test_samples_are_served_with_their_labels() -> None:
    """An alert without series never fires."""
    readings = Readings([Source("inbound", Cluster().read)])
    readings.refresh()
    text = told(readings)
    assert f'{LAG}{{group="blocking"}} 7.0' in text
    assert 'goodsflow_exporter_read_success{source="inbound"} 1.0' in text


def test_unreadable_values_are_absent_and_reported() -> None:
    """The last lag of a lost cluster would look healthy."""
    cluster = Cluster()
    readings = Readings([Source("inbound", cluster.read)])
    readings.refresh()
    cluster.is_away = True
    readings.refresh()
    text = told(readings)
    assert "blocking" not in text
    assert 'goodsflow_exporter_read_success{source="inbound"} 0.0' in text


def test_a_failed_source_does_not_affect_the_others() -> None:
    """An outage of one cluster would otherwise hide the other's lag."""
    away = Cluster()
    away.is_away = True
    readings = Readings(
        [Source("inbound", away.read), Source("analytics", Cluster().read)]
    )
    readings.refresh()
    assert f'{LAG}{{group="blocking"}} 7.0' in told(readings)
    assert readings.unhealthy_reason() is None


def test_a_reading_stays_valid_and_a_failed_one_is_retried() -> None:
    """Certificates are read rarely, but a recovered broker at once."""
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
    """It would otherwise count as ready without any data."""
    cluster = Cluster()
    cluster.is_away = True
    readings = Readings([Source("inbound", cluster.read)])
    assert readings.unhealthy_reason() == "nothing has been read yet"
    readings.refresh()
    assert readings.unhealthy_reason() == "no source can be read: nobody answered"
    cluster.is_away = False
    readings.refresh()
    assert readings.unhealthy_reason() is None


def test_a_readable_certificate_does_not_make_it_healthy() -> None:
    """The CA's is always readable, so it used to look healthy without all others."""
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


def test_it_is_unhealthy_if_a_reading_hangs() -> None:
    """A hanging reader would serve old values forever."""
    clock = Clock()
    readings = Readings([Source("inbound", Cluster().read)], clock)
    readings.refresh()
    clock.now += 500
    assert readings.unhealthy_reason() == "nothing has been read for 500 s"
