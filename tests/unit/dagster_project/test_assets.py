"""Assets over hand-written resources, through Dagster itself."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dagster_project.assets.recommendations import WINDOW_TAG, recommendations
from dagster_project.jobs import BOOTSTRAP_ASSETS
from dagster_project.resources import DesiredStateResource, PlatformResource
from goodsflow.clients.hdfs import TopicFile
from goodsflow.clients.kafka.admin import KafkaAdmin
from goodsflow.clients.kafka.errors import ClusterUnavailableError
from goodsflow.clients.kafka.futures import Outcomes
from goodsflow.model.spec import AclBinding, Topic
from goodsflow.pipeline.recommender.errors import FenceError
from goodsflow.pipeline.recommender.report import Recommendation, RunReport
from tests.support import write_endpoints
from tests.unit.clients.ksqldb.fake_server import serving

# Dagster itself uses what it deprecates, to make resources that hold others.
pytestmark = pytest.mark.filterwarnings(
    "ignore:InitResourceContext.dagster_run:DeprecationWarning"
)

DECLARATION = """
clusters:
  inbound:
    topics:
      goods: {partitions: 2, replication_factor: 2}
    principals:
      shop-api: {produce: [goods]}
  analytics: {topics: {}, principals: {}}
"""


class FakeCluster(KafkaAdmin):
    """Topics, bindings and users, all in memory."""

    def __init__(self) -> None:
        """Be empty."""
        self.there: dict[str, Topic] = {}
        self.bindings: set[AclBinding] = set()
        self.log: list[str] = []

    def topics(self, names: Iterable[str] | None = None) -> dict[str, Topic]:
        """Return what is kept."""
        return {n: t for n, t in self.there.items() if names is None or n in names}

    def create_topics(self, topics: Mapping[str, Topic]) -> Outcomes[str]:
        """Keep them."""
        self.there.update(topics)
        return dict.fromkeys(topics)

    def alter_topic_configs(
        self,
        configs: Mapping[str, Mapping[str, str | None]],
    ) -> Outcomes[str]:
        """Take none."""
        return dict.fromkeys(configs)

    def delete_topics(self, names: Iterable[str]) -> Outcomes[str]:
        """Forget them."""
        return {name: self.there.pop(name) and None for name in names}

    def acl_bindings(self) -> frozenset[AclBinding]:
        """Return what is kept."""
        return frozenset(self.bindings)

    def create_acls(self, bindings: Iterable[AclBinding]) -> Outcomes[AclBinding]:
        """Keep them."""
        new = list(bindings)
        self.bindings.update(new)
        return dict.fromkeys(new)

    def delete_acls(self, bindings: Iterable[AclBinding]) -> Outcomes[AclBinding]:
        """Forget them."""
        gone = list(bindings)
        self.bindings.difference_update(gone)
        return dict.fromkeys(gone)


class FakeRecommender:
    """Returns one report, and remembers what it was asked."""

    def __init__(self, answer: RunReport | Exception) -> None:
        """Answer so."""
        self.answer = answer
        self.asked: list[bool] = []

    def recommend(self, *, include_incomplete: bool) -> RunReport:
        """Answer."""
        self.asked.append(include_incomplete)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def platform(tmp_path: Path) -> PlatformResource:
    """A platform of one topic and one principal."""
    write_endpoints(tmp_path)
    path = tmp_path / "platform.yaml"
    path.write_text(DECLARATION)
    return PlatformResource(home=str(tmp_path), declaration=str(path))


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> FakeCluster:
    """The cluster that every login leads to."""
    cluster = FakeCluster()
    monkeypatch.setattr(KafkaAdmin, "connect", lambda *_: cluster)
    return cluster


def asset(key: str) -> dg.AssetsDefinition:
    """Return one of the declared assets."""
    (found,) = [a for a in BOOTSTRAP_ASSETS if a.key == dg.AssetKey(key)]
    return found


def make(
    platform: PlatformResource, key: str, **config: Any
) -> dg.ExecuteInProcessResult:
    """Materialize one of the declared assets."""
    return materialize(
        asset(key),
        {"desired_state": DesiredStateResource(platform=platform)},
        run_config=dg.RunConfig(ops={key: {"config": config}}),
    )


def materialize(
    asset: dg.AssetsDefinition, resources: Mapping[str, Any], **options: Any
) -> dg.ExecuteInProcessResult:
    """Materialize one asset; an error is a result, not an exception."""
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(
            [asset],
            resources=resources,
            instance=instance,
            raise_on_error=False,
            **options,
        )


def metadata(result: dg.ExecuteInProcessResult, key: str) -> dict[str, Any]:
    """Return the metadata of an asset's one materialization."""
    (event,) = [
        e
        for e in result.get_asset_materialization_events()
        if e.asset_key == dg.AssetKey(key)
    ]
    return {k: v.value for k, v in event.materialization.metadata.items()}


