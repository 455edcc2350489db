"""The topics of a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from goodsflow.clients.kafka.admin import KafkaAdmin
from goodsflow.clients.kafka.errors import TopicExistsError
from goodsflow.common.waiting import wait_for
from goodsflow.desired_state.planning import Change, Plan, Target, plan_topics
from goodsflow.desired_state.planning.scope import is_internal_topic
from goodsflow.desired_state.providers.errors import not_ready
from goodsflow.desired_state.providers.fragments import DeclarationFragment
from goodsflow.desired_state.providers.provider import Provider, Result, results_by_name
from goodsflow.model.endpoints import ClusterName
from goodsflow.model.spec import Cluster, Topic

_VISIBLE_SECONDS = 20.0
"""How long brokers may take to learn of a new topic from the controller."""

_NO_SETTINGS = {"partitions", "replicas"}


class TopicsProvider(Provider):
    """Creates, alters and deletes topics.

    Args:
        cluster: The cluster's name.
        declared: Its declaration.
        admin: Returns a client that has logged in.
    """

    def __init__(
        self,
        cluster: ClusterName,
        declared: Cluster,
        admin: Callable[[], KafkaAdmin],
    ) -> None:
        self.target = Target("topics", cluster)
        self._declared = declared
        self._admin = admin

    def plan(self) -> Plan:
        """Compare the declared topics with the cluster's.

        Raises:
            KafkaError: The cluster refused or did not answer.
        """
        return plan_topics(
            self.target,
            self._declared.topics,
            self._admin().topics(),
            self._declared.scope.topics,
        )

    def adopt(self) -> DeclarationFragment:
        """Return every topic, except those that systems create for their own use."""
        topics = {
            name: {
                "partitions": topic.partitions,
                "replication_factor": topic.replication_factor,
                "config": dict(sorted(topic.config.items())),
            }
            for name, topic in sorted(self._admin().topics().items())
            if not is_internal_topic(name)
        }
        return DeclarationFragment(
            {"clusters": {self.target.cluster: {"topics": topics}}}
        )

    def apply(self, changes: Sequence[Change]) -> Iterator[Result]:
        """Apply the changes, in one request for each kind; tolerate concurrent ones."""
        admin = self._admin()
        new = [change for change in changes if change.action == "create"]
        yield from self._create(admin, new)
        updates = [change for change in changes if change.action == "update"]
        for change in updates:
            if "partitions" in {d.field for d in change.differences}:
                outcome = admin.add_partitions({change.name: change.desired.partitions})
                yield Result(change, outcome[change.name])
        settings = [
            change
            for change in updates
            if not _NO_SETTINGS & {d.field for d in change.differences}
        ]
        # Safe and allowed settings of one topic are two changes.
        configs: dict[str, dict[str, str | None]] = {}
        for change in settings:
            config = configs.setdefault(change.name, {})
            config.update({d.field: d.after for d in change.differences})
        outcomes = admin.alter_topic_configs(configs)
        yield from results_by_name(settings, outcomes, lambda c: c.name)
        gone = [change for change in changes if change.action == "delete"]
        deleted = admin.delete_topics([change.name for change in gone])
        yield from results_by_name(gone, deleted, lambda c: c.name)

    def _create(self, admin: KafkaAdmin, changes: Sequence[Change]) -> Iterator[Result]:
        outcomes = admin.create_topics({c.name: c.desired for c in changes})
        made = {
            name
            for name, error in outcomes.items()
            # Another client was faster, or the broker did not know the topic yet.
            if error is None or isinstance(error, TopicExistsError)
        }
        if made:
            await_visible(admin, made)
        for change in changes:
            error = outcomes[change.name]
            yield Result(change, None if change.name in made else error)


def await_visible(admin: KafkaAdmin, names: set[str]) -> None:
    """Wait until brokers list new topics.

    Raises:
        NotReadyInTimeError: They do not in time.
        KafkaError: The cluster refused or did not answer.
    """

    def unmet(listed: dict[str, Topic]) -> str | None:
        return ", ".join(sorted(names - listed.keys())) or None

    wait_for(
        lambda: admin.topics(names),
        not_ready("brokers to list new topics"),
        timeout_seconds=_VISIBLE_SECONDS,
        unmet=unmet,
    )
