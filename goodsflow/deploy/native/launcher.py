"""Starting, stopping and deleting a native platform."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from goodsflow.clients.dagster.client import write_instance_config
from goodsflow.common.atomic_file import write_whole
from goodsflow.common.counting import counted
from goodsflow.deploy.native import build, orphans, supervisor
from goodsflow.deploy.native.catalog import STOP_LAST
from goodsflow.deploy.native.errors import NativeError, PreflightError, SupervisorError
from goodsflow.deploy.native.home import Home, HomeSettings
from goodsflow.deploy.native.parts import to_program
from goodsflow.deploy.native.platform import NativePlatform, open_platform, settings_of
from goodsflow.deploy.native.ports import check_free
from goodsflow.deploy.native.progress import Progress
from goodsflow.deploy.native.rotation import finish, recover_before_start
from goodsflow.deploy.native.secrets import make_missing_secrets
from goodsflow.deploy.native.startup import Startup
from goodsflow.deploy.native.status import PartStatus
from goodsflow.deploy.native.supervisor_config import render_config
from goodsflow.model.endpoints import PROJECT_ROOT
from goodsflow.model.spec import Platform, load_platform

_MIN_FREE_BYTES = 2 * 1024**3


def up(
    root: Path, progress: Progress, *, port_offset: int | None = None
) -> tuple[NativePlatform, list[PartStatus]]:
    """Start the platform in ``root``; parts that are already up keep running.

    Returns:
        The platform, and its parts, all ready.

    Raises:
        NativeError: Something failed; the parts that were started are stopped again.
        SpecError: The declaration is invalid; nothing was started.
    """
    spec = load_platform(PROJECT_ROOT / "platform.yaml")
    platform = open_platform(root, port_offset=port_offset)
    home = platform.home
    home.make()
    with home.locked():
        _prepare(platform, spec, progress, port_offset)
        has_started_supervisor = _ensure_supervisor(platform)
        recover_before_start(platform, spec, cold=has_started_supervisor)
        statuses = platform.status()
        ready = [s.name for s in statuses if s.state == "ready"]
        absent = [s.name for s in statuses if s.pid is None]
        digest = _declaration_digest()
        bootstrapped = _read(home.bootstrap_stamp)
        startup = Startup(home, platform.endpoints, platform.parts, ready, progress)
        undo = _undo(home, startup, everything=has_started_supervisor)
        try:
            check_free(platform.ports, absent)
            missing = len(ready) < len(platform.parts)
            startup.run(bootstrap=missing or bootstrapped != digest)
            finish(platform, spec, progress)
            home.bootstrap_stamp.write_text(digest)
        except BaseException:
            undo(progress)
            raise
        return platform, platform.status()


def _prepare(
    platform: NativePlatform,
    spec: Platform,
    progress: Progress,
    port_offset: int | None,
) -> None:
    """Build and write everything that must exist before the first part starts."""
    home = platform.home
    free = shutil.disk_usage(home.root).free
    if free < _MIN_FREE_BYTES:
        raise PreflightError(
            f"Only {free / 1024**2:.0f} MiB are free in {home.root}, but the platform "
            f"needs {_MIN_FREE_BYTES / 1024**3:.0f} GiB. Free some disk space."
        )
    offset = settings_of(home, port_offset).port_offset
    if (
        port_offset is not None
        and home.settings_file.exists()
        and offset != port_offset
    ):
        raise PreflightError(
            f"The platform in {home.root} uses port offset {offset}. To change the "
            "offset, delete the platform first with `goodsflow clean`."
        )
    build.check_java()
    if not build.is_built():
        progress.begin("build", "Maven downloads and builds the JVM parts")
        build.build(home.log("build"))
        progress.done("build")
    progress.begin("certificates and secrets")
    _make_certificates(home)
    made = make_missing_secrets(home.secrets, spec)
    progress.done(
        "certificates and secrets", counted(made, "new secret") if made else ""
    )
    settings = HomeSettings(
        port_offset=platform.ports.offset, monitored=platform.ports.monitored
    )
    _write_if_changed(home.settings_file, settings.model_dump_json().encode())
    _write_if_changed(home.endpoints_file, platform.endpoints.as_json())
    write_instance_config(home.dagster)


def _write_if_changed(path: Path, content: bytes) -> None:
    """Write a file if its content changes; others may be reading it."""
    if not path.exists() or path.read_bytes() != content:
        write_whole(path, content)


def _make_certificates(home: Home) -> None:
    done = subprocess.run(
        [str(PROJECT_ROOT / "certs" / "cert.sh"), "--out", str(home.certs)],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode != 0:
        raise PreflightError(
            f"The certificates could not be created: {done.stderr.strip()}"
        )


def _ensure_supervisor(platform: NativePlatform) -> bool:
    """Start the supervisor, or reload the configuration of a running one.

    Returns:
        Whether it was started.
    """
    home = platform.home
    config = render_config(home, (to_program(home, part) for part in platform.parts))
    file = home.run / "supervisord.conf"
    if supervisor.is_running(home):
        # An update may have been interrupted, which no file shows: always update.
        file.write_text(config)
        supervisor.SupervisorClient(home.socket).update()
        return False
    orphans.stop_orphans(home.root)
    check_free(platform.ports, [part.name for part in platform.parts])
    # spawn.sh deletes temporary files at each start, but not sockets.
    shutil.rmtree(home.temporary, ignore_errors=True)
    file.write_text(config)
    supervisor.start(home)
    return True


def _undo(
    home: Home, startup: Startup, *, everything: bool
) -> Callable[[Progress], None]:
    """Return a function that stops what this start has started."""
    step = "stop the parts that were started"

    def undo(progress: Progress) -> None:
        progress.begin(step)
        if everything:
            down(home.root, locked=True)
        else:
            client = supervisor.SupervisorClient(home.socket)
            for name in reversed(startup.started):
                client.stop(name)
        progress.done(step)

    return undo


def _declaration_digest() -> str:
    digest = hashlib.sha256()
    for pattern in ("platform.yaml", "schemas/*.json", "connect-config/*.json"):
        for path in sorted(PROJECT_ROOT.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _read(path: Path) -> str | None:
    try:
        return path.read_text()
    except FileNotFoundError:
        return None


def down(root: Path, *, locked: bool = False) -> list[str]:
    """Stop every part and the supervisor; keep the data.

    Args:
        root: The platform's folder.
        locked: Whether the caller has locked the folder.

    Returns:
        The orphaned parts that were stopped: they ran without a supervisor.

    Raises:
        NativeError: A process is still running.
    """
    home = Home(root.resolve())
    if not home.run.exists():
        # Parts may still run after their folder was deleted.
        return orphans.stop_orphans(home.root)
    if not locked:
        with home.locked():
            return down(root, locked=True)
    try:
        supervisor.stop(home, last=STOP_LAST)
    except SupervisorError:
        if supervisor.is_running(home):
            raise
    return orphans.stop_orphans(home.root)


def clean(root: Path) -> bool:
    """Stop everything and delete the platform's folder with all its data.

    Returns:
        Whether there was anything to stop or delete.

    Raises:
        NativeError: It is not a platform's folder, or a process is still running.
    """
    home = Home(root.resolve())
    if not home.root.exists():
        return bool(orphans.stop_orphans(home.root))
    if _has_content(home) and not home.lock_file.exists():
        raise NativeError(
            f"{home.root} does not look like a platform's folder (it has no "
            f"{home.lock_file.relative_to(home.root)}): nothing was deleted."
        )
    with home.locked():
        down(root, locked=True)
        _remove(home)
    return True


def _has_content(home: Home) -> bool:
    """Return whether there is more than an interrupted deletion leaves at the end."""
    return any(
        path != home.run or not path.is_dir() or any(path.iterdir())
        for path in home.root.iterdir()
    )


def _remove(home: Home) -> None:
    """Delete the folder, and last in it the file that marks it as a platform's.

    If this is interrupted, the next ``clean`` can thus finish it.
    """
    for folder, last in ((home.root, home.run), (home.run, home.lock_file)):
        for path in folder.iterdir():
            if path == last:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    shutil.rmtree(home.root)
