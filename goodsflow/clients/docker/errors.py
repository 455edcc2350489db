"""What goes wrong between a client and the Docker engine.

Tree::

    EngineError
    ├── EngineUnavailableError    no answer, or one that is none: try later
    └── EngineRefusedError        the engine, or the proxy before it, refused
"""

from goodsflow.common.errors import GoodsflowError


class EngineError(GoodsflowError):
    """The engine refused or did not answer."""


class EngineUnavailableError(EngineError):
    """The engine (or the proxy before it) does not answer as it should."""


class EngineRefusedError(EngineError):
    """The engine, or the proxy before it, understood and refused."""
