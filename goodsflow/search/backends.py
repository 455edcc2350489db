"""Which back end searches: ksqlDB where the platform has it, else the index."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from goodsflow.endpoints import Endpoints
from goodsflow.search.embedded import EmbeddedSearch
from goodsflow.search.interface import SearchBackend
from goodsflow.search.ksqldb import KsqldbSearch

BackendName: TypeAlias = Literal["embedded", "ksqldb"]


def open_backend(
    endpoints: Endpoints,
    name: BackendName | None = None,
    *,
    timeout_seconds: float,
    on_notice: Callable[[str], None],
) -> SearchBackend:
    """Return a back end.

    Args:
        endpoints: Of the platform.
        name: None: ksqlDB where the endpoints name one, the embedded index else.
        timeout_seconds: For a whole search.
        on_notice: Takes what a person should know besides the results.
    """
    chosen = name or ("ksqldb" if endpoints.ksqldb_url else "embedded")
    kind = KsqldbSearch if chosen == "ksqldb" else EmbeddedSearch
    return kind(endpoints, timeout_seconds=timeout_seconds, on_notice=on_notice)