def failure(result: dg.ExecuteInProcessResult) -> str:
    """Return the message of the one failed step."""
    (event,) = [e for e in result.all_events if e.is_step_failure]
    return event.step_failure_data.error.message


def test_a_run_tells_its_plan_and_a_rerun_that_nothing_changed(
    platform: PlatformResource, cluster: FakeCluster
) -> None:
    """What a rerun did must be readable in the UI, without a log."""
    first = metadata(make(platform, "inbound_topics"), "inbound_topics")
    second = metadata(make(platform, "inbound_topics"), "inbound_topics")

    created = "create inbound topic goods: partitions: 2, replicas: 2"
    assert first["changes"] == f"- {created}"
    assert "+ goods  partitions: 2" in first["plan"]
    assert (first["created"], first["left"]) == (1, "Nothing was left.")
    assert (second["changes"], second["created"]) == ("Nothing was changed.", 0)
    assert second["summary"] == "Everything is as declared."


def test_a_dry_run_plans_and_changes_nothing(
    platform: PlatformResource, cluster: FakeCluster
) -> None:
    """Somebody who is not sure asks for it."""
    found = metadata(make(platform, "inbound_topics", dry_run=True), "inbound_topics")
    assert found["summary"] == "1 to create."
    assert found["dry run"] is True
    assert cluster.there == {}


def test_what_needs_permission_is_left_unless_the_run_allows_it(
    platform: PlatformResource, cluster: FakeCluster
) -> None:
    """The drift sensor starts runs that nobody watches."""
    cluster.bindings = {AclBinding("shop-api", "topic", "goods", "literal", "read")}

    careful = metadata(make(platform, "inbound_acls"), "inbound_acls")
    allowed = metadata(
        make(platform, "inbound_acls", allow=["delete-acls"]), "inbound_acls"
    )

    assert (careful["created"], careful["deleted"]) == (2, 0)
    assert "may read topic 'goods'" in careful["left"]
    assert (allowed["created"], allowed["deleted"]) == (0, 1)
    assert len(cluster.bindings) == 2


def test_an_unknown_permission_is_refused(
    platform: PlatformResource, cluster: FakeCluster
) -> None:
    """A misspelt one would leave what somebody meant to do."""
    result = make(platform, "inbound_acls", allow=["delete-everything"])
    assert not result.success


