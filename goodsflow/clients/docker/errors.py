"""Errors of the Docker engine's client.

Tree::

    EngineError
    ├── EngineUnavailableError    no answer, or an invalid one: try again later
    └── EngineRefusedError        the engine or its proxy refused
"""

from goodsflow.common.errors import GoodsflowError


class EngineError(GoodsflowError):
    """The engine refused or did not answer."""


class EngineUnavailableError(EngineError):
    """The engine or its proxy gives no valid answer."""


class EngineRefusedError(EngineError):
    """The engine or its proxy understood and refused."""
