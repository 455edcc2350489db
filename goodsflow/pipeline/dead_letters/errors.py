"""What goes wrong with dead letters."""

from __future__ import annotations

from goodsflow.common.errors import GoodsflowError


class DeadLetterError(GoodsflowError):
    """There is no such letter, or it cannot be sent again or deleted."""
