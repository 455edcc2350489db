"""Search of the valid cards by name and brand, and the events of users' requests.

Here: the interface that every back end has, and the embedded one. Not here: how results
are printed (``goodsflow.cli``).
"""

from goodsflow.search.embedded import EmbeddedSearch
from goodsflow.search.errors import IndexBrokenError, IndexBusyError, SearchError
from goodsflow.search.events import UserEvent, send_event
from goodsflow.search.interface import FoundCard, SearchBackend

__all__ = [
    "EmbeddedSearch",
    "FoundCard",
    "IndexBrokenError",
    "IndexBusyError",
    "SearchBackend",
    "SearchError",
    "UserEvent",
    "send_event",
]
