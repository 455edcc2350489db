"""Search of the valid cards by name and brand, and the events of users' requests.

Here: the interface that every back end has, and the two that there are: an embedded
index, and ksqlDB's view. Not here: how results are printed (``goodsflow.cli``).
"""

from goodsflow.search.backends import BackendName, open_backend
from goodsflow.search.embedded import EmbeddedSearch
from goodsflow.search.errors import (
    IndexBrokenError,
    IndexBusyError,
    SearchError,
    ViewNotReadyError,
)
from goodsflow.search.events import UserEvent, send_event
from goodsflow.search.interface import FoundCard, SearchBackend
from goodsflow.search.ksqldb import KsqldbSearch

__all__ = [
    "BackendName",
    "EmbeddedSearch",
    "FoundCard",
    "IndexBrokenError",
    "IndexBusyError",
    "KsqldbSearch",
    "SearchBackend",
    "SearchError",
    "UserEvent",
    "ViewNotReadyError",
    "open_backend",
    "send_event",
]
