"""The real supervisor, with small programs."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil
import pytest

from goodsflow.deploy.native import orphans, supervisor
from goodsflow.deploy.native.errors import SupervisorEndsError, SupervisorError
from goodsflow.deploy.native.home import Home
from goodsflow.deploy.native.launcher import clean, down
from goodsflow.deploy.native.status import count_restarts, count_starts
from goodsflow.deploy.native.supervisor import ProcessState, SupervisorClient
from goodsflow.deploy.native.supervisor_config import Program, render_config

RUNS = "exec sleep 300"


def ends(name: str, after_seconds: float) -> str:
    """Return a script that, on SIGTERM, waits and then writes its name."""
    return (
        f'trap \'sleep {after_seconds}; echo {name} >>"$GOODSFLOW_HOME/ended"; '
        "exit 0' TERM\nwhile :; do sleep 0.05; done"
    )


def configure(
    home: Home, scripts: Mapping[str, str], **environment: Mapping[str, str]
) -> None:
    """Write the supervisor's configuration for programs with these scripts."""
    programs = []
    for name, script in scripts.items():
        file = home.root / f"{name}.sh"
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o700)
        variables = {
            "GOODSFLOW_HOME": str(home.root),
            "GOODSFLOW_STARTS_FILE": str(home.starts(name)),
            "GOODSFLOW_TEMP_DIR": str(home.temporary_of(name)),
            "PART_NAME": name,
            **environment.get(name, {}),
        }
        programs.append(Program(name, file, variables))
    config = render_config(home, programs)
    (home.run / "supervisord.conf").write_text(config)


def await_that(condition: Callable[[], object], seconds: float = 20) -> None:
    """Wait until the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.05)


def states(home: Home) -> dict[str, ProcessState]:
    """Return the supervisor's state of each program."""
    return {p.name: p for p in SupervisorClient(home.socket).processes()}


def is_gone(process: psutil.Process) -> bool:
    """Return whether a process has ended; an orphan's parent may not reap it."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def started(home: Home, name: str) -> psutil.Process:
    """Start a program and return its process, the script having become its own."""
    SupervisorClient(home.socket).start(name)
    await_that(lambda: states(home)[name].pid and count_starts(home, name))
    return psutil.Process(states(home)[name].pid)


def test_a_program_starts_on_request_with_its_environment(home: Home) -> None:
    """A value that is cut off or expanded would misconfigure a part."""
    value = "50% of 'x', %(here)s = $HOME;#1"
    configure(
        home,
        {"a": f'printf "[%s]\\n" "$VALUE"\n{RUNS}', "b": RUNS},
        a={"VALUE": value},
    )
    supervisor.start(home)
    assert {name: p.state for name, p in states(home).items()} == {
        "a": "STOPPED",
        "b": "STOPPED",
    }
    started(home, "a")
    await_that(lambda: home.log("a").read_text() == f"[{value}]\n")
    SupervisorClient(home.socket).start("a")
    assert count_restarts(home, "a") == 0
    assert states(home)["b"].pid is None
    assert states(home)["a"].started_at == pytest.approx(time.time(), abs=60)
    # A log, and the socket that takes commands, are nobody else's.
    for path in (home.log("a"), home.starts("a"), home.socket):
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_killed_program_is_restarted_and_counted(home: Home) -> None:
    """A part that dies every minute looks healthy most of the time."""
    configure(home, {"a": RUNS})
    supervisor.start(home)
    first = started(home, "a")
    first.kill()
    await_that(lambda: count_restarts(home, "a") == 1)
    await_that(lambda: states(home)["a"].pid not in {None, first.pid})


def test_update_affects_only_changed_programs(home: Home) -> None:
    """Restarting every part because of one new setting would be an outage."""
    configure(home, {"kept": RUNS, "changed": RUNS, "removed": RUNS})
    supervisor.start(home)
    processes = {name: started(home, name) for name in ("kept", "changed", "removed")}
    configure(
        home, {"kept": RUNS, "changed": RUNS, "added": RUNS}, changed={"NEW": "1"}
    )
    stopped = SupervisorClient(home.socket).update()
    assert sorted(stopped) == ["changed", "removed"]
    assert {name: p.pid for name, p in states(home).items()} == {
        "kept": processes["kept"].pid,
        "changed": None,
        "added": None,
    }
    assert is_gone(processes["removed"])
    again = started(home, "changed")
    # Between fork and exec it still shows the supervisor's own environment.
    await_that(lambda: again.environ().get("NEW") == "1")
    assert SupervisorClient(home.socket).update() == []


def test_dependencies_stop_last(home: Home) -> None:
    """Without its ZooKeeper, a broker takes minutes to end."""
    scripts = {"z": ends("z", 0), "k": ends("k", 0.3), "a": ends("a", 0.6)}
    configure(home, scripts)
    supervisor.start(home)
    processes = [started(home, name) for name in scripts]
    supervisor.stop(home, last=[{"k", "not there"}, {"z"}])
    assert (home.root / "ended").read_text().split() == ["a", "k", "z"]
    assert not supervisor.is_running(home)
    assert all(is_gone(process) for process in processes)
    assert not home.supervisor_pid_file.exists()


def test_a_program_that_keeps_dying_is_stopped_for_good(home: Home) -> None:
    """It may be between two starts, and must not come back."""
    configure(home, {"a": "exit 1"})
    supervisor.start(home)
    SupervisorClient(home.socket).start("a")
    await_that(lambda: states(home)["a"].state == "BACKOFF")
    SupervisorClient(home.socket).stop("a")
    assert states(home)["a"].state == "STOPPED"
    SupervisorClient(home.socket).stop("a")


def test_orphans_of_a_killed_supervisor_are_found(home: Home) -> None:
    """They occupy ports and data, so that the next start would fail."""
    configure(home, {"a": f"sleep 300 &\n{RUNS}", "b": RUNS})
    supervisor.start(home)
    parts = [started(home, "a"), started(home, "b")]
    await_that(parts[0].children)
    parts += parts[0].children()
    bystander = psutil.Popen(
        ["sleep", "300"], env=os.environ | {"GOODSFLOW_HOME": str(home.root)}
    )
    try:
        pid = int(home.supervisor_pid_file.read_text())
        os.kill(pid, signal.SIGKILL)
        await_that(lambda: not supervisor.is_running(home))
        with pytest.raises(SupervisorError, match="is not running"):
            supervisor.stop(home)
        found = orphans.find_orphans(home.root)
        assert found == dict(zip(parts, ("a", "b", "a"), strict=True))
        assert orphans.stop_orphans(home.root) == ["a", "b"]
        assert not orphans.find_orphans(home.root)
        assert orphans.stop_orphans(home.root) == []
        # One who only names the folder, as a client does, is not a part.
        assert bystander.poll() is None
        # Its socket and its pid file are left, and are no hindrance.
        assert home.supervisor_pid_file.exists()
        supervisor.start(home)
        started(home, "a")
    finally:
        bystander.kill()
        bystander.wait(10)


def test_an_orphan_that_ignores_sigterm_is_killed(home: Home) -> None:
    """A JVM that hangs during its shutdown would block the folder forever."""
    configure(home, {"a": "trap '' TERM\nwhile :; do sleep 0.05; done"})
    supervisor.start(home)
    part = started(home, "a")
    os.kill(int(home.supervisor_pid_file.read_text()), signal.SIGKILL)
    await_that(lambda: not supervisor.is_running(home))
    assert orphans.stop_orphans(home.root, timeout_seconds=0.5) == ["a"]
    assert is_gone(part)


@pytest.mark.parametrize("command", [down, clean])
def test_parts_of_a_deleted_folder_are_stopped_with_their_supervisor(
    home: Home, command: Callable[[Path], object]
) -> None:
    """After `rm -rf .goodsflow`, the supervisor used to restart the parts."""
    configure(home, {"a": RUNS, "b": ends("b", 0.5)})
    supervisor.start(home)
    processes = [started(home, "a"), started(home, "b")]
    processes.append(psutil.Process(int(home.supervisor_pid_file.read_text())))
    shutil.rmtree(home.root)
    try:
        assert command(home.root) in (["a", "b"], True)
        assert all(is_gone(process) for process in processes)
        assert command(home.root) in ([], False)
        assert not home.root.exists()
    finally:
        for process in reversed(processes):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


def test_parts_that_an_ending_supervisor_restarts_are_stopped(home: Home) -> None:
    """Until it handles SIGTERM, it restarts parts that end."""
    script = "trap 'PART_NAME=a sleep 300 & exit 0' TERM; while :; do sleep 0.05; done"
    variables = {"GOODSFLOW_HOME": str(home.root), "PART_NAME": supervisor.PROGRAM}
    manager = psutil.Popen(["sh", "-c", script], env=os.environ | variables)
    await_that(manager.children)
    assert orphans.stop_orphans(home.root) == ["a"]
    assert not orphans.find_orphans(home.root)
    assert manager.wait(10) == 0


def test_a_start_waits_for_an_ending_supervisor(home: Home) -> None:
    """After an interrupted `down`, the old one deleted its successor's socket."""
    configure(home, {"a": ends("a", 0.5)})
    supervisor.start(home)
    started(home, "a")
    old = psutil.Process(int(home.supervisor_pid_file.read_text()))
    SupervisorClient(home.socket).shutdown()
    assert old.is_running()
    supervisor.start(home)
    assert is_gone(old)
    assert (home.root / "ended").read_text() == "a\n"
    assert states(home)["a"].state == "STOPPED"


