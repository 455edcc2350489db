"""What goes wrong in a search.

Tree::

    SearchError
    ├── IndexBusyError      another process used the index for too long
    ├── IndexBrokenError    the index is broken and can't be rebuilt
    ├── ViewNotReadyError   ksqlDB wasn't ready in time
    └── EventError          the event of a request was not delivered
"""

from goodsflow.common.errors import GoodsflowError


class SearchError(GoodsflowError):
    """A search failed."""


class IndexBusyError(SearchError):
    """Another process uses the index."""


class IndexBrokenError(SearchError):
    """The index can't be used."""


class ViewNotReadyError(SearchError):
    """ksqlDB was still starting, or still reading its view, when the time ran out."""


class EventError(SearchError):
    """The event of a user's request was not delivered."""
