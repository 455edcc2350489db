"""Errors that end the filter.

Tree::

    BlockingError
    └── PipelineError    the pipeline cannot continue: the app stops, to be restarted
"""

from goodsflow.common.errors import GoodsflowError


class BlockingError(GoodsflowError):
    """The filter failed."""


class PipelineError(BlockingError):
    """The pipeline cannot continue by itself."""
