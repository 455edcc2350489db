"""Settings from the environment."""

import pytest

from goodsflow.common.env_settings import SettingsError, load_settings
from goodsflow.pipeline.filter.settings import BlockingSettings
from goodsflow.pipeline.shop_api.settings import ShopApiSettings


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in os.environ:
        if name.startswith("GOODSFLOW_"):
            monkeypatch.delenv(name)


def test_every_variable_that_does_not_fit_is_named_and_no_value_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Reported one at a time, each would cost a restart."""
    monkeypatch.setenv("GOODSFLOW_SHOP_API_COUNT", "many-secrets")
    monkeypatch.setenv("GOODSFLOW_SHOP_API_METRICS_PORT", "70000")
    with pytest.raises(SettingsError) as caught:
        load_settings(ShopApiSettings)
    assert "GOODSFLOW_SHOP_API_COUNT: " in str(caught.value)
    assert "GOODSFLOW_SHOP_API_METRICS_PORT: " in str(caught.value)
    assert "many-secrets" not in str(caught.value)


def test_a_variable_that_is_empty_is_as_good_as_unset(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Compose passes an unset variable of the host as an empty one."""
    monkeypatch.setenv("GOODSFLOW_SHOP_API_COUNT", "")
    assert load_settings(ShopApiSettings).count is None


def test_the_shop_api_sends_a_card_every_five_seconds_by_default() -> None:
    """The documentation promises it."""
    assert load_settings(ShopApiSettings).pause_seconds == 5


def test_a_rate_goes_before_the_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise it would be unclear which of the two applies."""
    monkeypatch.setenv("GOODSFLOW_SHOP_API_INTERVAL", "60")
    monkeypatch.setenv("GOODSFLOW_SHOP_API_RATE", "20")
    assert load_settings(ShopApiSettings).pause_seconds == pytest.approx(0.05)


def test_an_id_that_the_filter_has_no_right_to_is_refused_at_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The broker would refuse it later, without naming the variable."""
    monkeypatch.setenv("GOODSFLOW_BLOCKING_TRANSACTIONAL_ID", "mine")
    monkeypatch.setenv("GOODSFLOW_BLOCKING_GROUP_ID", "blockings")
    with pytest.raises(SettingsError) as caught:
        load_settings(BlockingSettings)
    assert "GOODSFLOW_BLOCKING_TRANSACTIONAL_ID" in str(caught.value)
    assert "GOODSFLOW_BLOCKING_GROUP_ID" in str(caught.value)
