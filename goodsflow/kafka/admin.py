"""An administrative client of one cluster: topics, ACLs, SCRAM credentials.

Topics and ACLs are read and written in the words of ``goodsflow.spec``, so that what is
and what should be can be compared as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

from confluent_kafka import KafkaError as LibrdkafkaError
from confluent_kafka.admin import (
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ConfigSource,
    NewPartitions,
    NewTopic,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialUpsertion,
)
from pydantic import SecretStr

from goodsflow.endpoints import ClusterName, Endpoints
from goodsflow.kafka.acls import from_kafka, to_kafka
from goodsflow.kafka.cluster import ClusterClient
from goodsflow.kafka.config import client_config
from goodsflow.kafka.errors import AuthenticationFailedError, ClusterUnavailableError
from goodsflow.kafka.futures import has_failed_with
from goodsflow.kafka.login import try_login
from goodsflow.spec import AclBinding, Topic

SCRAM_ITERATIONS = 8192
"""Kafka asks for 4096 at least."""

_INTERNAL_PREFIX = "__"


class KafkaAdmin(ClusterClient):
    """Administers one cluster; ``connect`` makes one that is known to work."""

    @classmethod
    def connect(
        cls,
        endpoints: Endpoints,
        cluster: ClusterName,
        principal: str,
        timeout_seconds: float = 20,
    ) -> Self:
        """Log in as ``principal`` and return a client that works.

        Raises:
            ClusterUnavailableError: No broker answered in time.
            AuthenticationFailedError: The broker refused the login.
            EndpointsError: The principal has no password file.
        """
        config = client_config(endpoints, cluster, principal)
        result = try_login(config, timeout_seconds)
        if result.error:
            kind = (
                AuthenticationFailedError if result.refused else ClusterUnavailableError
            )
            hint = (
                f"Does {endpoints.password_file(cluster, principal)} hold the password "
                "that the cluster knows?"
                if result.refused
                else "Are its brokers up?"
            )
            raise kind(
                f"Cannot log in to cluster '{cluster}' "
                f"({endpoints.bootstrap_servers[cluster]}) as '{principal}': "
                f"{result.error}. {hint}"
            )
        return cls(config, cluster, timeout_seconds)

    def topics(self, names: Iterable[str] | None = None) -> dict[str, Topic]:
        """Return the topics there are, with the settings made for the topic itself.

        Kafka's internal topics are left out; settings that only repeat the broker's
        defaults too.

        Args:
            names: Only these, of which those that are missing are left out.

        Raises:
            KafkaError: The cluster refused or did not answer.
        """
        wanted = None if names is None else set(names)
        metadata = self._metadata()
        found = {
            name: topic
            for name, topic in metadata.topics.items()
            if (name in wanted if wanted is not None else _is_ours(name))
        }
        configs = self._topic_configs(found)
        return {
            name: Topic(
                partitions=len(topic.partitions),
                # The fewest, while a reassignment adds replicas.
                replication_factor=min(
                    len(partition.replicas) for partition in topic.partitions.values()
                ),
                config=configs[name],
            )
            for name, topic in found.items()
        }

    def create_topics(self, topics: Mapping[str, Topic]) -> set[str]:
        """Create topics and wait until the controller has them.

        Returns:
            The names of those that were there already, and were left as they are.
            ``topics()`` may still miss them: each broker hears of a new topic from the
            controller, in its own time.

        Raises:
            KafkaError: The cluster refused or did not answer.
        """
        if not topics:
            return set()
        new = [
            NewTopic(
                name,
                num_partitions=topic.partitions,
                replication_factor=topic.replication_factor,
                config=dict(topic.config),
            )
            for name, topic in topics.items()
        ]
        futures = self._client.create_topics(
            new, operation_timeout=self._timeout_seconds, **self._request()
        )
        existing = {
            name
            for name, future in futures.items()
            if has_failed_with(
                future,
                LibrdkafkaError.TOPIC_ALREADY_EXISTS,
                self._timeout_seconds + 5,
            )
        }
        made = {name: f for name, f in futures.items() if name not in existing}
        self._await(made, "create topics")
        return existing

    def alter_topic_config(self, topic: str, config: Mapping[str, str]) -> None:
        """Set the given settings of a topic; the others stay as they are.

        Raises:
            KafkaError: The cluster refused or did not answer.
        """
        resource = ConfigResource(
            ResourceType.TOPIC,
            topic,
            incremental_configs=[
                ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
                for key, value in config.items()
            ],
        )
        futures = self._client.incremental_alter_configs([resource], **self._request())
        self._await(futures, f"alter topic '{topic}'")

    def add_partitions(self, topic: str, total: int) -> None:
        """Give a topic more partitions, up to ``total``.

        Records of a key may go to another partition from then on.

        Raises:
            KafkaError: The cluster refused or did not answer.
        """
        futures = self._client.create_partitions(
            [NewPartitions(topic, total)],
            operation_timeout=self._timeout_seconds,
            **self._request(),
        )
        self._await(futures, f"add partitions to topic '{topic}'")

    def acl_bindings(self) -> frozenset[AclBinding]:
        """Return every ALLOW binding from any host.

        What ``AclBinding`` cannot say is left out: denials, bindings of single hosts,
        and kinds of resource that are not declared in ``platform.yaml``.

        Raises:
            KafkaError: The cluster refused or did not answer.
        """
        # None matches any; the library's annotations do not know it.
        match_any: Any = None
        everything = AclBindingFilter(
            ResourceType.ANY,
            match_any,
            ResourcePatternType.ANY,
            match_any,
            match_any,
            AclOperation.ANY,
            AclPermissionType.ANY,
        )
        future = self._client.describe_acls(everything, **self._request())
        found = self._await({"ACLs": future}, "list ACLs")["ACLs"]
        bindings = (from_kafka(binding) for binding in found)
        return frozenset(binding for binding in bindings if binding is not None)

    def create_acls(self, bindings: Iterable[AclBinding]) -> None:
        """Add bindings; one that is there already stays.

        Raises:
            KafkaError: The cluster refused or did not answer.
        """
        new = [to_kafka(binding) for binding in bindings]
        if new:
            self._await(self._client.create_acls(new, **self._request()), "create ACLs")

    def scram_iterations(self) -> dict[str, int]:
        """Return, for each user with a SCRAM-SHA-512 credential, its iterations.

        Raises:
            KafkaError: The cluster refused or did not answer.
        """
        future = self._client.describe_user_scram_credentials(
            request_timeout=self._timeout_seconds
        )
        users = self._await({"users": future}, "list SCRAM users")["users"]
        return {
            name: info.iterations
            for name, user in users.items()
            for info in user.scram_credential_infos
            if info.mechanism == ScramMechanism.SCRAM_SHA_512
        }

    def upsert_credentials(self, passwords: Mapping[str, SecretStr]) -> None:
        """Set the SCRAM-SHA-512 passwords of users.

        Raises:
            KafkaError: The cluster refused or did not answer.
        """
        if not passwords:
            return
        info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, SCRAM_ITERATIONS)
        alterations: list[UserScramCredentialAlteration] = [
            UserScramCredentialUpsertion(
                user, info, password.get_secret_value().encode()
            )
            for user, password in passwords.items()
        ]
        futures = self._client.alter_user_scram_credentials(
            alterations, **self._request()
        )
        self._await(futures, "set SCRAM credentials")

    def delete_topics(self, names: Iterable[str]) -> None:
        """Delete topics with all their records.

        Raises:
            KafkaError: The cluster refused or did not answer.
        """
        wanted = list(names)
        if wanted:
            futures = self._client.delete_topics(
                wanted, operation_timeout=self._timeout_seconds, **self._request()
            )
            self._await(futures, "delete topics")

    def _topic_configs(self, names: Iterable[str]) -> dict[str, dict[str, str]]:
        resources = [ConfigResource(ResourceType.TOPIC, name) for name in names]
        if not resources:
            return {}
        futures = self._client.describe_configs(resources, **self._request())
        found = self._await(futures, "read the settings of topics")
        return {
            resource.name: {
                entry.name: entry.value
                for entry in entries.values()
                if ConfigSource(entry.source) is ConfigSource.DYNAMIC_TOPIC_CONFIG
            }
            for resource, entries in found.items()
        }

    def _request(self) -> dict[str, float]:
        return {"request_timeout": self._timeout_seconds}


def _is_ours(topic: str) -> bool:
    return not topic.startswith(_INTERNAL_PREFIX)
