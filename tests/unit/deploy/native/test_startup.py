"""Starting small real programs: their order, and reports of failures."""

from __future__ import annotations

import time
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import psutil
import pytest
from rich.console import Console

from goodsflow.deploy.native import supervisor
from goodsflow.deploy.native.addresses import endpoints_of
from goodsflow.deploy.native.errors import PartFailedError
from goodsflow.deploy.native.home import Home
from goodsflow.deploy.native.parts import BOOTSTRAP, Part, to_program
from goodsflow.deploy.native.ports import Ports
from goodsflow.deploy.native.probes import NotReadyError
from goodsflow.deploy.native.progress import Progress
from goodsflow.deploy.native.startup import _BOOTSTRAP_NEEDS, Startup
from goodsflow.deploy.native.status import count_starts
from goodsflow.deploy.native.supervisor import SupervisorClient
from goodsflow.deploy.native.supervisor_config import render_config

RUNS = "touch $PART_CONFIG_DIR.up; exec sleep 300"


def is_up(home: Home, name: str) -> Callable[[], None]:
    """Return a check that the script of a part has come to its end."""

    def check() -> None:
        if not Path(f"{home.config(name)}.up").exists():
            raise NotReadyError("is cold")

    return check


def never() -> None:
    """Be never ready."""
    raise NotReadyError("is cold")


def part(home: Home, name: str, script: str = RUNS, **fields: Any) -> Part:
    """Return a part that runs a script of its own."""
    folder = home.root / "scripts" / name
    folder.mkdir(parents=True)
    (folder / "run.sh").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "run.sh").chmod(0o700)
    fields = {"check": is_up(home, name)} | fields
    return Part(name=name, folder=str(folder), environment={}, address="", **fields)


class Begun:
    """A start over a real supervisor, and what it has shown."""

    def __init__(
        self, home: Home, *parts: Part, url: str = "", ready: tuple[str, ...] = ()
    ) -> None:
        """Start the supervisor with these parts."""
        config = render_config(home, (to_program(home, part) for part in parts))
        (home.run / "supervisord.conf").write_text(config)
        supervisor.start(home)
        self.output = StringIO()
        endpoints = endpoints_of(home, Ports()).replace(dagster_url=url)
        progress = Progress(Console(file=self.output))
        self.startup = Startup(home, endpoints, parts, ready, progress)


def test_a_part_starts_after_what_it_needs(home: Home) -> None:
    """A broker without its ZooKeeper would die a few times."""
    first = part(home, "first")
    second = part(
        home, "second", f"[ -e {home.config('first')}.up ] && {RUNS}", needs=("first",)
    )
    third = part(home, "third", needs=(BOOTSTRAP,))
    begun = Begun(home, second, first, third)
    begun.startup.run(bootstrap=False)
    assert begun.startup.started.index("first") < begun.startup.started.index("second")
    assert set(begun.startup.started) == {"first", "second", "third"}
    for name in ("first", "second", "third"):
        assert f"✓ {name} (" in begun.output.getvalue()


def test_a_ready_part_keeps_running(home: Home) -> None:
    """A second `up` must not restart anything."""
    begun = Begun(home, part(home, "a"), part(home, "b"), ready=("a",))
    begun.startup.run(bootstrap=False)
    assert begun.startup.started == ["b"]


def test_a_dying_part_is_reported_with_its_log(home: Home) -> None:
    """Users would otherwise wait for minutes, then search for the log."""
    script = "seq 100; echo no such thing >&2; exit 1"
    begun = Begun(home, part(home, "a", script, check=never, deaths_allowed=0))
    with pytest.raises(PartFailedError) as caught:
        begun.startup.run(bootstrap=False)
    message = str(caught.value)
    assert message.startswith("a died 1 time. The end of its log:\n  | ")
    assert "\n  | 99\n  | 100\n  | no such thing\n" in message
    assert "  | 1\n" not in message
    assert message.endswith(f"The complete log is {home.log('a')}.")
    assert "✗ a" in begun.output.getvalue()


def run_for_weeks(home: Home, name: str) -> None:
    """Start a part before `up` does, and let it have died often since."""
    SupervisorClient(home.socket).start(name)
    deadline = time.monotonic() + 20
    while not count_starts(home, name):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with home.starts(name).open("a") as starts:
        starts.write("1 1\n" * 40)


def test_earlier_deaths_of_a_running_part_do_not_count(home: Home) -> None:
    """The first failed probe used to end `make up`."""
    looks = iter([False])

    def check() -> None:
        if not next(looks, True):
            raise NotReadyError("is cold")

    begun = Begun(home, part(home, "a", check=check, deaths_allowed=0))
    run_for_weeks(home, "a")
    begun.startup.run(bootstrap=False)
    assert begun.startup.started == []


