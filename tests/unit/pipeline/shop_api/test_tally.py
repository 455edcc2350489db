"""Counts and health of the shop API."""

from prometheus_client import generate_latest

from goodsflow.pipeline.shop_api.tally import Tally


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


def deliver(tally: Tally) -> None:
    """Count a delivery, as the producer does."""
    tally.delivered += 1
    assert tally.note_deliveries()


def test_it_is_healthy_for_a_while_after_its_start_and_each_delivery() -> None:
    """A service that has just started, or that sends slowly, is healthy."""
    clock = Clock()
    tally = Tally(clock)
    assert tally.unhealthy_reason(5) is None
    clock.now += 31
    assert tally.unhealthy_reason(5) == (
        "no card was delivered in the 31 s since the start (0 failed)"
    )
    deliver(tally)
    assert tally.unhealthy_reason(5) is None
    clock.now += 29
    assert tally.unhealthy_reason(5) is None


def test_the_allowed_silence_depends_on_the_interval() -> None:
    """With one card per minute, a limit of 30 s would fail half of the time."""
    clock = Clock()
    tally = Tally(clock)
    deliver(tally)
    clock.now += 170
    assert tally.unhealthy_reason(60) is None
    clock.now += 11
    assert tally.unhealthy_reason(60) is not None


def test_the_reason_of_the_last_failure_is_reported() -> None:
    """With `503` alone, the operator would have to read the log."""
    clock = Clock()
    tally = Tally(clock)
    deliver(tally)
    clock.now += 40
    tally.note_failure("Broker: Topic authorization failed")
    assert tally.unhealthy_reason(5) == (
        "no card was delivered in the 40 s since the last delivery (1 failed): "
        "Broker: Topic authorization failed"
    )


def test_a_service_whose_first_cards_fail_is_unhealthy_immediately() -> None:
    """Its start would be reported as complete, and it would fail later."""
    tally = Tally(Clock())
    tally.note_failure("Broker: Topic authorization failed")
    assert tally.unhealthy_reason(5) is not None


def test_the_metrics_have_the_names_that_the_dashboards_read() -> None:
    """A renamed metric silently empties a panel."""
    tally = Tally(Clock())
    deliver(tally)
    tally.note_failure("because")
    text = generate_latest(tally.registry).decode()
    assert "goodsflow_shop_api_cards_delivered_total 1.0" in text
    assert "goodsflow_shop_api_delivery_failures_total 1.0" in text
    assert "goodsflow_shop_api_last_delivery_timestamp_seconds " in text
