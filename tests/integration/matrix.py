"""What each principal may do: by platform.yaml, and by the brokers' own verdict.

The expectation is computed here from the file itself and from Kafka's rules, so that a
mistake in the platform's own translation to ACL bindings shows.

usage: python -m tests.integration.matrix HOME    # of a platform that is up
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import Future
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from aiokafka.conn import AIOKafkaConnection
from aiokafka.protocol.admin import (
    DescribeGroupsRequest,
    DescribeGroupsRequest_v3,
    DescribeGroupsResponse_v3,
)
from aiokafka.protocol.coordination import FindCoordinatorRequest
from aiokafka.protocol.transaction import EndTxnRequest
from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AclOperation, AdminClient

from goodsflow.clients.kafka.broker_connection import connected, connection_settings
from goodsflow.clients.kafka.config import client_config
from goodsflow.model.endpoints import (
    PROJECT_ROOT,
    ClusterName,
    Endpoints,
    load_endpoints,
)

_LETTERS = {
    "READ": "R",
    "WRITE": "W",
    "CREATE": "C",
    "DESCRIBE": "D",
    "DELETE": "X",
    "ALTER": "A",
    "DESCRIBE_CONFIGS": "d",
    "ALTER_CONFIGS": "a",
    "IDEMPOTENT_WRITE": "I",
    "CLUSTER_ACTION": "!",
}
_OPERATIONS = {
    "topic": frozenset(_LETTERS) - {"IDEMPOTENT_WRITE", "CLUSTER_ACTION"},
    "group": frozenset({"READ", "DESCRIBE", "DELETE"}),
    "transactional_id": frozenset({"WRITE", "DESCRIBE"}),
    "cluster": frozenset(_LETTERS) - {"READ", "WRITE", "DELETE"},
}
_IMPLIED_BY = {
    "DESCRIBE": {"READ", "WRITE", "DELETE", "ALTER"},
    "DESCRIBE_CONFIGS": {"ALTER_CONFIGS"},
}
_COORDINATORS = {"group": 0, "transactional_id": 1}
_OWN_HOSTS = {"*", "127.0.0.1"}
_STRANGER = "declared-nowhere"
_OFFSETS = "__consumer_offsets"
_SECONDS = 30
_REFUSALS = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
}

# aiokafka 0.14 names the answer of an older version, which ends before the verdict.
DescribeGroupsRequest_v3.RESPONSE_TYPE = DescribeGroupsResponse_v3


class Resource(NamedTuple):
    """What a right is on."""

    kind: str
    name: str


Verdicts = dict[Resource, frozenset[str]]
"""The operations that a principal may do, by resource."""


@dataclass(frozen=True)
class _Right:
    kind: str
    name: str
    prefixed: bool
    operation: str
    allow: bool = True

    def is_on(self, resource: Resource) -> bool:
        if self.kind != resource.kind:
            return False
        if self.prefixed:
            return resource.name.startswith(self.name)
        return self.name in {"*", resource.name}


def declared() -> dict[ClusterName, dict[str, Any]]:
    """Return the clusters as platform.yaml has them."""
    text = (PROJECT_ROOT / "platform.yaml").read_text()
    clusters: dict[ClusterName, dict[str, Any]] = yaml.safe_load(text)["clusters"]
    return clusters


def principals() -> list[tuple[ClusterName, str]]:
    """Return every principal whose password the platform keeps."""
    return [
        (cluster, name)
        for cluster, content in declared().items()
        for name, principal in content["principals"].items()
        if principal.get("credential", "managed") == "managed"
    ]


def resources(cluster: ClusterName) -> list[Resource]:
    """Return what may be accessed: all that is declared, and what nobody declared."""
    content = declared()[cluster]
    found = [Resource("topic", name) for name in [*content["topics"], _OFFSETS]]
    # A prefix stands for a name that starts with it and is in nobody's use.
    named = {
        Resource(right.kind, right.name + ("matrix" if right.prefixed else ""))
        for principal in content["principals"].values()
        for right in _rights(principal)
        if right.kind in {"group", "transactional_id"} and right.name != "*"
    }
    strangers = [Resource(kind, _STRANGER) for kind in ("group", "transactional_id")]
    return [*found, *sorted(named), *strangers, Resource("cluster", "")]


def expected(cluster: ClusterName, principal: str) -> Verdicts:
    """Return what platform.yaml lets a principal do."""
    content = declared()[cluster]["principals"][principal]
    return {
        resource: frozenset(
            operation
            for operation in _OPERATIONS[resource.kind]
            if _may(content, resource, operation)
        )
        for resource in resources(cluster)
    }


def _may(principal: Mapping[str, Any], resource: Resource, operation: str) -> bool:
    if principal.get("super_user"):
        return True
    rights = [right for right in _rights(principal) if right.is_on(resource)]
    if any(not r.allow and r.operation in {operation, "ALL"} for r in rights):
        return False
    enough = {operation, "ALL"} | _IMPLIED_BY.get(operation, set())
    return any(right.allow and right.operation in enough for right in rights)


def _rights(principal: Mapping[str, Any]) -> Iterator[_Right]:
    for topic in principal.get("produce", ()):
        yield _Right("topic", topic, prefixed=False, operation="WRITE")
    for consumption in principal.get("consume", ()):
        for topic in consumption["topics"]:
            yield _Right("topic", topic, prefixed=False, operation="READ")
        prefixed = consumption.get("group_pattern") == "prefixed"
        yield _Right("group", consumption["group"], prefixed, "READ")
    for each in principal.get("transactional", ()):
        prefixed = each.get("pattern") == "prefixed"
        yield _Right("transactional_id", each["id"], prefixed, "WRITE")
    for rule in principal.get("acls", ()):
        if rule.get("host", "*") not in _OWN_HOSTS:
            continue
        for operation in rule["operations"]:
            yield _Right(
                rule["resource"],
                rule.get("name", ""),
                rule.get("pattern") == "prefixed",
                operation.upper(),
                rule.get("permission", "allow") == "allow",
            )


def verdicts(
    endpoints: Endpoints,
    cluster: ClusterName,
    principal: str,
    wanted: Collection[Resource],
) -> Verdicts:
    """Ask the brokers, as a principal, what it may do with resources."""
    names = {
        kind: [r.name for r in wanted if r.kind == kind]
        for kind in ("topic", "cluster")
    }
    config = client_config(endpoints, cluster, principal)
    client = AdminClient({**config, "log_level": 0})
    asked = {"include_authorized_operations": True, "request_timeout": _SECONDS}
    found: Verdicts = {}
    if names["topic"]:
        topics = client.describe_topics(TopicCollection(names["topic"]), **asked)
        found |= {Resource("topic", n): _verdict(f) for n, f in topics.items()}
    if names["cluster"]:
        found[Resource("cluster", "")] = _verdict(client.describe_cluster(**asked))
    coordinated = [r for r in wanted if r.kind in _COORDINATORS]
    return found | asyncio.run(_coordinated(endpoints, cluster, principal, coordinated))


def _verdict(future: Future[Any]) -> frozenset[str]:
    try:
        described = future.result(_SECONDS)
    except KafkaException as error:
        if error.args[0].code() not in _REFUSALS:
            raise
        return frozenset()
    return frozenset(each.name for each in described.authorized_operations or ())


async def _coordinated(
    endpoints: Endpoints,
    cluster: ClusterName,
    principal: str,
    wanted: Collection[Resource],
) -> Verdicts:
    """Ask about groups and transactional IDs.

    librdkafka describes the groups of consumers only, not that of Kafka Connect, and
    knows no question about a transaction that would not begin one.
    """
    found: Verdicts = {}
    servers = endpoints.bootstrap_servers[cluster].split(",")
    settings = connection_settings(endpoints, cluster, principal, _SECONDS)
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(connected(servers, settings))
        brokers: dict[str, AIOKafkaConnection] = {}
        for resource in wanted:
            request = FindCoordinatorRequest(
                resource.name, _COORDINATORS[resource.kind]
            )
            answer = await first.send(request)
            if answer.error_code in _REFUSALS:
                found[resource] = frozenset()
                continue
            assert answer.error_code == 0, answer
            address = f"{answer.host}:{answer.port}"
            if address not in brokers:
                brokers[address] = await stack.enter_async_context(
                    connected([address], settings)
                )
            ask = _of_group if resource.kind == "group" else _of_transaction
            found[resource] = await ask(brokers[address], resource.name)
    return found


async def _of_group(coordinator: AIOKafkaConnection, name: str) -> frozenset[str]:
    request = DescribeGroupsRequest([name], include_authorized_operations=True)
    (group,) = (await coordinator.send(request)).to_object()["groups"]
    assert group["error_code"] == 0, group
    mask = group["authorized_operations"]
    return frozenset(o for o in _LETTERS if mask >> AclOperation[o].value & 1)


async def _of_transaction(coordinator: AIOKafkaConnection, name: str) -> frozenset[str]:
    # It ends nothing: no producer has the number -1.
    request = EndTxnRequest(
        transactional_id=name,
        producer_id=-1,
        producer_epoch=-1,
        transaction_result=False,
    )
    answer = await coordinator.send(request)
    assert answer.error_code, f"a transaction of '{name}' was ended"
    is_refused = answer.error_code in _REFUSALS
    return frozenset({"DESCRIBE"} if is_refused else {"DESCRIBE", "WRITE"})


def table(endpoints: Endpoints) -> str:
    """Return the brokers' verdicts as tables in Markdown, one for each cluster."""
    legend = ", ".join(f"{letter} {name}" for name, letter in _LETTERS.items())
    parts = [f"Allowed: {legend}. A '?' marks what platform.yaml does not expect."]
    for cluster in declared():
        wanted = resources(cluster)
        names = [name for where, name in principals() if where == cluster]
        rows = [["", *names], ["---"] * (len(names) + 1)]
        columns = {n: verdicts(endpoints, cluster, n, wanted) for n in names}
        for resource in wanted:
            row = [" ".join(resource).strip()]
            for name in names:
                may = columns[name][resource]
                is_so = may == expected(cluster, name)[resource]
                row.append(_letters(may) + ("" if is_so else " ?"))
            rows.append(row)
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = (
            " | ".join(
                cell.ljust(width) for cell, width in zip(row, widths, strict=True)
            )
            for row in rows
        )
        parts.append("\n".join([f"Cluster {cluster}\n", *(f"| {x} |" for x in lines)]))
    return "\n\n".join(parts)


def _letters(operations: Collection[str]) -> str:
    known = "".join(letter for n, letter in _LETTERS.items() if n in operations)
    return known or "-"


if __name__ == "__main__":
    print(table(load_endpoints(Path(sys.argv[1]))))
