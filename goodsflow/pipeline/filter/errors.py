"""What ends the filter.

Tree::

    BlockingError
    └── PipelineError    the pipeline cannot go on: the app stops, to be restarted
"""

from goodsflow.common.errors import GoodsflowError


class BlockingError(GoodsflowError):
    """The filter failed."""


class PipelineError(BlockingError):
    """The pipeline cannot go on by itself."""
