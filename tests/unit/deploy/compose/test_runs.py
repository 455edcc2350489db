"""A run's container, as dagster-docker requests it and as the proxy permits it."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import dagster as dg
import pytest
import yaml
from dagster._core.code_pointer import ModuleCodePointer
from dagster._core.launcher import LaunchRunContext
from dagster._core.origin import RepositoryPythonOrigin

from goodsflow.deploy.compose.runs import run_launcher
from goodsflow.model.endpoints import PROJECT_ROOT

IMAGE = "goodsflow/python:0.2.0"
PROJECT = "some-project"
PROXY = PROJECT_ROOT / "containers" / "docker-proxy"


class FakeEngine(BaseHTTPRequestHandler):
    """A fake Docker engine that records requests."""

    created: str = ""
    connected: list[str]

    def do_GET(self) -> None:
        """Answer about a version, a container or a network."""
        if self.path == "/version":
            self._answer({"ApiVersion": "1.41", "MinAPIVersion": "1.12"})
        else:
            self._answer({"Id": "a" * 64, "State": {"Status": "created"}})

    def do_POST(self) -> None:
        """Create, connect or start."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path.endswith("/containers/create"):
            type(self).created = body
        elif self.path.endswith("/connect"):
            type(self).connected.append(body)
        self._answer({"Id": "a" * 64})

    def _answer(self, content: dict[str, object]) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep the tests' output free of requests."""


@contextmanager
def fake_engine() -> Iterator[tuple[str, type[FakeEngine]]]:
    """Serve a fake engine; return its address and its records."""
    handler = type("Engine", (FakeEngine,), {"connected": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"tcp://127.0.0.1:{server.server_port}", handler
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def launched(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[str]]:
    """The launcher's requests to create and connect a container."""
    home = tmp_path_factory.mktemp("dagster")
    configuration = {"run_launcher": run_launcher(PROJECT)}
    (home / "dagster.yaml").write_text(yaml.safe_dump(configuration))
    job = dg.GraphDefinition(node_defs=[_nothing], name="bootstrap").to_job()
    origin = RepositoryPythonOrigin(
        "/opt/venv/bin/python",
        ModuleCodePointer("dagster_project.definitions", "defs", "/opt/goodsflow"),
        container_image=IMAGE,
        entry_point=["/opt/venv/bin/python", "-m", "dagster"],
    ).get_job_origin("bootstrap")
    with (
        fake_engine() as (address, engine),
        dg.DagsterInstance.from_config(str(home)) as instance,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("DOCKER_HOST", address)
        run = instance.create_run_for_job(job, job_code_origin=origin)
        instance.run_launcher.launch_run(LaunchRunContext(run, workspace=None))
        return engine.created, engine.connected


@dg.op
def _nothing() -> None:
    """Do nothing."""


def pattern() -> re.Pattern[str]:
    """Return what the proxy compares with, as its run.sh renders it."""
    text = (PROXY / "run-container.regex").read_text().replace("\n", "")
    return re.compile(
        text.replace("@IMAGE@", re.escape(IMAGE)).replace("@PROJECT@", PROJECT)
    )


def test_the_proxy_permits_what_the_launcher_creates(
    launched: tuple[str, list[str]],
) -> None:
    """A newer docker-py with another JSON format would stop every run."""
    created, connected = launched
    assert pattern().search(created), created
    assert len(connected) == len(run_launcher(PROJECT)["config"]["networks"]) - 1


def test_a_runs_environment_has_only_its_job(
    launched: tuple[str, list[str]],
) -> None:
    """`docker inspect` shows the environment to all users of the engine."""
    assert json.loads(launched[0])["Env"] == ["DAGSTER_RUN_JOB_NAME=bootstrap"]


@pytest.mark.parametrize(
    ("part", "instead"),
    [
        ('"HostConfig": {', '"HostConfig": {"Privileged": true, '),
        ('"AutoRemove": true', '"AutoRemove": true, "CapAdd": ["ALL"]'),
        (f"{PROJECT}_dagster:/data:rw", "/:/data:rw"),
        ("/goodsflow:ro", "/goodsflow:rw"),
        ('"-m", "dagster"', '"-m", "http.server"'),
        (f'"Image": "{IMAGE}"', '"Image": "debian"'),
        ('"ReadonlyRootfs": true', '"ReadonlyRootfs": false'),
        ('"Tty": false', '"Tty": false, "User": "root"'),
        ("DAGSTER_RUN_JOB_NAME=", "LD_PRELOAD="),
        ('"Labels": {', '"hostconfig": {"Privileged": true}, "Labels": {'),
    ],
)
def test_the_proxy_permits_no_other_container(
    launched: tuple[str, list[str]], part: str, instead: str
) -> None:
    """A client that can create any container is root on the host."""
    created, _ = launched
    # What comes last is the container's own: the run's configuration names some too.
    before, found, after = created.rpartition(part)
    assert found
    assert not pattern().search(before + instead + after)
    assert not pattern().search(created + before + instead + after)


def test_the_memory_limit_is_the_same_in_both_places() -> None:
    """Changed in only one place, it would stop every run."""
    limit = run_launcher(PROJECT)["config"]["container_kwargs"]["mem_limit"]
    assert f'"Memory": {int(limit.removesuffix("m")) << 20},' in pattern().pattern
