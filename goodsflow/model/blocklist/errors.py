"""What goes wrong with the block list."""

from __future__ import annotations

from goodsflow.common.errors import GoodsflowError


class BlockListError(GoodsflowError):
    """A rule or an entry is invalid, or the list couldn't be changed."""