def test_a_stop_waits_for_an_ending_supervisor(home: Home) -> None:
    """A `down` after an interrupted `down` must succeed."""
    configure(home, {"a": ends("a", 0.5)})
    supervisor.start(home)
    started(home, "a")
    old = psutil.Process(int(home.supervisor_pid_file.read_text()))
    client = SupervisorClient(home.socket)
    client.shutdown()
    with pytest.raises(SupervisorEndsError):
        client.start("a")
    supervisor.stop(home)
    assert is_gone(old)


def test_a_stale_pid_file_is_ignored(home: Home) -> None:
    """After a reboot, another process may have the ID."""
    configure(home, {})
    home.supervisor_pid_file.write_text(str(os.getpid()))
    with pytest.raises(SupervisorError, match="is not running"):
        supervisor.stop(home)
    supervisor.start(home)
    assert supervisor.is_running(home)


def test_without_a_supervisor_every_command_reports_it(home: Home) -> None:
    """A bare 'No such file or directory' does not help."""
    assert not supervisor.is_running(home)
    client = SupervisorClient(home.socket)
    for command in (client.processes, client.update, client.shutdown):
        with pytest.raises(SupervisorError, match=r"does not answer.*`goodsflow up`"):
            command()
    home.socket.write_text("no socket")
    assert not supervisor.is_running(home)


def test_an_unknown_program_is_rejected_by_name(home: Home) -> None:
    """A part that is not in the configuration must not count as started."""
    configure(home, {})
    supervisor.start(home)
    with pytest.raises(SupervisorError, match="refused the command: BAD_NAME: lost"):
        SupervisorClient(home.socket).start("lost")


def test_an_invalid_configuration_is_explained(home: Home) -> None:
    """The supervisor prints the reason where nobody sees it."""
    (home.run / "supervisord.conf").write_text("[program:a]\n")
    with pytest.raises(SupervisorError, match=r"did not start: .*supervisord"):
        supervisor.start(home)
