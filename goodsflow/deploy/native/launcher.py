"""Up, down and clean: the native platform as a whole."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from goodsflow.clients.dagster.client import DagsterClient, write_instance_config
from goodsflow.common.atomic_file import write_whole
from goodsflow.deploy.native import build, orphans, supervisor
from goodsflow.deploy.native.catalog import STOP_LAST
from goodsflow.deploy.native.errors import NativeError, PreflightError, SupervisorError
from goodsflow.deploy.native.home import Home, HomeSettings
from goodsflow.deploy.native.parts import to_program
from goodsflow.deploy.native.platform import NativePlatform, open_platform, settings_of
from goodsflow.deploy.native.ports import check_free
from goodsflow.deploy.native.progress import Progress
from goodsflow.deploy.native.rotation import finish, settle_before_start
from goodsflow.deploy.native.secrets import make_missing_secrets
from goodsflow.deploy.native.startup import Startup
from goodsflow.deploy.native.status import PartStatus
from goodsflow.deploy.native.supervisor_config import render_config
from goodsflow.model.endpoints import PROJECT_ROOT, Endpoints
from goodsflow.model.spec import Platform, load_platform

_MIN_FREE_BYTES = 2 * 1024**3


def up(
    root: Path, progress: Progress, *, port_offset: int | None = None
) -> tuple[NativePlatform, list[PartStatus]]:
    """Bring the platform in ``root`` up; what is up already is left alone.

    Returns:
        The platform, and its parts, all ready.

    Raises:
        NativeError: Something failed; what this call had started is stopped again.
        SpecError: The declaration is invalid; nothing was started.
    """
    spec = load_platform(PROJECT_ROOT / "platform.yaml")
    platform = open_platform(root, port_offset=port_offset)
    home = platform.home
    home.make()
    with home.locked():
        _prepare(platform, spec, progress, port_offset)
        started_supervisor = _ensure_supervisor(platform)
        settle_before_start(platform, spec, cold=started_supervisor)
        statuses = platform.status()
        ready = [s.name for s in statuses if s.state == "ready"]
        absent = [s.name for s in statuses if s.pid is None]
        digest = _declaration_digest()
        bootstrapped = _read(home.bootstrap_stamp)
        startup = Startup(home, platform.endpoints, platform.parts, ready, progress)
        undo = _undo(home, startup, all_of_it=started_supervisor)
        try:
            check_free(platform.ports, absent)
            missing = len(ready) < len(platform.parts)
            startup.run(bootstrap=missing or bootstrapped != digest)
            finish(platform, spec, progress)
            _turn_on_sensors(platform.endpoints, progress)
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
    """Do what must be there before the first part starts."""
    home = platform.home
    free = shutil.disk_usage(home.root).free
    if free < _MIN_FREE_BYTES:
        raise PreflightError(
            f"Only {free / 1024**2:.0f} MiB are free for {home.root}; the platform "
            f"needs {_MIN_FREE_BYTES / 1024**3:.0f} GiB. Make room first."
        )
    offset = settings_of(home, port_offset).port_offset
    if (
        port_offset is not None
        and home.settings_file.exists()
        and offset != port_offset
    ):
        raise PreflightError(
            f"The platform in {home.root} uses port offset {offset}. "
            "`goodsflow clean` it before it moves to another."
        )
    build.check_java()
    if not build.is_built():
        progress.begin("build", "Maven fetches and builds the JVM parts")
        build.build(home.log("build"))
        progress.done("build")
    progress.begin("certificates and secrets")
    _make_certificates(home)
    made = make_missing_secrets(home.secrets, spec)
    progress.done("certificates and secrets", f"{made} new secrets" if made else "")
    settings = HomeSettings(
        port_offset=platform.ports.offset, monitored=platform.ports.monitored
    )
    _keep(home.settings_file, settings.model_dump_json().encode())
    _keep(home.endpoints_file, platform.endpoints.as_json())
    write_instance_config(home.dagster)


def _keep(path: Path, content: bytes) -> None:
    """Write a file where it has changed: others may be reading it."""
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
            f"The certificates could not be made: {done.stderr.strip()}"
        )


def _ensure_supervisor(platform: NativePlatform) -> bool:
    """Start the supervisor, or have a running one take up a changed configuration."""
    home = platform.home
    config = render_config(home, (to_program(home, part) for part in platform.parts))
    file = home.run / "supervisord.conf"
    if supervisor.is_running(home):
        # What an interrupted update left undone shows in no file: ask each time.
        file.write_text(config)
        supervisor.SupervisorClient(home.socket).update()
        return False
    orphans.stop_orphans(home.root)
    check_free(platform.ports, [part.name for part in platform.parts])
    file.write_text(config)
    supervisor.start(home)
    return True


def _undo(
    home: Home, startup: Startup, *, all_of_it: bool
) -> Callable[[Progress], None]:
    """Return what stops that which this start has started."""

    def undo(progress: Progress) -> None:
        progress.begin("stopping what was started")
        if all_of_it:
            down(home.root, locked=True)
        else:
            client = supervisor.SupervisorClient(home.socket)
            for name in reversed(startup.started):
                client.stop(name)
        progress.done("stopping what was started")

    return undo


def _turn_on_sensors(endpoints: Endpoints, progress: Progress) -> None:
    progress.begin("sensors")
    turned_on = DagsterClient(endpoints.dagster_url).turn_on_new()
    progress.done("sensors", ", ".join(turned_on))


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
    """Stop every part and the supervisor; data stays.

    Args:
        root: The platform's folder.
        locked: The caller holds the folder.

    Returns:
        The parts that were found running without a supervisor that answers, and
        stopped.

    Raises:
        NativeError: Something still runs.
    """
    home = Home(root.resolve())
    if not home.run.exists():
        # Its parts may outlive a folder that somebody removed.
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
    """Stop everything and remove the platform's folder with all its data.

    Returns:
        Whether there was anything to stop or remove.

    Raises:
        NativeError: The folder is no platform's, or something still runs.
    """
    home = Home(root.resolve())
    if not home.root.exists():
        return bool(orphans.stop_orphans(home.root))
    if _holds_anything(home) and not home.lock_file.exists():
        raise NativeError(
            f"{home.root} does not look like a platform's folder (it has no "
            f"{home.lock_file.relative_to(home.root)}): nothing was removed."
        )
    with home.locked():
        down(root, locked=True)
        _remove(home)
    return True


def _holds_anything(home: Home) -> bool:
    """Tell whether there is more than a removal leaves that is cut short at its end."""
    return any(
        path != home.run or not path.is_dir() or any(path.iterdir())
        for path in home.root.iterdir()
    )


def _remove(home: Home) -> None:
    """Remove the folder, what makes it a platform's last.

    So the next ``clean`` goes on where this one is cut short.
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
