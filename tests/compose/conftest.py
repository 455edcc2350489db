"""The stack: built, brought up once for all tests that need it, and removed."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from tests.compose.stack import (
    Stack,
    compose,
    run,
    say,
    show_what_is_wrong,
    upstream_images_are_there,
)

_FILES = "docker-compose.yml:tests/compose/compose.tests.yml"
_WITHOUT_UPSTREAM = "containers/without-upstream.yml"
_BUILD_SECONDS = 1200
_NEED_NO_STACK = ("test_bad_input", "test_engine_processes")
_FIRST = ("test_bad_input", "test_engine_processes", "test_flow")
_LAST = ("test_restart",)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run first what needs no stack, then the flow; a restart of all comes last."""

    def place(item: pytest.Item) -> int:
        name = item.path.stem
        if name in _FIRST:
            return _FIRST.index(name)
        return len(_FIRST) + (name in _LAST)

    items.sort(key=place)


def build(*arguments: str) -> None:
    """Build images; what the steps print is shown where one fails."""
    os.environ["BUILDKIT_PROGRESS"] = "plain"
    compose(*arguments, timeout_seconds=_BUILD_SECONDS)


@pytest.fixture(scope="session")
def images() -> None:
    """Every image, built."""
    os.environ["COMPOSE_FILE"] = _FILES
    if not upstream_images_are_there():
        say(f"testing without them: {_WITHOUT_UPSTREAM}")
        os.environ["COMPOSE_FILE"] = f"{_FILES}:{_WITHOUT_UPSTREAM}"
    started = time.monotonic()
    try:
        build("--profile", "tools", "build")
        # Of the image that has just been built.
        build("build", "tests")
    except AssertionError as error:
        pytest.exit(f"The images could not be built:\n{error}", returncode=1)
    say(f"built in {time.monotonic() - started:.0f} s")


@pytest.fixture(scope="session")
def platform(images: None, request: pytest.FixtureRequest) -> Iterator[Stack]:
    """The stack that is up; removed afterwards."""
    stack = Stack()
    started = time.monotonic()
    try:
        stack.up()
        stack.up_seconds = time.monotonic() - started
        say(f"up in {stack.up_seconds:.0f} s")
        yield stack
        if request.session.testsfailed:
            show_what_is_wrong()
    except AssertionError as error:
        show_what_is_wrong()
        pytest.exit(f"The stack did not come up:\n{error}", returncode=1)
    finally:
        project = os.environ["COMPOSE_PROJECT_NAME"]
        of_project = f"label=com.docker.compose.project={project}"
        # Dagster's runs are not the file's.
        left = run("docker", "ps", "--all", "--quiet", "--filter", of_project).stdout
        if left:
            run("docker", "rm", "--force", "--volumes", *left.split(), check=False)
        compose("--profile", "*", "down", "--volumes", "--remove-orphans")


@pytest.fixture(autouse=True)
def _up(request: pytest.FixtureRequest) -> None:
    """Have the stack up for every test that is not about its not coming up."""
    needed = request.path.stem not in _NEED_NO_STACK
    request.getfixturevalue("platform" if needed else "images")