def test_an_outage_is_tried_again(
    platform: PlatformResource, cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broker that restarts must not fail the bootstrap."""
    logins = iter([ClusterUnavailableError("nobody there"), cluster])

    def login(*_: object) -> KafkaAdmin:
        answer = next(logins)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(KafkaAdmin, "connect", login)
    result = make(platform, "inbound_topics")
    assert result.success
    assert [e for e in result.all_events if e.is_step_up_for_retry]


def test_what_cannot_be_done_fails_the_run_once_the_rest_is_done(
    platform: PlatformResource, cluster: FakeCluster
) -> None:
    """Trying what can never pass hides the message behind minutes of waiting."""
    cluster.there = {"goods": Topic(partitions=6, replication_factor=2)}

    result = make(platform, "inbound_topics")

    assert not result.success
    assert "partitions: 6 -> 2" in failure(result)
    assert "Declare partitions: 6" in failure(result)
    assert not [e for e in result.all_events if e.is_step_up_for_retry]


def test_a_missing_platform_is_told_with_what_to_do(tmp_path: Path) -> None:
    """The first thing somebody does is materialize before `make up`."""
    result = make(PlatformResource(home=str(tmp_path)), "inbound_topics")
    assert "Start one with `make up`" in failure(result)


def report(**given: Any) -> RunReport:
    """Return the report of a run that found nothing, or what is given."""
    empty: dict[str, Any] = {
        "windows": 0,
        "files": (),
        "files_waiting": 3,
        "files_needed": 10,
        "offsets_before": {},
        "offsets_after": {},
    }
    return RunReport(**(empty | given))


@pytest.mark.parametrize(
    ("tags", "include_incomplete"), [({WINDOW_TAG: "start"}, False), ({}, True)]
)
def test_a_run_by_hand_takes_what_waits_and_the_sensors_complete_windows(
    tags: dict[str, str], *, include_incomplete: bool
) -> None:
    """By the sensor, an incomplete window would be cut short at every tick."""
    recommender = FakeRecommender(report())

    result = materialize(recommendations, {"recommender": recommender}, tags=tags)

    assert recommender.asked == [include_incomplete]
    assert metadata(result, "recommendations")["summary"] == (
        "Nothing to recommend: 3 files waiting, 10 needed for a window."
    )


def test_a_run_tells_what_it_did() -> None:
    """A reader of a run wants its files, offsets, cards and times."""
    now = datetime.now(tz=UTC)
    file = TopicFile("source.goods-filtered", 0, 0, 9, "/f", 100, now)
    recommended = Recommendation(0, 1, "12348", 1.25, 10.0, 8.0, "RUB", 9, 0.5, b"{}")
    recommender = FakeRecommender(
        report(
            windows=1,
            files=(file,),
            offsets_after={0: 10},
            cards_in=10,
            recommendations=(recommended,),
            seconds={"compute": 1.5},
        )
    )

    result = materialize(recommendations, {"recommender": recommender})

    found = metadata(result, "recommendations")
    assert found["offsets before"] == "none committed"
    assert found["offsets after"] == "partition 0: 10"
    assert (found["cards in"], found["cards out"], found["files"]) == (10, 1, 1)
    assert found["seconds compute"] == 1.5
    row = found["recommendations"].splitlines()[-1]
    assert row.replace(" ", "") == "|0|1|12348|1.25|8.0|10.0|RUB|9|0.5|"


def test_a_fenced_run_is_not_tried_again() -> None:
    """It would fence the newer run in turn, and so on for ever."""
    recommender = FakeRecommender(FenceError("a newer run has taken over"))

    result = materialize(recommendations, {"recommender": recommender})

    assert "a newer run has taken over" in failure(result)
    assert len(recommender.asked) == 1


def test_endpoints_are_read_when_used(tmp_path: Path) -> None:
    """The launcher writes them after the code was loaded."""
    platform = PlatformResource(home=str(tmp_path))
    assert write_endpoints(tmp_path) == platform.endpoints()


def test_views_are_made_once_ksqldb_is_ready(tmp_path: Path) -> None:
    """It starts only after its principal was made, in the same run."""
    platform = PlatformResource(home=str(tmp_path))
    with serving() as server:
        write_endpoints(tmp_path, ksqldb_url=server.url)
        server.starting = 2
        first = make(platform, "search_views")
        second = make(platform, "search_views")

    changes = metadata(first, "search_views")["changes"]
    assert changes == "- create view CARDS: topic: source.goods-filtered"
    assert metadata(second, "search_views")["changes"] == "Nothing was changed."


def test_without_ksqldb_no_view_is_claimed_and_nothing_fails(tmp_path: Path) -> None:
    """A failure would end every native bootstrap; a materialization would lie."""
    write_endpoints(tmp_path)
    result = make(PlatformResource(home=str(tmp_path)), "search_views")
    assert result.success
    assert not result.get_asset_materialization_events()
