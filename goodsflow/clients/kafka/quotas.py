"""Client quotas of one cluster.

librdkafka's admin client does not support quotas. aiokafka, which faust depends on,
implements one of the two requests of the protocol; the other is defined here.
https://cwiki.apache.org/confluence/display/KAFKA/KIP-546%3A+Add+Client+Quota+APIs+to+the+Admin+Client
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from aiokafka.errors import KafkaError as AioKafkaError
from aiokafka.errors import for_code
from aiokafka.protocol.admin import DescribeClientQuotasRequest
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    Array,
    Boolean,
    Float64,
    Int16,
    Int32,
    Schema,
    String,
)

from goodsflow.clients.kafka.broker_connection import connected, connection_settings
from goodsflow.clients.kafka.errors import (
    AuthenticationFailedError,
    ClusterUnavailableError,
    KafkaError,
    OperationFailedError,
)
from goodsflow.clients.kafka.futures import Outcomes
from goodsflow.common.closeable import Closeable
from goodsflow.model.endpoints import ClusterName, Endpoints

_TEXT = String("utf-8")
_ENTITY = Array(("entity_type", _TEXT), ("entity_name", _TEXT))
_USER, _CLIENT_ID, _IP = "user", "client-id", "ip"


@dataclass(frozen=True)
class Default:
    """Stands for every entity of a type without its own quota."""

    def __str__(self) -> str:
        """Return it as Kafka's tools show it."""
        return "<default>"


@dataclass(frozen=True)
class QuotaEntity:
    """What a quota limits: a user, a client ID, both, or an IP address."""

    user: str | Default | None = None
    client_id: str | Default | None = None
    ip: str | Default | None = None

    def __str__(self) -> str:
        """Return ``user 'shop-api', client-id '<default>'``."""
        return ", ".join(f"{kind} '{name}'" for kind, name in self._parts())

    def _parts(self) -> list[tuple[str, str | Default]]:
        parts = ((_USER, self.user), (_CLIENT_ID, self.client_id), (_IP, self.ip))
        return [(kind, name) for kind, name in parts if name is not None]

    def to_wire(self) -> list[tuple[str, str | None]]:
        """Return it as in the protocol, where a missing name means the default."""
        return [
            (kind, None if isinstance(name, Default) else name)
            for kind, name in self._parts()
        ]

    @classmethod
    def from_wire(cls, entity: list[Mapping[str, str | None]]) -> Self:
        """Parse it from the protocol."""
        names: dict[str, str | Default] = {
            str(part["entity_type"]): part["entity_name"] or Default()
            for part in entity
        }
        return cls(names.get(_USER), names.get(_CLIENT_ID), names.get(_IP))


DEFAULT_USER = QuotaEntity(user=Default())
"""Every user without its own quota."""


class _AlterResponse(Response):  # type: ignore[misc]
    API_KEY = 49
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "entries",
            Array(("error_code", Int16), ("error_message", _TEXT), ("entity", _ENTITY)),
        ),
    )


class _AlterRequestStruct(RequestStruct):  # type: ignore[misc]
    API_KEY = 49
    API_VERSION = 0
    RESPONSE_TYPE = _AlterResponse
    SCHEMA = Schema(
        (
            "entries",
            Array(
                ("entity", _ENTITY),
                ("ops", Array(("key", _TEXT), ("value", Float64), ("remove", Boolean))),
            ),
        ),
        ("validate_only", Boolean),
    )


class _AlterRequest(Request[_AlterRequestStruct]):  # type: ignore[misc]
    API_KEY: ClassVar[int] = 49

    def __init__(self, entries: list[Any]) -> None:
        self._entries = entries

    def build(
        self, request_struct_class: type[_AlterRequestStruct]
    ) -> _AlterRequestStruct:
        validate_only = False
        return request_struct_class(self._entries, validate_only)


