"""Which back end searches: ksqlDB where the platform has it, else the index."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from goodsflow.model.endpoints import Endpoints
from goodsflow.pipeline.search.interface import RemoteBackend

BackendName: TypeAlias = Literal["embedded", "ksqldb"]


def open_backend(
    endpoints: Endpoints,
    name: BackendName | None = None,
    *,
    timeout_seconds: float,
    on_notice: Callable[[str], None],
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> RemoteBackend:
    """Return a back end.

    Args:
        endpoints: Of the platform.
        name: None: ksqlDB where the endpoints name one, the embedded index else.
        timeout_seconds: For a whole search.
        on_notice: Takes what a person should know besides the results.
        on_progress: Is told how far the embedded index is with reading what is new.
    """
    chosen = name or ("ksqldb" if endpoints.ksqldb_url else "embedded")
    # Only what is used: the other takes long to import.
    if chosen == "ksqldb":
        from goodsflow.pipeline.search.ksqldb import KsqldbSearch

        return KsqldbSearch(
            endpoints, timeout_seconds=timeout_seconds, on_notice=on_notice
        )
    from goodsflow.pipeline.search.embedded import EmbeddedSearch

    return EmbeddedSearch(
        endpoints,
        timeout_seconds=timeout_seconds,
        on_notice=on_notice,
        on_progress=on_progress,
    )
