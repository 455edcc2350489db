"""A service's web server."""

from collections.abc import Iterator

import httpx2
import pytest

from goodsflow.common.health_server import WebServerError, make_app, serving
from goodsflow.pipeline.shop_api.tally import Tally


class Reason:
    """The service's state."""

    reason: str | None = None

    def __call__(self) -> str | None:
        """Return the reason."""
        return self.reason


@pytest.fixture
def unhealthy_reason() -> Reason:
    """A healthy service."""
    return Reason()


@pytest.fixture
def address(unhealthy_reason: Reason) -> Iterator[str]:
    """The server's address."""
    with serving("127.0.0.1", 0, make_app(Tally().registry, unhealthy_reason)) as port:
        yield f"http://127.0.0.1:{port}"


def ask(url: str) -> tuple[int, str]:
    """Return the status and the text of an answer."""
    answer = httpx2.get(url, timeout=5)
    return answer.status_code, answer.text


def test_health_is_200_or_503_with_the_reason(
    address: str, unhealthy_reason: Reason
) -> None:
    """The launcher waits for the 200 and shows the reason of the 503."""
    assert ask(f"{address}/health") == (200, "healthy\n")
    unhealthy_reason.reason = "no card was delivered"
    assert ask(f"{address}/health") == (503, "no card was delivered\n")


def test_metrics_are_served_on_the_same_port(address: str) -> None:
    """Prometheus knows one address for each service."""
    status, text = ask(f"{address}/metrics")
    assert status == 200
    assert "goodsflow_shop_api_cards_delivered_total 0.0" in text


def test_another_path_is_404(address: str) -> None:
    """A probe of a wrong path would otherwise pass."""
    assert ask(f"{address}/healthy")[0] == 404


def test_a_port_that_is_taken_is_named(address: str) -> None:
    """`Address already in use` alone does not name the port."""
    port = int(address.rsplit(":", 1)[1])
    with (
        pytest.raises(WebServerError, match=f"127.0.0.1:{port}"),
        serving("127.0.0.1", port, make_app(Tally().registry, Reason())),
    ):
        pass
