"""Dagster's runs as containers, in a stack that `make test-compose` brought up.

COMPOSE_PROJECT_NAME and GOODSFLOW_DAGSTER_PORT say which.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import docker
import httpx2
import pytest
from docker.errors import APIError, NotFound
from docker.models.containers import Container

from goodsflow.deploy.compose.runs import MEMORY_LIMIT, NETWORKS
from goodsflow.model.endpoints import PROJECT_ROOT
from tests.support import await_condition

_NOTICED_SECONDS = 60
_FINISHED = {"SUCCESS", "FAILURE", "CANCELED"}

STATE = """
import json
from goodsflow.model.endpoints import load_endpoints
from goodsflow.clients.kafka.offsets import OffsetReader
from goodsflow.clients.kafka.topic_reader import TopicReader

endpoints = load_endpoints()
offsets = OffsetReader.connect(endpoints, "analytics", "admin").group_offsets(
    "recommender", ["source.goods-filtered"]
)
topic = "goods-recomendations"
with TopicReader(endpoints, "analytics", "admin", "test", topic) as reader:
    starts = dict.fromkeys(reader.watermarks(), 0)
    batches = list(reader.read_to_end(starts, timeout_seconds=60))
before = sorted((partition, offset) for (_, partition), offset in offsets.items())
print(json.dumps({
    "offsets": ", ".join(f"partition {p}: {o}" for p, o in before) or "none committed",
    "cards": sum(len(batch.records) for batch in batches),
}))
"""
"""Prints what the recommender has committed, and how many cards there are of it."""


@dataclass
class Stack:
    """A Compose project that is up."""

    engine: docker.DockerClient
    project: str
    graphql_url: str

    def ask(self, query: str) -> Any:
        """Ask Dagster's webserver."""
        response = httpx2.post(
            self.graphql_url, json={"query": query}, timeout=30, trust_env=False
        )
        return response.raise_for_status().json()["data"]

    def containers(self, *labels: str) -> list[Container]:
        """Return the project's containers that run and have these labels."""
        project = f"com.docker.compose.project={self.project}"
        found: list[Container] = self.engine.containers.list(
            filters={"label": [project, *labels]}, ignore_removed=True
        )
        return found

    def execute(self, service: str, *command: str, stdin: str = "") -> str:
        """Run a command within a service's container and return what it prints."""
        done = subprocess.run(
            ["docker", "compose", "exec", "-T", service, *command],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            cwd=PROJECT_ROOT,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def status(self, run_id: str) -> str:
        """Return how a run stands."""
        query = f'{{ runOrError(runId: "{run_id}") {{ ... on Run {{ status }} }} }}'
        status: str = self.ask(query)["runOrError"]["status"]
        return status

    def state(self) -> dict[str, Any]:
        """Return what the recommender has committed, and its cards' number."""
        python = "/opt/venv/bin/python"
        printed = self.execute("dagster-code", python, "-", stdin=STATE)
        state: dict[str, Any] = json.loads(printed)
        return state

    def reports(self, since: float) -> list[dict[str, Any]]:
        """Return the metadata of successful runs since a time, the first one first."""
        query = f"""{{ assetOrError(assetKey: {{path: ["recommendations"]}}) {{
            ... on Asset {{ assetMaterializations(
              afterTimestampMillis: "{int(since * 1000)}") {{
                metadataEntries {{ label
                  ... on TextMetadataEntry {{ text }}
                  ... on IntMetadataEntry {{ intValue }} }} }} }} }} }}"""
        found = self.ask(query)["assetOrError"]["assetMaterializations"]
        return [
            {
                entry["label"]: entry.get("text", entry.get("intValue"))
                for entry in materialization["metadataEntries"]
            }
            for materialization in reversed(found)
        ]

    def observed(self) -> str:
        """Return what the observer of the platform last found, in one line."""
        found = self.ask(
            """{ repositoriesOrError { ... on RepositoryConnection { nodes { sensors {
              name sensorState { ticks(limit: 1) { status skipReason error {
                message } } } } } } } }"""
        )
        sensors = found["repositoriesOrError"]["nodes"][0]["sensors"]
        [observer] = [one for one in sensors if one["name"] == "platform_observer"]
        ticks = observer["sensorState"]["ticks"]
        return str(ticks[0]["skipReason"] or ticks[0]["error"]) if ticks else ""

    def await_evaluated(
        self, check: str, *, passed: bool, timeout_seconds: float
    ) -> None:
        """Wait until the observer of the platform finds a check passed, or not.

        Args:
            check: Asset and name, as its line says them.
            passed: What it should find; others' failures are of no account.
            timeout_seconds: After this long the test fails, with the last line.
        """

        def is_as_expected() -> bool:
            line = self.observed()
            is_evaluated = re.search(r"checks (passing|failing)\b", line) is not None
            return is_evaluated and (check not in line) == passed

        try:
            await_condition(
                is_as_expected, f"{check}: passed is {passed}", timeout_seconds
            )
        except AssertionError as error:
            error.add_note(f"Last the observer said: {self.observed()}")
            raise

    def run_under_way(self) -> tuple[str, Container] | None:
        """Return a run of the recommender that has started, and its container."""
        for container in self.containers("dagster/job_name=recommend"):
            run_id = container.labels["dagster/run_id"]
            if self.status(run_id) == "STARTED":
                return run_id, container
        return None


def is_paused(container: Container) -> bool:
    """Pause a container; False where the kernel did not freeze it in time.

    On a busy machine the engine now and then gives up waiting for a thread of it.
    """
    try:
        container.pause()
    except APIError as error:
        if "unable to freeze" not in str(error):
            raise
        return False
    return True


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """The stack that is up."""
    project = os.environ.get("COMPOSE_PROJECT_NAME")
    if not project:
        pytest.skip("no stack is named: `make test-compose` brings one up")
    port = os.environ.get("GOODSFLOW_DAGSTER_PORT", "3000")
    engine = docker.from_env()
    yield Stack(engine, project, f"http://127.0.0.1:{port}/graphql")
    engine.close()


@pytest.mark.timeout(600)
def test_a_run_is_a_container_with_limits_and_without_secrets(stack: Stack) -> None:
    """As a process of the code server it would take that down with it."""

    def inspect() -> dict[str, Any] | None:
        for container in stack.containers("dagster/run_id"):
            try:
                container.reload()
            except NotFound:
                continue
            attributes: dict[str, Any] = container.attrs
            if len(attributes["NetworkSettings"]["Networks"]) >= len(NETWORKS):
                return attributes
        return None

    attributes = await_condition(inspect, "a run's container", 300)
    host = attributes["HostConfig"]
    assert host["Memory"] == int(MEMORY_LIMIT.removesuffix("m")) << 20
    assert host["ReadonlyRootfs"]
    assert host["AutoRemove"]
    assert not host["Privileged"]
    assert host["CapDrop"] == ["ALL"]
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert attributes["Config"]["User"] == "goodsflow"
    networks = attributes["NetworkSettings"]["Networks"]
    assert {network.split("_")[0] for network in networks} == {stack.project}
    assert not {f"{stack.project}_zookeeper", f"{stack.project}_published"} & {
        *networks
    }
    find = "cat /goodsflow/secrets/*/*.password; cut -d: -f5 /goodsflow/secrets/pgpass"
    printed = stack.execute("dagster-code", "sh", "-c", find.replace("; ", "; echo; "))
    secrets = [line for line in printed.split() if line]
    assert len(secrets) >= 2
    shown = json.dumps(attributes)
    assert [secret for secret in secrets if secret in shown] == []


def test_the_proxy_alone_has_the_engines_socket(stack: Stack) -> None:
    """Who holds it is root on the host."""
    holders = {
        container.labels["com.docker.compose.service"]
        for container in stack.containers()
        if any("docker.sock" in mount["Source"] for mount in container.attrs["Mounts"])
    }
    assert holders == {"docker-proxy"}


@pytest.mark.parametrize(
    ("service", "method", "path"),
    [
        ("dagster-code", "GET", "/info"),
        ("dagster-code", "GET", "/containers/json"),
        ("dagster-code", "POST", "/containers/create"),
        ("dagster-code", "POST", "/containers/goodsflow-test-kafka-0-1/restart"),
        ("dagster-code", "POST", "/containers/goodsflow-test-blocking-1/stop"),
        ("dagster-code", "GET", "/containers/goodsflow-test-blocking-1/logs?stdout=1"),
        ("dagster-webserver", "POST", "/containers/create"),
        ("dagster-webserver", "GET", "/images/json"),
        ("dagster-daemon", "POST", "/containers/create"),
        ("dagster-daemon", "POST", f"/containers/{'a' * 64}/exec"),
        ("dagster-daemon", "DELETE", f"/containers/{'a' * 64}"),
        ("dagster-daemon", "POST", "/build"),
    ],
)
def test_the_proxy_refuses_what_is_not_needed(
    stack: Stack, service: str, method: str, path: str
) -> None:
    """Whoever takes one of Dagster's parts over should not have the host as well."""
    body = '{"Image": "goodsflow/python:0.2.0", "HostConfig": {"Binds": ["/:/host"]}}'
    printed = stack.execute(
        *(service, "curl", "--silent", "--output", "/dev/null", "--noproxy", "*"),
        *("--write-out", "%{http_code}", "--request", method),
        *("--header", "Content-Type: application/json", "--data", body),
        f"http://docker-proxy:2375{path}",
    )
    assert printed == "403"


@pytest.mark.timeout(900)
def test_a_part_that_stands_still_is_seen_through_the_engine(stack: Stack) -> None:
    """With no supervisor to ask, a container that hangs would look healthy."""
    check = "recommendations parts_up"
    stack.await_evaluated(check, passed=True, timeout_seconds=240)
    [container] = stack.containers("com.docker.compose.service=spark-worker")
    await_condition(lambda: is_paused(container), "the engine pauses the part", 60)
    try:
        stack.await_evaluated(check, passed=False, timeout_seconds=240)
    finally:
        container.unpause()
    stack.await_evaluated(check, passed=True, timeout_seconds=240)


@pytest.mark.timeout(600)
def test_a_service_is_started_anew_by_the_job(stack: Stack) -> None:
    """Who has only the UI could do nothing about a service that is stuck."""

    def started_at() -> str:
        [container] = stack.containers("com.docker.compose.service=shop-api")
        return str(container.attrs["State"]["StartedAt"])

    before = started_at()
    [code] = stack.ask(
        """{ repositoriesOrError { ... on RepositoryConnection { nodes {
          name location { name } } } } }"""
    )["repositoriesOrError"]["nodes"]
    launched = stack.ask(
        f"""mutation {{ launchRun(executionParams: {{
          selector: {{repositoryLocationName: "{code["location"]["name"]}",
            repositoryName: "{code["name"]}", jobName: "restart_service"}},
          runConfigData: {{ops: {{restart: {{config: {{service: "shop-api"}}}}}}}}
        }}) {{ __typename ... on LaunchRunSuccess {{ run {{ runId }} }} }} }}"""
    )["launchRun"]
    run_id = launched["run"]["runId"]
    await_condition(lambda: stack.status(run_id) in _FINISHED, "the run's end", 240)
    assert stack.status(run_id) == "SUCCESS"
    assert started_at() > before


@pytest.mark.timeout(600)
def test_a_killed_run_is_noticed_and_its_work_done(stack: Stack) -> None:
    """A run that dies unseen holds up every recommendation after it."""

    def kill() -> str | None:
        found = stack.run_under_way()
        if found is None:
            return None
        run_id, container = found
        try:
            container.kill()
        except docker.errors.APIError:
            return None
        return run_id if stack.status(run_id) == "STARTED" else None

    since = time.time()
    run_id = await_condition(kill, "a run to kill", 300)
    killed_at = time.monotonic()
    state = stack.state()
    await_condition(
        lambda: stack.status(run_id) == "FAILURE",
        "the killed run has failed",
        _NOTICED_SECONDS,
    )
    print(f"noticed after {time.monotonic() - killed_at:.1f} s")

    def after() -> list[dict[str, Any]] | None:
        reports = stack.reports(since)
        starts = [report["offsets before"] for report in reports]
        if state["offsets"] not in starts:
            return None
        return reports[starts.index(state["offsets"]) :]

    await_condition(after, "the next run's success, from where the group was left", 240)
    print(f"the next one was done after {time.monotonic() - killed_at:.1f} s")

    def adds_up() -> bool:
        made = sum(report["cards out"] for report in after() or [])
        return stack.state()["cards"] == state["cards"] + made

    await_condition(adds_up, "the topic holds the cards of the runs", 120)


@pytest.mark.timeout(600)
def test_a_run_can_be_ended_in_the_ui(stack: Stack) -> None:
    """A run that hangs would have to be killed by hand, on the host."""

    def terminate() -> str | None:
        found = stack.run_under_way()
        if found is None:
            return None
        run_id, _ = found
        answer = stack.ask(
            f'mutation {{ terminateRun(runId: "{run_id}") {{ __typename }} }}'
        )
        done = answer["terminateRun"]["__typename"] == "TerminateRunSuccess"
        return run_id if done else None

    run_id = await_condition(terminate, "a run to end", 300)

    def ended() -> bool:
        return stack.status(run_id) in _FINISHED

    # One that does not end by itself is killed after 10 s, and counted after 40.
    await_condition(ended, "the run's end", 120)

    def removed() -> bool:
        return not stack.containers(f"dagster/run_id={run_id}")

    await_condition(removed, "the container's removal", 30)
