"""The choice of the back end: ksqlDB if the platform has it, otherwise the index."""

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
        name: None for ksqlDB if the platform has it, otherwise the embedded index.
        timeout_seconds: For a whole search.
        on_notice: Called with messages for the user.
        on_progress: Called while the embedded index reads new records, with the numbers
            of records done and in all.
    """
    chosen = name or ("ksqldb" if endpoints.ksqldb_url else "embedded")
    # Import only the one that is used: imports are slow.
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
