"""The whole stack is stopped, its containers removed, and started on its volumes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.compose.stack import Stack, compose
from tests.support import await_condition

_PRODUCTS = ("12345", "12347", "12348", "12349")


@pytest.mark.timeout(900)
def test_nothing_is_lost_or_doubled_by_a_restart_of_all(platform: Stack) -> None:
    """After all crashes before it, this is also the audit of what they left behind."""
    compose("stop", "shop-api")

    def settled() -> dict[str, Any] | None:
        state = platform.observe()
        seen.append(state["behind"])
        return None if state["behind"] else state

    seen: list[list[str]] = []
    try:
        before = await_condition(settled, "every hop holds the same cards", 240)
    except AssertionError as error:
        raise AssertionError(f"{error}: {seen[-1]}") from error
    assert before is not None
    assert min(before["ends"][f"source.goods-filtered-{p}"] for p in (0, 1)) > 0
    assert before["files"]
    assert len(before["groups"]) == 4

    compose("--profile", "tools", "down", "--timeout", "60", timeout_seconds=240)
    assert platform_is_gone()
    # Without the shop, which would add cards.
    platform.up("--scale", "shop-api=0")

    after = platform.observe()
    assert after == before
    # Its index is a new one: what it finds comes from the topic.
    searched = platform.inside(
        "goodsflow", "search", "--brand", "brand_", "--json"
    ).stdout
    assert [product for product in _PRODUCTS if product not in searched] == []
    assert "12346" not in searched


def platform_is_gone() -> bool:
    """Whether no container is left."""
    return not compose("ps", "--all", "--quiet").stdout.strip()