def test_new_deaths_of_a_running_part_count(
    home: Home,
) -> None:
    """The start would otherwise wait until the timeout."""
    ends = home.root / "ends"

    def check() -> None:
        if not ends.exists():
            ends.touch()
            (process,) = SupervisorClient(home.socket).processes()
            psutil.Process(process.pid).kill()
        raise NotReadyError("is cold")

    script = f"[ -e {ends} ] && exit 1; exec sleep 300"
    begun = Begun(home, part(home, "a", script, check=check, deaths_allowed=1))
    run_for_weeks(home, "a")
    with pytest.raises(PartFailedError, match=r"a died [2-4] times"):
        begun.startup.run(bootstrap=False)
    assert begun.startup.started == []


def test_a_part_that_cannot_be_executed_is_reported(home: Home) -> None:
    """A copy of the project can lose the mode of a script."""
    broken = part(home, "a", check=never, deaths_allowed=0)
    (Path(broken.folder) / "run.sh").chmod(0o600)
    begun = Begun(home, broken)
    with pytest.raises(PartFailedError, match=r"a died 1 time.*\n.*Permission denied"):
        begun.startup.run(bootstrap=False)


def test_a_part_that_is_never_ready_times_out_and_cancels_the_others(
    home: Home,
) -> None:
    """The others would otherwise delay the failure until they are ready."""
    slow = part(home, "slow", check=never, ready_seconds=300)
    hangs = part(home, "hangs", "exec sleep 300", check=never, ready_seconds=1)
    waits = part(home, "waits", needs=("hangs",))
    begun = Begun(home, slow, hangs, waits)
    began = time.monotonic()
    with pytest.raises(PartFailedError) as caught:
        begun.startup.run(bootstrap=False)
    assert time.monotonic() - began < 30
    assert "hangs was not ready within 1 s: is cold." in str(caught.value)
    assert set(begun.startup.started) == {"slow", "hangs"}


def answer_as_dagster(
    web: Any, *statuses: str, errors: tuple[dict[str, Any], ...] = ()
) -> None:
    """Have the server launch a run, which has these statuses one after the other."""
    pending = list(statuses)
    location = {
        "__typename": "RepositoryLocation",
        "name": "l",
        "repositories": [{"name": "r"}],
    }

    def respond(_path: str, body: dict[str, Any]) -> tuple[int, object]:
        status = pending.pop(0) if "runOrError" in body["query"] else ""
        answers = {
            "workspaceOrError": {
                "__typename": "Workspace",
                "locationEntries": [{"name": "l", "locationOrLoadError": location}],
            },
            "launchRun": {"__typename": "LaunchRunSuccess", "run": {"runId": "r1"}},
            "runOrError": {
                "__typename": "Run",
                "status": status,
                "eventConnection": {"events": list(errors)},
            },
            "terminateRun": {"__typename": "TerminateRunSuccess"},
        }
        name = next(name for name in answers if name in body["query"])
        return 200, {"data": {name: answers[name]}}

    web.respond = respond


def test_services_start_after_the_bootstrap(home: Home, web: Any) -> None:
    """Before that, their topics do not exist."""
    answer_as_dagster(web, "STARTED", "SUCCESS")
    service = part(home, "service", needs=(BOOTSTRAP,))
    begun = Begun(home, service, url=web.url, ready=_BOOTSTRAP_NEEDS)
    begun.startup.run(bootstrap=True)
    shown = begun.output.getvalue()
    assert shown.index(f"✓ {BOOTSTRAP}") < shown.index("… service")


def test_a_bootstrap_that_fails_names_its_errors_and_its_page(
    home: Home, web: Any
) -> None:
    """Dagster's UI has the errors, but is about to be stopped."""
    event = {
        "__typename": "ExecutionStepFailureEvent",
        "stepKey": "inbound_topics",
        "error": {"message": "Failure: no broker", "causes": []},
    }
    answer_as_dagster(web, "STARTED", "FAILURE", errors=(event,))
    service = part(home, "service", needs=(BOOTSTRAP,))
    begun = Begun(home, service, url=web.url, ready=_BOOTSTRAP_NEEDS)
    with pytest.raises(PartFailedError) as caught:
        begun.startup.run(bootstrap=True)
    assert str(caught.value) == (
        "The bootstrap run r1 ended with FAILURE:\n"
        "  inbound_topics: Failure: no broker\n"
        f"See its log at {web.url}/runs/r1"
    )
    assert begun.startup.started == []


def test_a_cancelled_bootstrap_is_terminated_in_dagster(home: Home, web: Any) -> None:
    """It would otherwise continue while the brokers stop."""
    answer_as_dagster(web, *["STARTED"] * 1000)
    broken = part(home, "broken", "exit 1", check=never, deaths_allowed=0)
    begun = Begun(home, broken, url=web.url, ready=_BOOTSTRAP_NEEDS)
    with pytest.raises(PartFailedError, match="broken died"):
        begun.startup.run(bootstrap=True)
    assert "terminateRun" in web.requests[-1][1]["query"]
