"""The topics on both sides of the filter."""

from __future__ import annotations

SOURCE = "goods"
PASSED_ON = "goods-filtered"

CARDS_SUBJECT = f"{SOURCE}-value"
"""The subject of the cards' schema."""
