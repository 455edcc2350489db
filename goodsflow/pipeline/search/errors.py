"""What goes wrong in a search.

Tree::

    SearchError
    ├── IndexBusyError      another process holds the index for too long
    ├── IndexBrokenError    the index file cannot be used, and not be rebuilt either
    ├── ViewNotReadyError   ksqlDB has not read its view in time
    └── EventError          the event of a request was not delivered
"""

from goodsflow.common.errors import GoodsflowError


class SearchError(GoodsflowError):
    """A search failed."""


class IndexBusyError(SearchError):
    """Another process holds the index."""


class IndexBrokenError(SearchError):
    """The index file cannot be used."""


class ViewNotReadyError(SearchError):
    """ksqlDB starts, or still reads its view, and was not done in time."""


class EventError(SearchError):
    """The event of a user's request was not delivered."""
