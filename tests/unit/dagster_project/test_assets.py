"""Assets over hand-written resources, through Dagster itself."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from pydantic import SecretStr

from dagster_project.assets.principals import inbound_principals
from dagster_project.assets.recommendations import WINDOW_TAG, recommendations
from dagster_project.assets.topics import inbound_topics
from dagster_project.assets.views import search_views
from dagster_project.resources import KsqldbResource, PlatformResource
from goodsflow.endpoints import PROJECT_ROOT, Endpoints
from goodsflow.hdfs import TopicFile
from goodsflow.kafka.admin import KafkaAdmin
from goodsflow.kafka.credentials import PasswordFiles
from goodsflow.kafka.errors import ClusterUnavailableError
from goodsflow.recommender.errors import FenceError
from goodsflow.recommender.report import Recommendation, RunReport
from goodsflow.spec import AclBinding, Topic
from tests.unit.ksqldb.fake_server import serving

DECLARATION = """
clusters:
  inbound:
    topics:
      goods: {partitions: 2, replication_factor: 2}
    principals:
      shop-api: {produce: [goods]}
  analytics: {topics: {}, principals: {}}
"""


class FakeKafka(KafkaAdmin, PasswordFiles):
    """Resource, cluster and password files in one, all in memory."""

    def __init__(self, *faults: Exception) -> None:
        """Raise these faults first, one at each login."""
        self.faults = list(faults)
        self.there: dict[str, Topic] = {}
        self.bindings: set[AclBinding] = set()
        self.users: dict[str, int] = {}
        self.log: list[str] = []

    cluster = "inbound"

    def admin(self, cluster: str) -> "FakeKafka":  # noqa: ARG002
        """Fail, or be the client."""
        if self.faults:
            raise self.faults.pop(0)
        return self

    def passwords(self, cluster: str) -> "FakeKafka":  # noqa: ARG002
        """Be the password files."""
        return self

    def topics(self, names: Iterable[str] | None = None) -> dict[str, Topic]:  # noqa: ARG002
        """Return what is kept."""
        return dict(self.there)

    def create_topics(self, topics: Mapping[str, Topic]) -> set[str]:
        """Keep them."""
        self.there.update(topics)
        return set()

    def acl_bindings(self) -> frozenset[AclBinding]:
        """Return what is kept."""
        return frozenset(self.bindings)

    def create_acls(self, bindings: Iterable[AclBinding]) -> None:
        """Keep them."""
        self.log.append("acls")
        self.bindings.update(bindings)

    def scram_iterations(self) -> dict[str, int]:
        """Return what is kept."""
        return dict(self.users)

    def upsert_credentials(self, passwords: Mapping[str, SecretStr]) -> None:
        """Keep the users."""
        self.log.append(f"credentials of {', '.join(passwords)}")
        self.users.update(dict.fromkeys(passwords, 8192))

    def password(self, principal: str) -> SecretStr:  # noqa: ARG002
        """Return one."""
        return SecretStr("secret")

    def working(self, principals: Iterable[str]) -> dict[str, bool]:
        """Let in who was made."""
        return {name: name in self.users for name in principals}


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
    path = tmp_path / "platform.yaml"
    path.write_text(DECLARATION)
    return PlatformResource(declaration=str(path))


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


def test_a_rerun_of_topics_says_that_nothing_changed(
    platform: PlatformResource,
) -> None:
    """What a rerun did must be readable in the UI, without a log."""
    kafka = FakeKafka()
    resources = {"platform": platform, "kafka": kafka}

    first = metadata(materialize(inbound_topics, resources), "inbound_topics")
    second = metadata(materialize(inbound_topics, resources), "inbound_topics")

    assert first["changes"] == "- create topic 'goods' with 2 partitions, 2 replicas"
    assert (first["declared topics"], first["created"]) == (1, 1)
    assert (second["changes"], second["created"]) == ("Nothing to change.", 0)


def test_rights_come_before_the_login(platform: PlatformResource) -> None:
    """A service starts once its principal can log in, and dies without its rights."""
    kafka = FakeKafka()
    kafka.bindings = {AclBinding("shop-api", "topic", "goods", "literal", "read")}

    result = materialize(inbound_principals, {"platform": platform, "kafka": kafka})

    assert kafka.log == ["acls", "credentials of shop-api"]
    found = metadata(result, "inbound_principals")
    assert found["left alone"] == "- shop-api may read topic 'goods'"
    assert found["created"] == 3
    assert "secret" not in str(found)


def test_an_outage_is_tried_again(platform: PlatformResource) -> None:
    """A broker that restarts must not fail the bootstrap."""
    kafka = FakeKafka(ClusterUnavailableError("nobody there"))
    result = materialize(inbound_topics, {"platform": platform, "kafka": kafka})
    assert result.success
    assert [e for e in result.all_events if e.is_step_up_for_retry]


def test_a_refusal_is_not_tried_again_and_shows_its_reason(
    platform: PlatformResource,
) -> None:
    """Trying what can never pass hides the message behind minutes of waiting."""
    kafka = FakeKafka()
    kafka.there = {"goods": Topic(partitions=6, replication_factor=2)}

    result = materialize(inbound_topics, {"platform": platform, "kafka": kafka})

    assert not result.success
    assert "has 6 partitions, 2 are declared" in failure(result)
    assert not [e for e in result.all_events if e.is_step_up_for_retry]


# Dagster itself uses what it deprecates, to make resources that hold others.
@pytest.mark.filterwarnings("ignore:InitResourceContext.dagster_run:DeprecationWarning")
def test_a_missing_platform_is_told_with_what_to_do(tmp_path: Path) -> None:
    """The first thing somebody does is materialize before `make up`."""
    from dagster_project.resources import KafkaResource

    platform = PlatformResource(home=str(tmp_path))
    kafka = KafkaResource(platform=platform)
    result = materialize(inbound_topics, {"platform": platform, "kafka": kafka})
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
        "Nothing to recommend: 3 files wait, 10 make a window."
    )


def test_a_run_tells_what_it_did() -> None:
    """Whoever looks at a run wants its files, offsets, cards and times."""
    now = datetime.now(tz=UTC)
    file = TopicFile("source.goods-filtered", 0, 0, 9, "/f", 100, now)
    recommended = Recommendation(0, 1, "12348", 1.25, 10.0, 8.0, b"{}")
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
    assert "| 0 | 1 | 12348 | 1.25 | 10.0 | 8.0 |" in found["recommendations"]


def test_a_fenced_run_is_not_tried_again() -> None:
    """It would fence the newer run in turn, and so on for ever."""
    recommender = FakeRecommender(FenceError("a newer run has taken over"))

    result = materialize(recommendations, {"recommender": recommender})

    assert "a newer run has taken over" in failure(result)
    assert len(recommender.asked) == 1


def home_with(folder: Path, **given: str) -> Endpoints:
    """Write endpoints of a platform to its folder."""
    written = Endpoints(
        bootstrap_servers={"inbound": "a:1", "analytics": "b:1"},
        ca_file=folder / "ca",
        secrets_dir=folder,
        state_dir=folder,
        schema_registry_url="http://r",
        connect_url="http://c",
        webhdfs_url="http://h",
        hdfs_url="hdfs://h",
        spark_connect_url="sc://s",
        dagster_url="http://d",
        **given,
    )
    (folder / "endpoints.json").write_text(written.model_dump_json())
    return written


def test_endpoints_are_read_when_used(tmp_path: Path) -> None:
    """The launcher writes them after the code was loaded."""
    platform = PlatformResource(home=str(tmp_path))
    assert home_with(tmp_path) == platform.endpoints()


def views_resources(home: Path) -> dict[str, Any]:
    """Return the resources of the views, on a platform's folder."""
    platform = PlatformResource(
        home=str(home), declaration=str(PROJECT_ROOT / "platform.yaml")
    )
    return {"platform": platform, "ksqldb": KsqldbResource(platform=platform)}


# Dagster itself uses what it deprecates, to make resources that hold others.
@pytest.mark.filterwarnings("ignore:InitResourceContext.dagster_run:DeprecationWarning")
def test_views_are_made_once_ksqldb_is_ready(tmp_path: Path) -> None:
    """It starts only after its principal was made, in the same run."""
    with serving() as server:
        home_with(tmp_path, ksqldb_url=server.url)
        server.starting = 2
        first = materialize(search_views, views_resources(tmp_path))
        second = materialize(search_views, views_resources(tmp_path))

    changes = metadata(first, "search_views")["changes"]
    assert changes == "- create view 'CARDS' over topic 'source.goods-filtered'"
    assert metadata(second, "search_views")["changes"] == "Nothing to change."


@pytest.mark.filterwarnings("ignore:InitResourceContext.dagster_run:DeprecationWarning")
def test_without_ksqldb_no_view_is_claimed_and_nothing_fails(tmp_path: Path) -> None:
    """A failure would end every native bootstrap; a materialization would lie."""
    home_with(tmp_path)
    result = materialize(search_views, views_resources(tmp_path))
    assert result.success
    assert not result.get_asset_materialization_events()
