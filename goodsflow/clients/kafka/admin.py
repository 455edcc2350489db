"""An administrative client of one cluster: topics, ACLs, SCRAM credentials.

Topics and ACLs are read and written as the types of ``goodsflow.model.spec``, so that
the actual and the desired state can be compared directly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

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
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)

from goodsflow.clients.kafka.acls import from_kafka, to_filter, to_kafka
from goodsflow.clients.kafka.cluster import ClusterClient
from goodsflow.clients.kafka.config import client_config
from goodsflow.clients.kafka.errors import (
    AuthenticationFailedError,
    ClusterUnavailableError,
)
from goodsflow.clients.kafka.futures import Outcomes
from goodsflow.clients.kafka.login import log_in
from goodsflow.clients.kafka.passwords import PasswordFollower
from goodsflow.common.secrets import Secret
from goodsflow.model.endpoints import ClusterName, Endpoints
from goodsflow.model.spec import AclBinding, Topic

SCRAM_ITERATIONS = 8192
"""For new credentials; Kafka requires at least 4096."""

_INTERNAL_PREFIX = "__"


class KafkaAdmin(ClusterClient):
    """Administers one cluster; ``connect`` returns a client that has logged in."""

    @classmethod
    def connect(
        cls,
        endpoints: Endpoints,
        cluster: ClusterName,
        principal: str,
        timeout_seconds: float = 20,
    ) -> Self:
        """Log in as ``principal`` and return the client.

        Raises:
            ClusterUnavailableError: No broker answered in time.
            AuthenticationFailedError: The broker refused the login.
            EndpointsError: The principal has no password file.
        """
        passwords = PasswordFollower(endpoints, cluster, principal)
        login = log_in(client_config(endpoints, cluster, principal), timeout_seconds)
        if login.client is None:
            kind = (
                AuthenticationFailedError if login.refused else ClusterUnavailableError
            )
            hint = (
                f"Does {endpoints.password_file(cluster, principal)} contain the "
                "password that the cluster has?"
                if login.refused
                else "Are its brokers up?"
            )
            raise kind(
                f"Cannot log in to cluster '{cluster}' "
                f"({endpoints.bootstrap_servers[cluster]}) as '{principal}': "
                f"{login.error}. {hint}"
            )
        return cls(login.client, cluster, timeout_seconds, passwords)

    def topics(self, names: Iterable[str] | None = None) -> dict[str, Topic]:
        """Return the topics, each with the settings of the topic itself.

        Kafka's internal topics and the brokers' default settings are left out.

        Args:
            names: Return only these; missing ones are left out.

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
                # A reassignment adds replicas, so take the smallest number.
                replication_factor=min(
                    len(partition.replicas) for partition in topic.partitions.values()
                ),
                config=configs[name],
            )
            for name, topic in found.items()
        }

    def replicated(self) -> dict[tuple[str, int], bool]:
        """Return for each partition whether all replicas are in sync.

        Internal topics are included. A broker that has just started may not know all
        partitions yet: compare with an earlier result.

        Raises:
            KafkaError: The cluster refused or did not answer.
        """
        return {
            (name, number): len(partition.isrs) == len(partition.replicas)
            for name, topic in self._metadata().topics.items()
            for number, partition in topic.partitions.items()
        }

    def create_topics(self, topics: Mapping[str, Topic]) -> Outcomes[str]:
        """Create topics and wait until the controller has them.

        ``topics()`` may still miss a topic that was created or existed already: each
        broker learns of a new topic from the controller a little later.

        Returns:
            Outcomes by name; ``TopicExistsError`` for a topic that exists already, and
            is not changed.
        """
        new = {
            name: NewTopic(
                name,
                num_partitions=topic.partitions,
                replication_factor=topic.replication_factor,
                config=dict(topic.config),
            )
            for name, topic in topics.items()
        }
        return self._settle(
            new,
            lambda some: self._client.create_topics(
                some, operation_timeout=self._timeout_seconds, **self._request()
            ),
            "create topics",
        )

    def alter_topic_configs(
        self, configs: Mapping[str, Mapping[str, str | None]]
    ) -> Outcomes[str]:
        """Change settings of topics; other settings are kept.

        Args:
            configs: By topic and setting; None restores the broker's default.
        """
        resources = {
            name: ConfigResource(
                ResourceType.TOPIC,
                name,
                incremental_configs=[
                    ConfigEntry(
                        key,
                        value,
                        incremental_operation=AlterConfigOpType.SET
                        if value is not None
                        else AlterConfigOpType.DELETE,
                    )
                    for key, value in config.items()
                ],
            )
            for name, config in configs.items()
        }
        return self._settle(
            resources,
            lambda some: {
                resource.name: future
                for resource, future in self._client.incremental_alter_configs(
                    some, **self._request()
                ).items()
            },
            "alter topics",
        )

    def add_partitions(self, totals: Mapping[str, int]) -> Outcomes[str]:
        """Add partitions to topics.

        New records of a key may then go to another partition.

        Args:
            totals: The new total number of partitions by topic.
        """
        return self._settle(
            {name: NewPartitions(name, total) for name, total in totals.items()},
            lambda some: self._client.create_partitions(
                some, operation_timeout=self._timeout_seconds, **self._request()
            ),
            "add partitions to topics",
        )

    def delete_topics(self, names: Iterable[str]) -> Outcomes[str]:
        """Delete topics with all their records."""
        return self._settle(
            {name: name for name in names},
            lambda some: self._client.delete_topics(
                some, operation_timeout=self._timeout_seconds, **self._request()
            ),
            "delete topics",
        )

    def acl_bindings(self) -> frozenset[AclBinding]:
        """Return every binding of a user.

        Bindings that ``platform.yaml`` can't express are left out: those of principals
        that are not of type User, and those on other kinds of resource.

        Raises:
            KafkaError: The cluster refused or did not answer.
        """
        # None matches anything, though the library's annotations don't allow it.
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

    def create_acls(self, bindings: Iterable[AclBinding]) -> Outcomes[AclBinding]:
        """Add bindings; those that exist already are kept."""
        new = {binding: to_kafka(binding) for binding in bindings}
        ours = {kafka: binding for binding, kafka in new.items()}
        return self._settle(
            new,
            lambda some: {
                ours[kafka]: future
                for kafka, future in self._client.create_acls(
                    some, **self._request()
                ).items()
            },
            "create ACLs",
        )

    def delete_acls(self, bindings: Iterable[AclBinding]) -> Outcomes[AclBinding]:
        """Remove exactly these bindings; missing ones are no error."""
        filters = {binding: to_filter(binding) for binding in bindings}
        ours = {each: binding for binding, each in filters.items()}
        return self._settle(
            filters,
            lambda some: {
                ours[each]: future
                for each, future in self._client.delete_acls(
                    some, **self._request()
                ).items()
            },
            "delete ACLs",
        )

    def scram_iterations(self) -> dict[str, int]:
        """Return the iterations of each user's SCRAM-SHA-512 credential.

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

    def upsert_credentials(self, passwords: Mapping[str, Secret]) -> Outcomes[str]:
        """Set the SCRAM-SHA-512 passwords of users."""
        info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, SCRAM_ITERATIONS)
        return self._alter_credentials(
            {
                user: UserScramCredentialUpsertion(
                    user, info, password.reveal().encode()
                )
                for user, password in passwords.items()
            },
            "set SCRAM credentials",
        )

    def delete_credentials(self, users: Iterable[str]) -> Outcomes[str]:
        """Delete the SCRAM-SHA-512 credentials of users."""
        return self._alter_credentials(
            {
                user: UserScramCredentialDeletion(user, ScramMechanism.SCRAM_SHA_512)
                for user in users
            },
            "delete SCRAM credentials",
        )

    def _alter_credentials(
        self, alterations: Mapping[str, UserScramCredentialAlteration], attempted: str
    ) -> Outcomes[str]:
        return self._settle(
            alterations,
            lambda some: self._client.alter_user_scram_credentials(
                some, **self._request()
            ),
            attempted,
        )

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