class QuotaAdmin(Closeable):
    """Reads and sets the quotas of one cluster. Its constructor does not connect.

    Args:
        servers: The cluster's brokers, each as host:port; one of them is used.
        settings: The connection's settings.
        cluster: The cluster's name, for messages.
        timeout_seconds: The time limit of each operation, including the login.
    """

    def __init__(
        self,
        servers: Sequence[str],
        settings: Mapping[str, Any],
        cluster: str,
        timeout_seconds: float = 20,
    ) -> None:
        self._servers = servers
        self._settings = settings
        self._cluster = cluster
        self._timeout_seconds = timeout_seconds

    @classmethod
    def connect(
        cls,
        endpoints: Endpoints,
        cluster: ClusterName,
        principal: str,
        timeout_seconds: float = 20,
    ) -> Self:
        """Return a client that logs in as ``principal``.

        Raises:
            EndpointsError: The principal has no password file.
            OperationFailedError: The CA's certificate cannot be read.
        """
        servers = endpoints.bootstrap_servers[cluster].split(",")
        # If a broker does not answer, there is time left for the next.
        step_seconds = timeout_seconds / len(servers)
        settings = connection_settings(endpoints, cluster, principal, step_seconds)
        return cls(servers, settings, cluster, timeout_seconds)

    def close(self) -> None:
        """Do nothing: each operation opens its own connection."""

    def quotas(self) -> dict[QuotaEntity, dict[str, float]]:
        """Return the limits of every quota by name.

        Raises:
            KafkaError: The cluster refused or did not answer.
        """
        what = f"Cannot read the quotas of cluster '{self._cluster}'"
        any_entity: list[tuple[str, int, str]] = []
        request = DescribeClientQuotasRequest(any_entity, strict=False)
        answer = self._send(request, what)
        if answer.error_code:
            raise _error(answer.error_code, answer.error_message, what)
        return {
            QuotaEntity.from_wire(entry["entity"]): {
                each["name"]: each["value"] for each in entry["values"]
            }
            for entry in answer.to_object()["entries"]
        }

    def alter(
        self, limits: Mapping[QuotaEntity, Mapping[str, float | None]]
    ) -> Outcomes[QuotaEntity]:
        """Set limits of entities; other limits are kept.

        Args:
            limits: By entity and the limit's name; None removes a limit.

        Raises:
            KafkaError: The cluster could not be asked.
        """
        if not limits:
            return {}
        what = f"Cannot set quotas of cluster '{self._cluster}'"
        entries = [
            (
                entity.to_wire(),
                [(key, value or 0.0, value is None) for key, value in each.items()],
            )
            for entity, each in limits.items()
        ]
        answer = self._send(_AlterRequest(entries), what)
        outcomes: Outcomes[QuotaEntity] = dict.fromkeys(
            limits, OperationFailedError(f"{what}: the broker did not mention it")
        )
        for entry in answer.to_object()["entries"]:
            entity = QuotaEntity.from_wire(entry["entity"])
            code = entry["error_code"]
            outcomes[entity] = (
                _error(code, entry["error_message"], f"{what}: {entity}")
                if code
                else None
            )
        return outcomes

    def _send(self, request: Any, what: str) -> Any:
        async def send() -> Any:
            async with connected(self._servers, self._settings) as connection:
                return await connection.send(request)

        try:
            return asyncio.run(asyncio.wait_for(send(), self._timeout_seconds))
        except TimeoutError as error:
            raise ClusterUnavailableError(
                f"{what}: no answer in {self._timeout_seconds:.0f} s"
            ) from error
        except AuthenticationFailedError as error:
            raise AuthenticationFailedError(f"{what}: {error}") from error
        except (AioKafkaError, ClusterUnavailableError) as error:
            raise ClusterUnavailableError(
                f"{what}: {error}. Are its brokers up?"
            ) from error


def _error(code: int, message: str | None, what: str) -> KafkaError:
    kind = for_code(code)
    text = f"{what}: {message or kind.__name__}"
    if getattr(kind, "retriable", False):
        return ClusterUnavailableError(text)
    return OperationFailedError(text)
